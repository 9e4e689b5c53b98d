"""Archived events made by hand, as Parquet files in the folders of the archive."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.lake import layout
from footfall.lake.layout import Store
from footfall.streaming import window_figures
from footfall.streaming.window_computation import Task, computed
from footfall.streaming.window_schedule import WindowSet
from tests.support.local_files import LocalFiles

_TEXTS = (
    "session_id", "event_id", "event_type", "anonymous_id", "page_path", "page_section", "page_title", "country",
    "device_type",
)  # fmt: skip
_INTEGERS = ("seq", "response_ms", "http_status", "engaged_ms", "lcp_ms", "inp_ms", "cls_milli", "ttfb_ms")
_TIMES = ("event_time", "received_at", "occurred_at")
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in _TEXTS),
        *(pa.field(name, pa.int32()) for name in _INTEGERS),
        *(pa.field(name, pa.timestamp("us", "UTC")) for name in _TIMES),
        pa.field("is_bot", pa.bool_()),
        pa.field("backfill", pa.bool_()),
    ]
)


def at(text: str) -> datetime:
    """The time of `2026-11-24 12:00:00.123`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def minute(text: str) -> int:
    """The minute since 1970 of such a time."""
    return int(at(text).timestamp()) // 60


def event(number: int, session: str, time: str | datetime, kind: str, path: str | None, **more: Any) -> dict[str, Any]:
    """An event of the shop, unless `app_id` says otherwise. number: makes its id; the visitor is the session's own."""
    when = at(time) if isinstance(time, str) else time
    return {
        "event_id": f"00000000-0000-7000-8000-{number:012x}",
        "session_id": session,
        "anonymous_id": f"visitor of {session}",
        "app_id": "shop",
        "event_type": kind,
        "event_time": when,
        "received_at": when,
        "occurred_at": when,
        "page_path": path,
        "page_section": None if path is None else "all",
        "page_title": None if path is None else f"Title of {path}",
        "seq": number,
        "is_bot": False,
        **more,
    }


def write(root: Path, events: Iterable[dict[str, Any]], name: str = "a", schema: pa.Schema = SCHEMA) -> None:
    """Writes events to `ROOT/app_id=…/dt=…/NAME.parquet`. A column of `schema` that an event lacks is null."""
    folders: dict[Path, list[dict[str, Any]]] = {}
    for one in events:
        folders.setdefault(root / f"app_id={one['app_id']}" / f"dt={one['event_time']:%Y-%m-%d}", []).append(one)
    for folder, rows in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")


def windows_of(root: Path, minutes: Collection[int], fives: Collection[int]) -> pa.Table:
    """The windows (minutes since 1970) of what `write` wrote there, computed as the executor does."""
    files = LocalFiles(root)
    by_app: dict[str, list[Any]] = defaultdict(list)
    for (app, _), folder in layout.folders(files, Store("", ("app_id", "dt"))).items():
        by_app[app] += layout.parts(files, folder)
    window_set = WindowSet(0, tuple(minutes), tuple(fives))
    tasks = [Task(app, tuple(held), window_set) for app, held in by_app.items()]
    return pa.concat_tables([window_figures.SCHEMA.empty_table(), *(computed(files, task) for task in tasks)])
