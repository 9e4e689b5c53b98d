"""An index of the archive's event files by the minutes of their events, so that readers open few files."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from footfall.hdfs import FileStatus
from footfall.lake.archive_reader import Span, overlaps
from footfall.lake.compaction import Group
from footfall.lake.layout import EVENTS, Part
from footfall.streaming.identity_index import DAY_MINUTES, EPOCH
from footfall.streaming.parquet import Tables


class FileIndex:
    """The archive's files of events, by the minutes in them.

    Methods raise HdfsUnavailable, and ArchiveRefused for an empty file.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        # The minutes of the events in a file, if they are known.
        self._minutes: dict[str, Span] = {}

    def files(self, spans: Sequence[Span], leave_out: Part | None = None) -> list[FileStatus]:
        """The files that may hold events of these minutes, except those of the batch `leave_out`."""
        found = self._tables.files(EVENTS, _days(spans), leave_out)
        return [file for file in found if self.may_hold(file.path, spans)]

    def may_hold(self, path: str, spans: Iterable[Span]) -> bool:
        """Whether a file may hold events of these minutes; always true for a file that is not in the index."""
        known = self._minutes.get(path)
        return known is None or overlaps(known, spans)

    def note(self, path: str, minutes: Span) -> None:
        """Adds a file with the minutes of its events."""
        self._minutes[path] = minutes

    def merged(self, group: Group) -> None:
        """Replaces the files of a merged group by the merged file."""
        known = [self._minutes.pop(source, None) for source in group.sources]
        spans = [minutes for minutes in known if minutes is not None]
        if len(spans) == len(known):
            self._minutes[group.target] = min(first for first, _ in spans), max(last for _, last in spans)


def day_of(path: str) -> date:
    """The day of a file, from its folder."""
    return date.fromisoformat(path.rpartition("/")[0].rpartition("dt=")[2])


def app_of(path: str) -> str:
    """The app of a file, from its folder."""
    return path.rpartition("/dt=")[0].rpartition("app_id=")[2]


def _days(spans: Iterable[Span]) -> set[date]:
    numbers = {n for first, last in spans for n in range(first // DAY_MINUTES, last // DAY_MINUTES + 1)}
    return {EPOCH + timedelta(days=number) for number in numbers}
