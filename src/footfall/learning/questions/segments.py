"""Segments of visitors and what sets each apart."""

from datetime import date
from typing import Final

from footfall.learning.questions._learned import DATE, LEARNED, Learned, of_day
from footfall.learning.tables import SEGMENTS
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context

_COLUMNS: Final = tuple(column.name for column in SEGMENTS.columns)


def run(context: Context[Learned], day: date | None) -> list[Row]:
    """Rows of `segments`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    which = of_day(context.store.published(SEGMENTS), day, "segments")
    rows = context.store.records(SEGMENTS, which)
    return sorted(rows, key=lambda row: (row["segment_id"], -abs(row["z"]), row["feature"]))


QUESTION = Question("segments", __doc__, columns=_COLUMNS, parameters=(DATE,), source=LEARNED, run=run)
