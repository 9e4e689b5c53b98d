"""Functions on the keys of a batch's records, which the driver holds as columns: `record_decoder.KEYS`."""

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from footfall.streaming.identity_index import DAY_MINUTES, EPOCH, Entries, Hashes

# The partition's lowest bit in a record id; offsets stay far below it.
_PARTITION_BIT: Final = 48


def days_of(minutes: NDArray[Any]) -> list[date]:
    """The distinct days of minutes since 1970, in order."""
    return [EPOCH + timedelta(days=int(day)) for day in np.unique(minutes // DAY_MINUTES)]


def entries_by_day(rows: pa.Table) -> dict[date, Entries]:
    """The identities of rows with the columns `hash` and `minute`, by day."""
    hashes, minutes = rows["hash"].to_numpy(), rows["minute"].to_numpy()
    days = minutes // DAY_MINUTES
    return {
        EPOCH + timedelta(days=int(day)): Entries(hashes[days == day], minutes[days == day]) for day in np.unique(days)
    }


def duplicated(hashes: Hashes) -> NDArray[np.bool_]:
    """Flags the hashes that occur more than once."""
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse] > 1)


def record_ids(rows: pa.Table) -> NDArray[np.int64]:
    """Kafka partition and offset as one number, which is unique among the records of a topic."""
    partitions = rows["kafka_partition"].to_numpy().astype(np.int64)
    return np.asarray(partitions << _PARTITION_BIT | rows["kafka_offset"].to_numpy())


def end_offsets(rows: pa.Table) -> dict[int, int]:
    """The offset after the last record, by partition."""
    partitions, offsets = rows["kafka_partition"].to_numpy(), rows["kafka_offset"].to_numpy()
    return {int(p): int(offsets[partitions == p].max()) + 1 for p in np.unique(partitions)}


def ranges(minutes: NDArray[Any]) -> tuple[tuple[int, int], ...]:
    """Sorted, distinct numbers as ranges with both ends included."""
    if not len(minutes):
        return ()
    breaks = np.flatnonzero(np.diff(minutes) > 1)
    firsts = minutes[np.concatenate(([0], breaks + 1))]
    lasts = minutes[np.concatenate((breaks, [len(minutes) - 1]))]
    return tuple((int(a), int(b)) for a, b in zip(firsts, lasts, strict=True))
