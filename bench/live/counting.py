"""Measures how fast one core counts, without any engine: `PYTHONPATH=src:. python -m bench.live.counting [--profile]`.

A partition of generated events is counted pack by pack, with flushes of the bolt's size, into a store that keeps
nothing. The measurement includes the work of happybase and Thrift before bytes leave the process: a transport discards
the bytes. `bench.live.backlog` measures the engines.
"""

import argparse
import cProfile
import gc
import pstats
import time
from collections.abc import Mapping, Sequence
from typing import Any

import happybase
from Hbase_thrift import Hbase  # type: ignore[import-not-found]
from thriftpy2.protocol import TBinaryProtocol
from thriftpy2.thrift import TClient
from thriftpy2.transport import TBufferedTransport

from bench.live.visits import stored_records, visits
from footfall import names
from footfall.kafka.topics import Topic
from footfall.realtime import partition_counter as partition_module
from footfall.realtime.live_bolt import GC_THRESHOLDS
from footfall.realtime.partition_counter import Pack, Partition
from footfall.realtime.tables import Progress, SessionCell
from footfall.settings import load_settings

PACK = 256


class Swallow:
    """A transport that counts the bytes written to it."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, data: bytes) -> None:
        self.written += len(data)

    def flush(self) -> None:
        """Nothing is buffered."""


class _Client(TClient):
    """A Thrift client that sends and never asks for the answer."""

    def _recv(self, api: str) -> None:
        return None


class EmptyStore:
    """An empty HBase. Writes are encoded for Thrift and discarded."""

    def __init__(self) -> None:
        self.transport = Swallow()
        self._connection = happybase.Connection("127.0.0.1", 1, autoconnect=False)
        self._connection.client = _Client(
            Hbase,
            TBinaryProtocol(TBufferedTransport(self.transport), decode_response=False),  # type: ignore[no-untyped-call]
        )
        self.rows = 0

    def read_progress(self, topic: str, partition: int) -> Progress | None:
        return None

    def read_losses(self, topic: str, partition: int) -> list[tuple[int, int, int]]:
        return []

    def read_sessions(self, session_ids: Sequence[str]) -> dict[str, dict[bytes, SessionCell]]:
        return {}

    def read_cells(self, table: str, column: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        return {}

    def write(self, table: str, rows: Mapping[bytes, Mapping[bytes, bytes]], timestamp: int) -> None:
        self.rows += len(rows)
        batch = self._connection.table(table).batch(timestamp=timestamp, wal=True)
        for key, cells in rows.items():
            batch.put(key, cells)
        batch.send()


def count(values: list[bytes]) -> tuple[float, EmptyStore]:
    """Counts the records as one partition; returns processor seconds and the store."""
    store = EmptyStore()
    counted = Partition(Topic(names.TOPIC_EVENTS, "made", 8), 0, store)
    packs = [
        Pack(str(at), at, min(at + PACK, len(values)), 0, None, values[at : at + PACK])
        for at in range(0, len(values), PACK)
    ]
    began_s = time.process_time()
    for pack in packs:
        counted.offer(pack)
        if counted.ready() >= partition_module.MAX_RECORDS:
            counted.flush()
    while counted.ready():
        counted.flush()
    return time.process_time() - began_s, store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=75_000, help="one partition's share of 600,000")
    parser.add_argument("--sessions", type=int, default=625)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="where the time goes; slower by itself")
    options = parser.parse_args()
    gc.set_threshold(*GC_THRESHOLDS)
    now_ms = int(time.time() * 1000)
    first_ms = now_ms - int(options.minutes * 60_000)
    crowd = visits(load_settings(), options.sessions, first_ms, seed=1)
    values = [value for _, value in stored_records(crowd, options.events, first_ms, now_ms, 0.005, seed=2)]
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(count, values)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
        return
    best: tuple[float, Any] = min((count(values) for _ in range(options.rounds)), key=lambda one: one[0])
    taken_s, store = best
    print(
        f"{len(values) / taken_s:,.0f} events/s on one core ({taken_s / len(values) * 1e6:.1f} µs an event); "
        f"{store.rows / len(values):.2f} rows and {store.transport.written / len(values):.0f} bytes to Thrift an event"
    )


if __name__ == "__main__":
    main()
