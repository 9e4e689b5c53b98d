"""How far each consumer is behind what feeds it: the live tables, the archive, the windows, Flume. For `status`,
`doctor` and the live page; one that cannot be asked says so and holds up no other."""

import time
from collections.abc import Callable, Collection
from threading import Thread
from typing import Final, NamedTuple

from footfall.settings import Settings

PATIENCE_S: Final = 5.0


class ConsumerLag(NamedTuple):
    """waiting: how many `unit`s wait, None if that is not known or means nothing.

    age_s: how old the newest of what the consumer gives out is, in seconds; None if it gave out nothing yet.
    trouble: '' or a sentence why it could not be asked.
    """

    name: str
    waiting: int | None
    unit: str
    age_s: float | None
    trouble: str = ""


class Consumer(NamedTuple):
    """A consumer, the service without which it does not run, and how its lag is asked for."""

    name: str
    service: str
    ask: Callable[[Settings], ConsumerLag]


def lags(settings: Settings, services: Collection[str], patience_s: float = PATIENCE_S) -> list[ConsumerLag]:
    """The lag of every consumer among these services, asked at the same time. Raises nothing.

    patience_s: how long the slowest is waited for, in seconds.
    """
    asked = {name: ask for name, service, ask in CONSUMERS if service in services}
    answers: dict[str, ConsumerLag] = {}
    # Daemons: the clients of a dead engine may wait for long, and no verb should end later for their sake.
    threads = [Thread(target=_ask, args=(settings, name, ask, answers), daemon=True) for name, ask in asked.items()]
    until = time.monotonic() + patience_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = f"What it needs did not answer within {patience_s:.0f} s."
    return [answers.get(name) or ConsumerLag(name, None, "", None, late) for name in asked]


def _ask(
    settings: Settings, name: str, ask: Callable[[Settings], ConsumerLag], answers: dict[str, ConsumerLag]
) -> None:
    from footfall.hdfs import HdfsUnavailable
    from footfall.kafka.topics import KafkaUnavailable
    from footfall.realtime.lag import LagUnknown

    try:
        answers[name] = ask(settings)
    except (HdfsUnavailable, KafkaUnavailable, LagUnknown, OSError) as error:
        answers[name] = ConsumerLag(name, None, "", None, str(error))


def _live(settings: Settings) -> ConsumerLag:
    from footfall.realtime.lag import lag

    found = lag(settings)
    return ConsumerLag("live", found.records, "events", None if found.age_s is None else round(found.age_s, 1))


def _archive(settings: Settings) -> ConsumerLag:
    from footfall.streaming.lag import lag

    found = lag(settings)
    return ConsumerLag("archive", found.records, "events", None if found.age_s is None else round(found.age_s, 1))


def _windows(settings: Settings) -> ConsumerLag:
    from footfall.hdfs import Hdfs
    from footfall.lake.window_files import read_closed

    closed = read_closed(Hdfs(settings))
    return ConsumerLag("windows", None, "", None if closed is None else round(max(0.0, time.time() - closed * 60), 1))


def _logs(settings: Settings) -> ConsumerLag:
    from footfall.logs.positions import read_positions, unread_bytes

    positions = read_positions(settings)
    now_s, waiting, age_s = time.time(), 0, 0.0
    for path in (settings.logs_dir / "sites").glob("*/*.log"):
        if left := unread_bytes(path, positions):
            waiting += left
            age_s = max(age_s, now_s - path.stat().st_mtime)
    return ConsumerLag("logs", waiting, "bytes", round(age_s, 1))


# The live page reads this list too. `cluster/engines/` says of each which age of it is unusual.
CONSUMERS: Final = (
    Consumer("live", "topology", _live),
    Consumer("archive", "spark-streaming", _archive),
    Consumer("windows", "spark-streaming", _windows),
    Consumer("logs", "flume", _logs),
)
