"""The lag of each consumer behind its source: the live tables, the archive, the windows, Flume.

`status`, `doctor` and the live page show it. A consumer that cannot be asked does not delay the others.
"""

import time
from collections.abc import Callable, Collection
from threading import Thread
from typing import Final, NamedTuple

from footfall.settings import Settings

PATIENCE_S: Final = 5.0


class ConsumerLag(NamedTuple):
    """The lag of one consumer.

    waiting: the number of `unit`s that wait; None if it is unknown or has no meaning for this consumer.
    age_s: the age of the consumer's newest output, in seconds; None before its first output.
    trouble: '' or a sentence that says why the lag is unknown.
    """

    name: str
    waiting: int | None
    unit: str
    age_s: float | None
    trouble: str = ""


class Consumer(NamedTuple):
    """A consumer, the service that runs it, and the function that returns its lag."""

    name: str
    service: str
    ask: Callable[[Settings], ConsumerLag]


def lags(settings: Settings, services: Collection[str], patience_s: float = PATIENCE_S) -> list[ConsumerLag]:
    """The lag of every consumer that one of these services runs; all are asked in parallel. Raises nothing.

    patience_s: the time limit for all answers, in seconds.
    """
    asked = {name: ask for name, service, ask in CONSUMERS if service in services}
    answers: dict[str, ConsumerLag] = {}
    # The threads are daemons: a client of a dead engine may wait long, and must not delay the end of a command.
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


# The live page reads this list too. `cluster/engines/` defines for each consumer which age is unusual.
CONSUMERS: Final = (
    Consumer("live", "topology", _live),
    Consumer("archive", "spark-streaming", _archive),
    Consumer("windows", "spark-streaming", _windows),
    Consumer("logs", "flume", _logs),
)
