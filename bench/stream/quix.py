"""The same windows by quix-streams, in a separate environment: `HOME/bench/quix`, made from `peers.txt` with uv."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from bench.live.backlog import Offsets
from bench.stream.plain import Key, Record, Window, records, windows
from footfall.runtime import python_packages
from footfall.settings import Settings

LOCK = Path(__file__).with_name("peers.txt")
SCRIPT = Path(__file__).with_name("quix_windows.py")


def by_quix(settings: Settings, start: Offsets, end: Offsets, ways: dict[str, int]) -> dict[str, Any]:
    """The speed of quix-streams, and of plain Python, with the first of these records.

    ways: the number of records for each way of `quix_windows.py`. Raises SystemExit if a figure differs from plain
    Python's.
    """
    python = _environment(settings)
    return {way: _one(settings, python, start, _share(start, end, count), way) for way, count in ways.items()}


def _one(settings: Settings, python: Path, start: Offsets, end: Offsets, way: str) -> dict[str, Any]:
    share = list(records(settings, start, end))
    began_s = time.monotonic()
    expected = windows(record.value for record in share)
    python_s = time.monotonic() - began_s
    topic = f"footfall-bench-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap, "log_level": 2})
    try:
        _copy(settings, admin, topic, share)
        with tempfile.TemporaryDirectory() as folder:
            command = [str(python), str(SCRIPT), settings.kafka_bootstrap, topic, str(len(share)), way, folder]
            done = subprocess.run(command, cwd=folder, env=_environ(), capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"quix-streams ended: {done.stderr[-2000:]}")
            seconds = json.loads(done.stdout.splitlines()[-1])["seconds"]
            differing = _differing(expected, json.loads((Path(folder) / "figures.json").read_text()))
    finally:
        _remove(admin, topic)
    if differing:
        raise SystemExit(f"{len(differing)} windows differ from plain Python's: {differing[:3]}.")
    return {
        "events_per_s": round(len(share) / seconds),
        "events": len(share),
        "seconds": round(seconds, 1),
        "windows": len(expected),
        "python_without_reading_events_per_s": round(len(share) / python_s),
    }


def _share(start: Offsets, end: Offsets, count: int) -> Offsets:
    """End offsets that leave about `count` records, with the same share of each partition."""
    part = min(1.0, count / (sum(end.values()) - sum(start.values())))
    return {p: start[p] + round((end[p] - start[p]) * part) for p in end}


def _copy(settings: Settings, admin: AdminClient, topic: str, share: Sequence[Record]) -> None:
    """Copies the records to a new topic with the same partitions, since an application cannot stop at an offset."""
    admin.create_topics([NewTopic(topic, settings.events_partitions, 1)])[topic].result(30)
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap, "compression.type": "zstd", "linger.ms": 20})
    for record in share:
        while True:
            try:
                producer.produce(topic, record.value, record.key, record.partition)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(60):
        raise SystemExit("Kafka did not take the copy.")


def _differing(expected: dict[Key, Window], actual: dict[str, list[int]]) -> list[Any]:
    """The windows that differ, with both figures."""
    wanted = {
        f"{length} {start}\t{app}\t{dimension}\t{value or ''}": [
            window.page_views,
            window.engaged_ms,
            window.errors,
            len(window.visits),
            len(window.visitors),
        ]
        for (length, start, app, dimension, value), window in expected.items()
    }
    return [(k, wanted.get(k), actual.get(k)) for k in {*wanted, *actual} if wanted.get(k) != actual.get(k)]


def _remove(admin: AdminClient, topic: str) -> None:
    """Deletes the topic, the application's own topics, and its group once Kafka has noticed that its members left."""
    own = [name for name in admin.list_topics(timeout=30).topics if topic in name]
    for done in (admin.delete_topics(own) if own else {}).values():
        done.result(30)
    until_s = time.monotonic() + 90
    while True:
        try:
            admin.delete_consumer_groups([topic])[topic].result(30)
            return
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return
            if error.args[0].code() != KafkaError.NON_EMPTY_GROUP or time.monotonic() > until_s:
                raise
        time.sleep(2)


def _environment(settings: Settings) -> Path:
    """The Python of the peers' environment, which is created if it is missing or comes from another lock."""
    folder = settings.home / "bench" / "quix"
    python, stamp = folder / "bin" / "python", folder / "peers.txt"
    if python.exists() and stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return python
    uv = python_packages.uv(settings) or sys.exit("uv is missing; `./footfall` makes one.")
    print(f"making {folder} for quix-streams, with uv (once)", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], env=_environ(), check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(LOCK)]
    subprocess.run(install, env=_environ(), check=True)
    stamp.write_bytes(LOCK.read_bytes())
    return python


def _environ() -> dict[str, str]:
    """The launcher's variables (system certificates, no Python download), without this environment's own ones."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | {"UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never", "TZ": "UTC"}
