"""Windows over random archives equal, to the digit, what DuckDB counts over the same files."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.streaming import window_figures
from tests.support import window_oracle
from tests.support.archived import at, event, minute, windows_of, write

MIDNIGHT = "2026-11-25 00:00"
_KINDS = ("page_view", "page_ping", "click", "error", "login", "web_vitals")


def made_up(chance: random.Random, number: int, minutes: int) -> dict[str, Any]:
    """A random event around midnight, of few people, so that visits, visitors and pages repeat."""
    when = at(MIDNIGHT) + timedelta(milliseconds=chance.randrange(-minutes * 30_000, minutes * 30_000))
    kind = chance.choices(_KINDS, (20, 45, 15, 5, 5, 10))[0]
    session = f"session {chance.randrange(12)}"
    # What a server sends may have no page, whatever its type.
    is_by_server = kind in ("click", "error") and chance.random() < 0.3
    path = None if kind == "login" or is_by_server else chance.choice(("/", "/a", "/b", "/ä"))
    return event(
        number,
        session,
        when,
        kind,
        path,
        app_id=chance.choices(("shop", "news", "academy"), (6, 3, 1))[0],
        # Mostly the session's own; some visitors have several sessions, and some sessions several visitors.
        anonymous_id=session if chance.random() < 0.7 else f"visitor {chance.randrange(4)}",
        page_section=None if path is None else chance.choice(("one", "two", None)),
        page_title=None if path is None else chance.choice((f"Title of {path}", f"Other title of {path}", None)),
        country=chance.choice(("DE", "FR", None)),
        device_type=chance.choice(("desktop", "mobile", None)),
        response_ms=None if chance.random() < 0.2 else min(600_000, int(chance.lognormvariate(4, 2.5))),
        http_status=chance.choice((None, 200, 404, 499, 500, 503)),
        engaged_ms=chance.choice((None, 0, 15_000)),
        # Of other events they change nothing.
        lcp_ms=None if chance.random() < 0.2 else int(chance.lognormvariate(8, 0.5)),
        inp_ms=None if chance.random() < 0.5 else int(chance.lognormvariate(5, 1)),
        cls_milli=None if chance.random() < 0.2 else min(1_000_000, int(chance.lognormvariate(4, 3))),
        ttfb_ms=None if chance.random() < 0.2 else int(chance.lognormvariate(6, 1)),
        is_bot=chance.random() < 0.1,
    )


@pytest.mark.parametrize(
    ("seed", "events", "minutes", "most_values"),
    [
        (1, 60, 8, 1_000),
        (2, 400, 40, 1_000),
        (3, 4_000, 30, 1_000),
        (4, 300, 400, 1_000),
        (5, 600, 30, 2),
        (6, 600, 9, 1),
    ],
)
def test_windows_are_what_duckdb_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, events: int, minutes: int, most_values: int
) -> None:
    monkeypatch.setattr(window_figures, "MOST_VALUES", most_values)
    chance = random.Random(seed)
    rows = [made_up(chance, number, minutes) for number in range(events)]
    chance.shuffle(rows)
    write(tmp_path, rows[: events // 2], "a")
    # A tenth of the rows is there twice, as during a compaction.
    write(tmp_path, rows[events // 2 - events // 10 :], "b")
    first = minute(MIDNIGHT) - minutes // 2
    asked = [
        [start for start in range(first - 6, first + minutes + 2) if chance.random() < share]
        for share in (chance.choice((0.2, 0.9, 1.0)), chance.choice((0.2, 0.9, 1.0)))
    ]
    found = windows_of(tmp_path, *asked).to_pylist()
    expected = window_oracle.figures(tmp_path, *asked, most_values)
    assert len(expected) > events // 4
    assert keyed(found) == keyed(expected)


def keyed(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by their key, which must be unique."""
    found = {
        tuple(row[name] for name in ("window_minutes", "window_start", "app_id", "dimension", "value")): row
        for row in rows
    }
    assert len(found) == len(rows)
    return found
