"""Replaces the lists of the sites in HBase."""

import time
from collections.abc import Mapping

from footfall.names import TABLE_RECOMMENDATIONS
from footfall.realtime.store import HBaseStore
from footfall.recommendations import table
from footfall.recommendations.table import StoredList


def write(store: HBaseStore, lists: Mapping[bytes, StoredList]) -> None:
    """Writes lists by row key; each replaces its row in one step. Raises HBaseUnavailable."""
    cells = {key: {table.LIST_COLUMN: table.encode_list(one)} for key, one in lists.items()}
    store.write(TABLE_RECOMMENDATIONS, cells, int(time.time() * 1000))


def delete_others(store: HBaseStore, lists: Mapping[bytes, StoredList]) -> int:
    """Deletes all rows that are none of these lists; returns their number. Raises HBaseUnavailable."""
    others = {key: [table.LIST_COLUMN] for key, _ in store.stamped(TABLE_RECOMMENDATIONS) if key not in lists}
    if others:
        store.delete(TABLE_RECOMMENDATIONS, others, int(time.time() * 1000))
    return len(others)
