"""Which of a batch's doubtful rows are repeats, judged by the identities themselves. Pure: tables in, places out.

Tables have the columns `session_id`, `event_id`, `kafka_partition`, `kafka_offset`.
"""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from footfall.streaming.keys import kafka_places

COLUMNS: Final = ("session_id", "event_id", "kafka_partition", "kafka_offset")
Identity = tuple[str, str]


class Repeats(NamedTuple):
    """Places in Kafka of rows that are not to be archived.

    again: of those among them that this very record put into the archive: its batch died before its progress told of
    it, or a recovery reads it again.
    """

    gone: NDArray[np.int64]
    again: NDArray[np.int64]


def judge(rows: pa.Table, archived: pa.Table) -> Repeats:
    """rows: of one batch, all of each identity. archived: at least all rows of these identities that may be theirs.

    Of an identity the record with the lowest offset counts.
    """
    there: dict[Identity, set[int]] = {}
    for identity, _, place in _each(archived):
        there.setdefault(identity, set()).add(place)
    first: dict[Identity, tuple[int, int]] = {}
    for identity, offset, place in _each(rows):
        first[identity] = min((offset, place), first.get(identity, (offset, place)))
    gone, again = [], []
    for identity, _, place in _each(rows):
        known = there.get(identity)
        if known is not None or place != first[identity][1]:
            gone.append(place)
            if known is not None and place in known:
                again.append(place)
    return Repeats(np.array(gone, dtype=np.int64), np.array(again, dtype=np.int64))


def _each(rows: pa.Table) -> list[tuple[Identity, int, int]]:
    """Identity, offset and place of each row."""
    identities = zip(rows["session_id"].to_pylist(), rows["event_id"].to_pylist(), strict=True)
    return list(zip(identities, rows["kafka_offset"].to_pylist(), kafka_places(rows).tolist(), strict=True))
