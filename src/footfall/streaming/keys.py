"""What the driver holds of a batch's rows: hashes of identities, days, minutes and places in Kafka, as columns."""

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from footfall.streaming.index import Hashes

EPOCH: Final = date(1970, 1, 1)
# Offsets stay far below it.
_PARTITION_BIT: Final = 48


def by_day(rows: pa.Table) -> dict[date, Hashes]:
    """The hashes (columns `dt`, `hash`), by the day."""
    days = np.asarray(rows["dt"].to_numpy().astype("datetime64[D]"), dtype=np.int64)
    hashes = rows["hash"].to_numpy()
    return {EPOCH + timedelta(days=int(day)): hashes[days == day] for day in np.unique(days)}


def several(hashes: Hashes) -> NDArray[np.bool_]:
    """Which of the hashes are there more than once."""
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse] > 1)


def kafka_places(rows: pa.Table) -> NDArray[np.int64]:
    """Partition and offset as one number, which names a record of a topic."""
    partitions = rows["kafka_partition"].to_numpy().astype(np.int64)
    return np.asarray(partitions << _PARTITION_BIT | rows["kafka_offset"].to_numpy())


def ranges(minutes: NDArray[Any]) -> tuple[tuple[int, int], ...]:
    """Sorted numbers, each once, as ranges with both ends included."""
    if not len(minutes):
        return ()
    breaks = np.flatnonzero(np.diff(minutes) > 1)
    firsts = minutes[np.concatenate(([0], breaks + 1))]
    lasts = minutes[np.concatenate((breaks, [len(minutes) - 1]))]
    return tuple((int(a), int(b)) for a, b in zip(firsts, lasts, strict=True))
