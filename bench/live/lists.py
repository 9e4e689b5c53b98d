"""Measures how long a site waits for a visitor's list: `PYTHONPATH=src:. python -m bench.live.lists [--reads N]`.

Lists as large as they can be are written to HBase for visitors of a site that does not exist, each is read once with
what is popular beside it, and all are deleted again. Reads are those of a site: the same reader, rows and limits.
"""

import argparse
import json
import time

from footfall.events.identity import new_uuid7
from footfall.names import TABLE_RECOMMENDATIONS
from footfall.realtime.store import HBaseStore
from footfall.recommendations.reader import Reader
from footfall.recommendations.reads import ListsUnavailable
from footfall.recommendations.table import (
    LIST_COLUMN,
    MOST_USED,
    Entry,
    StoredList,
    encode_list,
    popular_key,
    subject_key,
)
from footfall.settings import load_settings

_PERCENTILES = (50, 95, 99)


def main() -> None:
    """Prints the percentiles in ms, and how many reads were given up, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reads", type=int, default=2_000)
    reads = parser.parse_args().reads
    settings = load_settings()
    # Deleted rows hide later ones of the same time, so each run has a site of its own.
    app = f"bench-{new_uuid7()}"
    keys = [subject_key(app, new_uuid7()) for _ in range(reads)]
    rows = {key: {LIST_COLUMN: encode_list(_largest())} for key in (*keys, popular_key(app))}
    store, reader = HBaseStore(settings), Reader(settings.address("hbase_thrift"))
    store.write(TABLE_RECOMMENDATIONS, rows, 1)
    try:
        _read(reader, keys[0], app)  # connects
        took = sorted(_read(reader, key, app) for key in keys)
    finally:
        store.delete(TABLE_RECOMMENDATIONS, {key: [LIST_COLUMN] for key in rows}, 1)
    answered = [ms for ms in took if ms != float("inf")]
    figures = {f"p{percent}_ms": round(answered[(len(answered) * percent - 1) // 100], 2) for percent in _PERCENTILES}
    print(json.dumps({"reads": reads, **figures, "given_up": len(took) - len(answered)}))


def _read(reader: Reader, key: bytes, app: str) -> float:
    """The duration of a read in ms; infinity if it was given up."""
    began = time.perf_counter()
    try:
        found = reader.read([key, popular_key(app, "packs"), popular_key(app)])
    except ListsUnavailable:
        return float("inf")
    assert len(found) == 2
    return (time.perf_counter() - began) * 1000


def _largest() -> StoredList:
    entries = tuple(Entry("product", f"an-item-with-a-rather-long-name-{n}", 0.123456789, "another") for n in range(10))
    used = tuple(("product", f"an-item-with-a-rather-long-name-{n}") for n in range(MOST_USED))
    return StoredList("model", "2026-11-28", "run", 1, entries, used)


if __name__ == "__main__":
    main()
