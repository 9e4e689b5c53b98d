"""Reads the requested rows of the published windows from the files of their hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from footfall.hdfs import Hdfs
from footfall.lake import layout
from footfall.lake.questions import _span
from footfall.questions import parameters
from footfall.questions.sources import Context

if TYPE_CHECKING:
    import pyarrow as pa

HOUR_MS: Final = 3_600_000


def rows(
    hdfs: Hdfs, length: int, app: str | None, dimension: str, from_ms: int, to_ms: int, columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Rows of the windows with from_ms ≤ start < to_ms (ms since 1970): the start in ms, then `columns`.

    length: minutes. app: None for all apps. Raises HdfsUnavailable, or its subclass Damaged.
    """
    # Imported here, since it would cost every other question a fifth of a second.
    import pyarrow as pa
    import pyarrow.compute as pc

    from footfall.lake import window_files

    found = []
    for hour in range(from_ms // HOUR_MS, -(-to_ms // HOUR_MS)):
        table = window_files.read(hdfs, length, hour)
        if table is not None:
            start = table["window_start_at"].cast(pa.int64())
            wanted = pc.and_(pc.greater_equal(start, from_ms), pc.less(start, to_ms))
            wanted = pc.and_(wanted, pc.equal(table["dimension"], dimension))
            if app is not None:
                wanted = pc.and_(wanted, pc.equal(table["app_id"], app))
            found += _tuples(table.append_column("start_ms", start).filter(wanted).select(["start_ms", *columns]))
    return found


def _archived_apps(context: Context[Hdfs], _app: str) -> list[str]:
    """The apps that have a folder in the archive. Raises HdfsUnavailable."""
    root, (column, *_) = layout.EVENTS
    folders = (entry.name.partition("=") for entry in context.store.list(root) if entry.is_folder)
    return [value for name, _, value in folders if name == column]


def _tuples(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


APP: Final = parameters.app(_archived_apps)
# The parameters of a question about windows, in the order in which its `run` takes them.
OF_WINDOWS: Final = (
    parameters.window(*_span.WINDOWS),
    parameters.by("app", "page", "section", "country", "device"),
    APP,
    parameters.FROM,
    parameters.TO,
    parameters.limit(),
)
