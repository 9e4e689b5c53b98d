"""Measures how fast a backlog is counted: `PYTHONPATH=src:. python -m bench.live.backlog`.

The platform must be running, without visitors. The topology is paused, `--events` stored events of `--sessions` visits
are written to Kafka as a trusted producer writes them, and then the same records are counted several times in turn:

live     by the topology, from the first progress that HBase shows to the last. The report includes the processor time
         of each process, a profile that shows what limits the rate.
java bolt
         by the same spout with a bolt in Java (`bench/live/stormtwin`), into tables of its own, while our topology is
         stopped. `totals` has what each has counted: the rates can be compared only if the totals are equal.
python   by a plain consumer that parses each record and counts it in one dict by app and minute. It stores nothing.
streams  by Kafka Streams (`bench/live/twin`), from the first offset that its group commits to the last, and by its own
         clock from the first processed record to the last. It keeps the same counts in stores with changelogs, with as
         many threads as the topology has bolts. It does less for sessions: it keeps only identities. Its topics and
         its group are removed afterwards, which takes a minute.

Both topologies first count `--warm-up` more records, which are not measured, so that the JVMs compile.

The speed of a shared machine changes from minute to minute. So a small, fixed piece of work runs during each
measurement, and `probe_us` is the processor time that it took: rates multiplied by it can be compared.

The events stay in Kafka and in the live tables, so use a disposable platform.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import psutil
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from bench.live import java_bolt
from bench.live.processes import cpu_between, cpu_seconds, running
from bench.live.visits import stored_records, visits
from footfall import names
from footfall.cluster.supervision.run import recall
from footfall.kafka.logs import Logs, describe
from footfall.realtime import deploy, tables
from footfall.realtime.store import HBaseStore
from footfall.runtime.java import java_home
from footfall.settings import Settings

TWIN = Path(__file__).with_name("twin")
# Share of records that repeat an earlier identity.
REPEATS = 0.005
LOOK_S = 0.1
PATIENCE_S = 600.0
# A worker is notified within a second, and then flushes.
PAUSED_AFTER_S = 3.0

# The probe: a millisecond or two of parsing and allocating, similar to counting, ten times a second.
_PROBED: Final = [
    orjson.dumps({f"field_{number}": f"value {number} of {record}" for number in range(40)}) for record in range(300)
]

Offsets = dict[int, int]


def fill(settings: Settings, events: int, sessions: int, minutes: float, together: int | None = None) -> int:
    """Writes the backlog to Kafka; returns the number of its records that are not repeats.

    together: the number of concurrent visits; None for all
    """
    now_ms = int(time.time() * 1000)
    first_ms = now_ms - int(minutes * 60_000)
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "enable.idempotence": True,
            "partitioner": names.PARTITIONER,
            "compression.type": "zstd",
            "linger.ms": 20,
            "queue.buffering.max.messages": 200_000,
        }
    )
    failed: list[str] = []

    def report(error: Any, _message: object) -> None:
        if error is not None:
            failed.append(error.str())

    identities = set()
    crowd = visits(settings, sessions, first_ms)
    for key, value in stored_records(crowd, events, first_ms, now_ms, REPEATS, together=together):
        identities.add((key, orjson.loads(value)["event_id"]))
        while True:
            try:
                producer.produce(names.TOPIC_EVENTS, value, key, on_delivery=report)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    left = producer.flush(60)
    if left or failed:
        raise SystemExit(
            f"Kafka did not take the backlog: {left} without an answer, {len(failed)} failed {failed[:1]}."
        )
    return len(identities)


def ends(settings: Settings) -> Offsets:
    """The next offset of each partition of `events`."""
    with Logs(settings) as logs:
        bounds = logs.bounds(describe(settings))
    return {partition: bounds[names.TOPIC_EVENTS, partition].end for partition in range(settings.events_partitions)}


def drained(
    reached: Callable[[], Mapping[int, int]], start: Offsets, end: Offsets, used: Callable[[], dict[str, float]]
) -> dict[str, Any]:
    """Waits until everything is counted. Returns the rate from the first progress to the last, and the usage."""
    begin, wanted, asked_s = sum(start.values()), sum(end.values()), time.monotonic()
    first: tuple[float, int, dict[str, float]] | None = None
    half: tuple[float, int] | None = None
    probes = []
    while True:
        positions = reached()
        now_s = time.monotonic()
        at = sum(min(end[p], max(start[p], positions.get(p, 0))) for p in start)
        if first is None and at > begin:
            first = (now_s, at, used())
        if half is None and at > (begin + wanted) / 2:
            half = (now_s, at)
        if at == wanted:
            break
        if now_s - asked_s > PATIENCE_S:
            raise SystemExit(f"{wanted - at} records are not counted after {PATIENCE_S:.0f} s.")
        probes.append(probe_us())
        time.sleep(LOOK_S)
    if first is None or half is None or first[1] == wanted:
        raise SystemExit("The backlog is too small: it was counted between two looks.")
    cpu_s = cpu_between(first[2], used())
    return {
        "events_per_s": round((wanted - first[1]) / (now_s - first[0])),
        "second_half_events_per_s": round((wanted - half[1]) / (now_s - half[0])) if now_s > half[0] else None,
        "seconds": round(now_s - first[0], 2),
        "until_first_progress_s": round(first[0] - asked_s, 2),
        "in_first_progress": first[1] - begin,
        "cpu_us_an_event": round(sum(cpu_s.values()) / (wanted - first[1]) * 1e6, 1),
        "probe_us": round(statistics.fmean(probes)),
        "cpu_s": cpu_s,
    }


def probe_us() -> float:
    """The processor time, in µs, of a fixed piece of work."""
    began_s = time.thread_time()
    for record in _PROBED:
        orjson.loads(record)
    return (time.thread_time() - began_s) * 1e6


@contextmanager
def progress(settings: Settings, table: str = names.TABLE_PROGRESS) -> Iterator[Callable[[], Offsets]]:
    """A function that reads how far each partition is counted in the live tables, or in a twin's tables."""
    keys = {
        tables.progress_key(names.TOPIC_EVENTS, partition): partition for partition in range(settings.events_partitions)
    }
    store = HBaseStore(settings)

    def reached() -> Offsets:
        rows = store.read_rows(table, list(keys), [tables.PROGRESS_COLUMN])
        return {keys[key]: tables.decode_progress(cells[tables.PROGRESS_COLUMN]).offset + 1 for key, cells in rows}

    try:
        yield reached
    finally:
        store.close()


def counted(settings: Settings) -> Offsets:
    """How far each partition is counted in the live tables now."""
    # No connection is kept: HBase's Thrift server closes it after a minute without a call.
    with progress(settings) as reached:
        return reached()


def live(settings: Settings, start: Offsets, end: Offsets) -> dict[str, Any]:
    """Lets the paused topology count the backlog."""
    processes = running(settings)
    # In a thread, since the command returns only a second after counting has begun.
    order = threading.Thread(target=deploy._control, args=(settings, "activate", names.TOPOLOGY))
    order.start()
    with progress(settings) as reached:
        result = drained(reached, start, end, lambda: cpu_seconds(processes))
    order.join()
    return result


def in_java(settings: Settings, begin: Offsets, start: Offsets, end: Offsets, heap_mb: int) -> dict[str, Any]:
    """Lets the twin of our bolt count the backlog from `begin`; the report includes the totals of its tables."""
    group = f"footfall-bench-{uuid.uuid4().hex[:8]}"
    try:
        _commit(settings, group, begin).close()
        with java_bolt.paused(settings, group, heap_mb) as count:
            processes = running(settings)
            count()
            with progress(settings, java_bolt.TABLE_PROGRESS) as reached:
                result = drained(reached, start, end, lambda: cpu_seconds(processes))
            return {**result, "totals": dict(java_bolt.totals(settings, java_bolt.PREFIX))}
    finally:
        _remove(settings, group)


def plain_python(settings: Settings, start: Offsets, end: Offsets) -> dict[str, Any]:
    """Reads the backlog in this process, parses, and counts by app and minute."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "group.id": "footfall-bench",
            "enable.auto.commit": False,
            # With the default of 1 s a full queue holds a reader to a fifth of its speed.
            "fetch.queue.backoff.ms": 5,
        }
    )
    counts: Counter[tuple[str, str]] = Counter()
    left = {p for p in start if start[p] < end[p]}
    consumer.assign([TopicPartition(names.TOPIC_EVENTS, p, start[p]) for p in left])
    processes = {**running(settings), "this": psutil.Process()}
    read, began_s, before = 0, 0.0, cpu_seconds(processes)
    heard_s = time.monotonic()
    while left:
        # Waits for a thousand messages, but not longer than the timeout.
        messages = consumer.consume(1_000, timeout=0.1)
        now_s = time.monotonic()
        if not messages:
            if now_s - heard_s > 30:
                raise SystemExit("Kafka gave nothing for 30 s, though there is more.")
            continue
        heard_s = now_s
        if not read:
            began_s = now_s
        for message in messages:
            partition, offset, value = message.partition(), message.offset(), message.value()
            # Only messages that are errors lack them.
            if partition is None or offset is None or value is None or offset >= end[partition]:
                continue
            event = orjson.loads(value)
            counts[event["app_id"], event["event_time"][:16]] += 1
            read += 1
            if offset + 1 == end[partition]:
                left.discard(partition)
    taken_s, used = time.monotonic() - began_s, cpu_between(before, cpu_seconds(processes))
    consumer.close()
    return {"events_per_s": round(read / taken_s), "counted": sum(counts.values()), "cpu_s": used}


def streams(
    settings: Settings, start: Offsets, end: Offsets, options: argparse.Namespace, store: str
) -> dict[str, Any]:
    """Lets Kafka Streams count the backlog, and removes its topics and group from Kafka."""
    application = f"footfall-bench-{uuid.uuid4().hex[:8]}"
    group = _commit(settings, application, start)
    asked = [TopicPartition(names.TOPIC_EVENTS, p) for p in start]

    def reached() -> Offsets:
        return {place.partition: place.offset for place in group.committed(asked, timeout=30)}

    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        command = [str(java_home(settings) / "bin" / "java"), f"-Xmx{options.twin_heap_mb}m"]
        command += [
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            f"{TWIN}/target/classes:{TWIN}/target/lib/*",
        ]
        command += ["footfall.twin.Twin", settings.kafka_bootstrap, application, folder, names.TOPIC_EVENTS]
        command += [str(settings.live_tasks), store, options.guarantee, str(options.commit_ms)]
        twin = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            processes = {**running(settings), "streams": psutil.Process(twin.pid)}

            def used() -> dict[str, float]:
                if twin.poll() is not None:
                    log.seek(0)
                    raise SystemExit(f"Kafka Streams ended: {log.read()[-2000:]}")
                return cpu_seconds(processes)

            result = drained(reached, start, end, used)
            output, _ = twin.communicate(timeout=60)
        finally:
            twin.kill()
            twin.wait()
            group.close()
            _remove(settings, application)
    own = json.loads(output)
    processed = own["counted"] + own["repeats"]
    return {"processed_per_s": round(processed / own["processing_ms"] * 1000), **result, **own}


def _commit(settings: Settings, group: str, offsets: Offsets) -> Consumer:
    """Commits the offsets where a group begins, as if it had counted everything before."""
    consumer = Consumer({"bootstrap.servers": settings.kafka_bootstrap, "group.id": group, "enable.auto.commit": False})
    consumer.commit(offsets=[TopicPartition(names.TOPIC_EVENTS, p, offsets[p]) for p in offsets], asynchronous=False)
    return consumer


def _remove(settings: Settings, application: str) -> None:
    """Deletes an application's topics and its group. Kafka treats the group as empty only after a timeout."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 2})
    own = [topic for topic in admin.list_topics(timeout=30).topics if topic.startswith(f"{application}-")]
    for done in (admin.delete_topics(own) if own else {}).values():
        done.result(30)
    until_s = time.monotonic() + 90
    while True:
        try:
            admin.delete_consumer_groups([application])[application].result(30)
            return
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NON_EMPTY_GROUP or time.monotonic() > until_s:
                raise
        time.sleep(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--warm-up", type=int, default=700_000, help="events before them that are not measured")
    parser.add_argument("--sessions", type=int, default=5_000)
    parser.add_argument("--minutes", type=float, default=5, help="over which the events' times are spread")
    parser.add_argument(
        "--stores", nargs="*", default=["memory", "rocksdb"], help="of Kafka Streams; none: leave it out"
    )
    parser.add_argument("--commit-ms", type=int, default=1000, help="of Kafka Streams, whose own default is 30,000")
    parser.add_argument("--guarantee", default="at_least_once", choices=("at_least_once", "exactly_once_v2"))
    parser.add_argument("--java-bolt", default="second", choices=("first", "second", "none"), help="when it runs")
    parser.add_argument(
        "--twin-heap-mb", type=int, default=1024, help="of Kafka Streams, and of the Java bolts' worker"
    )
    options = parser.parse_args()
    settings = recall()
    if options.stores:
        subprocess.run(["mvn", "-q", "-B", "package"], cwd=TWIN, check=True, stdout=sys.stderr)
    if options.java_bolt != "none":
        java_bolt.build(settings)
    deploy._control(settings, "deactivate", names.TOPOLOGY)
    try:
        time.sleep(PAUSED_AFTER_S)
        log_ends = ends(settings)
        begin = {**log_ends, **counted(settings)}
        before = java_bolt.totals(settings)
        if options.warm_up:
            fill(settings, options.warm_up, options.sessions, options.minutes)
        start = ends(settings) if options.warm_up else begin
        identities = fill(settings, options.events, options.sessions, options.minutes)
        end = ends(settings)
        if {**log_ends, **counted(settings)} != begin:
            raise SystemExit("The topology went on counting though it was paused.")
    except BaseException:
        # Otherwise it would stay paused for minutes.
        deploy._control(settings, "activate", names.TOPOLOGY)
        raise
    report: dict[str, Any] = {"records": sum(end.values()) - sum(start.values()), "identities": identities}

    def ours() -> dict[str, Any]:
        return {**live(settings, start, end), "totals": dict(java_bolt.totals(settings) - before)}

    def twin() -> dict[str, Any]:
        return in_java(settings, begin, start, end, options.twin_heap_mb)

    bolts = {"live": ours} if options.java_bolt == "none" else {"live": ours, "java bolt": twin}
    # The second one finds a warm HBase. After the twin, our topology starts by itself and counts the events of the
    # warm-up first.
    for name in reversed(bolts) if options.java_bolt == "first" else bolts:
        report[name] = bolts[name]()
    if len(bolts) > 1:
        here, there = report["live"], report["java bolt"]
        share, speed = here["events_per_s"] / there["events_per_s"], there["probe_us"] / here["probe_us"]
        report["totals agree"] = here["totals"] == there["totals"]
        report["of the java bolt"] = {"as measured": round(share, 2), "at equal speed": round(share / speed, 2)}
    report["python"] = plain_python(settings, start, end)
    for store in options.stores:
        report[f"streams, {store}"] = streams(settings, start, end, options, store)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
