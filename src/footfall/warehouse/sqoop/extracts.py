r"""The extracts in HDFS: `/profiles/extract=RUN/` holds the file that Sqoop wrote, and `_extract.json` about it.

A file has one line for each version of a person, in the text format of PostgreSQL's COPY: columns are separated by
tabs, NULL is `\N`, and backslash, tab, newline and carriage return in a value are escaped. `engines/sqoop/row/` writes
it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

from footfall.errors import FootfallError
from footfall.lake import layout
from footfall.lake.layout import Files
from footfall.warehouse.sqoop.source import COLUMNS, Span

ROOT: Final = "/profiles"
STAGING: Final = f"{ROOT}/_importing"
# A transaction that began before an extract may be committed after it.
OVERLAP_MS: Final = 10 * 60_000
_PREFIX: Final = "extract="
_ABOUT: Final = "_extract.json"
_NULL: Final = rb"\N"
_WHOLE: Final = re.compile(rb"-?[0-9]{1,18}")


class ExtractRefused(FootfallError):
    """An extract is not what the database gave, or a stored one is damaged; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A complete extract. run: that imported it. from_ms, to_ms: see `Span`. rows: its lines."""

    run: str
    from_ms: int | None
    to_ms: int
    rows: int

    @property
    def folder(self) -> str:
        """Its folder in HDFS."""
        return folder(self.run)

    @property
    def settled_ms(self) -> int:
        """Versions that were changed before this time, ms since 1970, are in this extract or in an earlier one."""
        return self.to_ms - OVERLAP_MS


class Version(NamedTuple):
    """The columns of a line by which versions are counted. user: bytes of the file; they only need to be compared."""

    user: bytes
    version: int
    updated_ms: int
    valid_from_ms: int


class Summary(NamedTuple):
    """What must come out of some extracts. rows: of `profiles_history`. people: distinct users."""

    rows: int
    people: int


def folder(run: str) -> str:
    """The folder of a run's extract."""
    return f"{ROOT}/{_PREFIX}{run}"


def find(files: Files, run: str) -> Extract | None:
    """A run's complete extract, or None. Raises HdfsUnavailable."""
    content = files.read(f"{folder(run)}/{_ABOUT}")
    try:
        return Extract(**json.loads(content or b""))
    except (ValueError, TypeError):
        return None


def current(files: Files) -> list[Extract]:
    """The extracts that hold all versions together: the newest with all versions, and those after it.

    They are in ascending order of their time; the list is empty before the first import. An extract whose description
    is damaged is left out. Raises HdfsUnavailable.
    """
    runs = [entry.name.removeprefix(_PREFIX) for entry in files.list(ROOT) if entry.name.startswith(_PREFIX)]
    found = sorted(filter(None, (find(files, run) for run in runs)), key=lambda extract: (extract.to_ms, extract.run))
    whole = [index for index, extract in enumerate(found) if extract.from_ms is None]
    return found[whole[-1] :] if whole else []


def reason_for_all(files: Files, extracts: Sequence[Extract], settled: int) -> str:
    """'' if an extract of the newest changes suffices, else the sentence why all versions are imported.

    extracts: the current ones. settled: how many versions the database had changed before the newest one's
    `settled_ms`. The extracts hold fewer if a change became visible long after its `updated_ms`, or if one is damaged.
    Raises HdfsUnavailable.
    """
    if not extracts:
        return "There is no extract yet."
    try:
        before_ms = extracts[-1].settled_ms
        known = len({(one.user, one.version) for one in versions(files, extracts) if one.updated_ms < before_ms})
    except ExtractRefused as error:
        return str(error)
    if known != settled:
        return f"The extracts hold {known:,} versions where the CRM has {settled:,}."
    return ""


def next_span(extracts: Sequence[Extract], now_ms: int) -> Span:
    """What the next extract takes if the newest changes suffice. now_ms: the database's time."""
    # If the database's clock was set back, the end does not go back.
    return Span(extracts[-1].settled_ms, max(now_ms, extracts[-1].to_ms))


def land(files: Files, staged: str, run: str, span: Span, imported: int) -> Extract:
    """Checks what Sqoop wrote and makes it visible, in one atomic step.

    staged: the folder that Sqoop wrote. imported: the rows that Sqoop counted.
    Raises HdfsUnavailable, and ExtractRefused if rows are missing or unusable.
    """
    rows = sum(1 for _ in _parsed(files, staged))
    if rows != imported:
        raise ExtractRefused(f"Sqoop counted {imported:,} rows, but the extract has {rows:,}. Run the job again.")
    extract = Extract(run, span.from_ms, span.to_ms, rows)
    files.write(f"{staged}/{_ABOUT}", json.dumps(asdict(extract)).encode())
    files.replace(staged, extract.folder)
    return extract


def summarise(files: Files, extracts: Iterable[Extract]) -> Summary:
    """Counts what must come out of extracts. Raises HdfsUnavailable, and ExtractRefused if one is damaged."""
    found = list(versions(files, extracts))
    # Of the versions of a person that begin at one instant, only the last is ever valid.
    return Summary(len({(one.user, one.valid_from_ms) for one in found}), len({one.user for one in found}))


def versions(files: Files, extracts: Iterable[Extract]) -> Iterator[Version]:
    """All lines of extracts. Raises HdfsUnavailable, and ExtractRefused if one is damaged."""
    for extract in extracts:
        rows = 0
        for version in _parsed(files, extract.folder):
            rows += 1
            yield version
        if rows != extract.rows:
            raise ExtractRefused(f"The extract {extract.folder} has {rows:,} rows instead of {extract.rows:,}.")


def _parsed(files: Files, path: str) -> Iterator[Version]:
    for part in layout.parts(files, path):
        # Only a newline ends a line; `splitlines` would also split at other characters.
        *lines, rest = (files.read(part.path) or b"").split(b"\n")
        if rest:
            raise ExtractRefused(f"The last line of {part.path} is cut off.")
        for number, line in enumerate(lines, 1):
            values = line.split(b"\t")
            if fault := _fault(values):
                raise ExtractRefused(f"Row {number:,} of the extract {path} cannot be used: {fault}.")
            row = dict(zip(COLUMNS, values, strict=True))
            yield Version(row["user_id"], int(row["version"]), int(row["updated_ms"]), int(row["valid_from_ms"]))


def _fault(values: list[bytes]) -> str:
    """What is wrong with a line, or ''."""
    if len(values) != len(COLUMNS):
        return f"it has {len(values)} columns instead of {len(COLUMNS)}"
    row = dict(zip(COLUMNS, values, strict=True))
    if row["user_id"] in (b"", _NULL):
        return "it has no user_id"
    numbers = ("version", "updated_ms", "valid_from_ms", "deleted")
    return next((f"its {name} is no whole number" for name in numbers if not _WHOLE.fullmatch(row[name])), "")
