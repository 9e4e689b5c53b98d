"""What is read of the warehouse's facts: figures of subjects, uses of items, and the items themselves.

Only visits of people count, and of those only visits without an event that was sent without consent. All events of a
visit belong to the visit's subject.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa

from footfall.learning.features import Figures
from footfall.learning.ids import Item, User
from footfall.learning.preferences import ACTIONS, Use
from footfall.warehouse.partitions import with_partitions

Rows = Callable[[str], Sequence[tuple[Any, ...]]]
_HOUR_MS: Final = 3_600_000

# A visit's own events say in which time zone it was made, and whether one was sent without consent.
_VISITS: Final = (
    "(SELECT v.dt, v.visit_id, v.app_id, coalesce(v.user_id, v.anonymous_id) AS subject, "
    "IF(v.user_id IS NULL, 0, 1) AS is_user, v.started_ms, v.page_views, v.engaged_ms, v.conversions, v.errors, "
    "v.device_type, e.time_zone FROM fact_visits v JOIN (SELECT dt, visit_id, max(timezone) AS time_zone, "
    "max(IF(consent = 'denied', 1, 0)) AS denied FROM fact_events WHERE NOT is_bot GROUP BY dt, visit_id) e "
    "ON e.dt = v.dt AND e.visit_id = v.visit_id WHERE v.population = 'people' AND e.denied = 0)"
)
_SUBJECTS: Final = (
    "SELECT subject, max(is_user), count(*), max(started_ms), sum(page_views), sum(engaged_ms), sum(conversions), "
    f"sum(errors), sum(IF(device_type = 'mobile', 1, 0)) FROM {_VISITS} s GROUP BY subject"
)
_SECTIONS: Final = (
    "SELECT subject, count(*), max(n) FROM (SELECT s.subject, p.page_section, count(*) AS n FROM "
    f"{_VISITS} s JOIN fact_page_views p ON p.dt = s.dt AND p.visit_id = s.visit_id AND NOT p.is_bot "
    "GROUP BY s.subject, p.page_section) t GROUP BY subject"
)
_HOURS: Final = (
    f"SELECT subject, time_zone, CAST(floor(started_ms / {_HOUR_MS}) AS BIGINT) % 24 AS utc_hour, count(*) "
    f"FROM {_VISITS} s GROUP BY subject, time_zone, CAST(floor(started_ms / {_HOUR_MS}) AS BIGINT) % 24"
)
_COUNTED: Final = ", ".join(f"sum(IF(f.event_type = '{action}', 1, 0))" for action in ACTIONS)
_KINDS: Final = ", ".join(f"'{action}'" for action in ("page_ping", *ACTIONS))
_USES: Final = (
    f"SELECT f.dt, f.app_id, s.subject, max(s.is_user), f.item_type, f.item_id, {_COUNTED}, "
    f"sum(coalesce(f.engaged_ms, 0)) FROM fact_events f JOIN {_VISITS} s ON s.dt = f.dt AND s.visit_id = f.visit_id "
    "WHERE NOT f.is_bot AND f.item_id IS NOT NULL AND f.item_type IS NOT NULL "
    f"AND f.event_type IN ({_KINDS}) GROUP BY f.dt, f.app_id, s.subject, f.item_type, f.item_id"
)
_ITEMS: Final = (
    "SELECT app_id, item_type, item_id, page_title, page_section FROM (SELECT app_id, item_type, item_id, page_title, "
    "page_section, row_number() OVER (PARTITION BY app_id, item_type, item_id ORDER BY event_ms DESC, session_id, "
    "event_id) AS place FROM fact_events WHERE event_type = 'page_view' AND coalesce(http_status, 200) < 400 "
    "AND NOT is_bot AND item_id IS NOT NULL AND item_type IS NOT NULL) t WHERE place = 1"
)

SUBJECTS_SCHEMA: Final = pa.schema(
    [
        ("subject", pa.string()),
        ("is_user", pa.bool_()),
        *((name, pa.int64()) for name in Figures._fields if name not in ("subject", "is_user", "local_hours")),
        ("local_hours", pa.list_(pa.int64())),
    ]
)
USES_SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("dt", "app_id", "subject")),
        ("is_user", pa.bool_()),
        *((name, pa.string()) for name in ("item_type", "item_id")),
        *((name, pa.int64()) for name in (*ACTIONS, "engaged_ms")),
    ]
)
ITEMS_SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("app_id", "item_type", "item_id", "title", "section")]
)


def subjects(rows: Rows, partitions: Mapping[str, str]) -> list[dict[str, Any]]:
    """The figures of all subjects of the days, in the order of SUBJECTS_SCHEMA, by subject.

    rows: runs a SELECT. partitions: day → run. local_hours: visits by hour, 24 numbers.
    """
    last = max(partitions)
    hours: dict[str, list[int]] = defaultdict(lambda: [0] * 24)
    for subject, zone, hour, count in rows(with_partitions(_HOURS, partitions)):
        hours[subject][(int(hour) + offset_hours(zone or "", last)) % 24] += int(count)
    sections = {
        subject: (int(found), int(most)) for subject, found, most in rows(with_partitions(_SECTIONS, partitions))
    }
    made = []
    for subject, is_user, *counts in rows(with_partitions(_SUBJECTS, partitions)):
        figures = (subject, bool(is_user), *(int(one or 0) for one in counts), *sections.get(subject, (0, 0)))
        made.append(dict(zip(SUBJECTS_SCHEMA.names, (*figures, hours[subject]), strict=True)))
    return sorted(made, key=lambda one: str(one["subject"]))


def uses(rows: Rows, partitions: Mapping[str, str]) -> list[dict[str, Any]]:
    """What subjects did with items on each day, in the order of USES_SCHEMA."""
    made = []
    for dt, app, subject, is_user, kind, item, *counts in rows(with_partitions(_USES, partitions)):
        values = (dt, app, subject, bool(is_user), kind, item, *(int(one or 0) for one in counts))
        made.append(dict(zip(USES_SCHEMA.names, values, strict=True)))
    return made


def items(rows: Rows, partitions: Mapping[str, str]) -> list[dict[str, Any]]:
    """The items whose pages people saw without an error, with title and section of the latest view.

    In the order of ITEMS_SCHEMA.
    """
    found = rows(with_partitions(_ITEMS, partitions))
    return [dict(zip(ITEMS_SCHEMA.names, row, strict=True)) for row in sorted(found, key=lambda row: row[:3])]


def figures_of(rows: Iterable[Mapping[str, Any]]) -> list[Figures]:
    """Rows of `subjects` as figures."""
    return [
        Figures(**{**row, "local_hours": {hour: count for hour, count in enumerate(row["local_hours"]) if count}})
        for row in rows
    ]


def of_known(uses: Iterable[dict[str, Any]], items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `uses` of items that exist. Anybody can send an event about one that does not. items: their rows."""
    known = {_item(row) for row in items}
    return [row for row in uses if _item(row) in known]


def uses_of(rows: Iterable[Mapping[str, Any]], first: str = "", last: str = "9") -> list[Use]:
    """Rows of `uses` of the days from first to last, both included (YYYY-MM-DD), added up by user and item."""
    counts: dict[tuple[User, Item], dict[str, int]] = defaultdict(lambda: dict.fromkeys((*ACTIONS, "engaged_ms"), 0))
    for row in rows:
        if first <= row["dt"] <= last:
            total = counts[User(row["app_id"], row["subject"]), _item(row)]
            for name in total:
                total[name] += row[name]
    return [
        Use(user, item, {action: total[action] for action in ACTIONS if total[action]}, total["engaged_ms"])
        for (user, item), total in sorted(counts.items())
    ]


def titles_of(rows: Iterable[Mapping[str, Any]]) -> dict[Item, str | None]:
    """The title of each item in rows of `items`; None if its page had none."""
    return {_item(row): row["title"] for row in rows}


def sections_of(rows: Iterable[Mapping[str, Any]]) -> dict[Item, str]:
    """The section of each item in rows of `items`, if its page has one."""
    return {_item(row): row["section"] for row in rows if row["section"]}


def latest_first(rows: Iterable[Mapping[str, Any]]) -> dict[User, list[Item]]:
    """The items that each user used, those of the latest day first. rows: of `uses`."""
    latest: dict[User, dict[Item, str]] = defaultdict(dict)
    for row in rows:
        of_user, item = latest[User(row["app_id"], row["subject"])], _item(row)
        of_user[item] = max(row["dt"], of_user.get(item, ""))
    return {user: sorted(sorted(items), key=lambda item: items[item], reverse=True) for user, items in latest.items()}


def _item(row: Mapping[str, Any]) -> Item:
    return Item(row["app_id"], row["item_type"], row["item_id"])


@lru_cache(maxsize=4096)
def offset_hours(zone: str, day: str) -> int:
    """The hours that a time zone is ahead of UTC at noon of a day, rounded down; 0 for an unknown one.

    zone: what a browser said, so any text. The whole window has the offset of its last day: a change of clocks within
    it moves the hours before by one.
    """
    try:
        # Keys are names of files, so a text with a path or a NUL raises ValueError, and a folder's name an OSError.
        there = ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        return 0
    noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=timezone.utc)
    ahead = noon.astimezone(there).utcoffset() or timedelta()
    return int(ahead // timedelta(hours=1))
