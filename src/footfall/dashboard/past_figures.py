"""The figures of the history page, from the rows of the questions about past days. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from footfall.dashboard import wording
from footfall.dashboard.figures import ALL, City, MapPoint
from footfall.questions.model import Row

# Smaller changes read as none in the digits that are shown.
_LEAST_CHANGE: Final = 0.0005
# Of a share, in its own unit: an error rate of 0.06 % that becomes 0.11 % has nearly doubled.
_LEAST_DIFFERENCE: Final = 0.00005


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a day.

    label: the words below its number; one: the label of exactly 1
    of: its value from a row of `daily-summary`; None if it is unknown
    word: the value in words
    is_share: whether it is a share of 0 to 1, whose changes are differences
    also: one more fact about it; None if there is none
    """

    label: str
    of: Callable[[Row], float | None]
    word: Callable[[float | None], str]
    is_share: bool = False
    also: Callable[[Row], str | None] = lambda _: None
    one: str | None = None


@dataclass(frozen=True, slots=True)
class Country:
    """A country, or None for unknown ones, and the visits that began there.

    share: relative to the largest in the list, for its bar. of_all: of all visits, 0 to 1
    """

    country: str | None
    visits: int
    page_views: int
    engaged_ms: int
    share: float
    of_all: float


def figures() -> tuple[Figure, ...]:
    """The figures of a day in the order in which a page shows them."""
    return (
        Figure("visits", lambda row: row["visits"], wording.number, one="visit"),
        Figure(
            "visitors",
            lambda row: row["visitors"],
            wording.number,
            also=lambda row: f"{wording.number(row['new_visitors'])} seen for the first time",
            one="visitor",
        ),
        Figure(
            "page views",
            lambda row: row["page_views"],
            wording.number,
            also=lambda row: _each(row["page_views"], row["visits"], "{:.1f} in each visit"),
            one="page view",
        ),
        Figure("engaged time in each visit", lambda row: ratio(row["engaged_ms"], row["visits"]), wording.brief),
        Figure("bounce rate", lambda row: row["bounce_rate"], wording.percent, is_share=True),
        Figure(
            "conversions",
            lambda row: row["conversions"],
            wording.number,
            also=lambda row: _revenue(row),
            one="conversion",
        ),
        Figure(
            "error rate",
            lambda row: row["error_rate"],
            wording.percent,
            is_share=True,
            also=lambda row: wording.counted(row["errors"], "error"),
        ),
        Figure("response, p95", lambda row: row["p95_ms"], wording.milliseconds),
    )


def by_day(rows: Iterable[Row], app: str | None) -> dict[date, Row]:
    """The rows of `daily-summary` of a site, or of all together if it is None, by day."""
    return {date.fromisoformat(row["dt"]): row for row in rows if row["app_id"] == (app or ALL)}


def change(figure: Figure, now: Row, before: Row | None) -> float | None:
    """The change of a figure since an earlier day: relative, or the difference if it is a share.

    None if it has none, since the earlier day, or either value, is unknown, or the earlier value is 0. Changes too
    small to be seen are 0.
    """
    new, old = figure.of(now), figure.of(before) if before is not None else None
    if new is None or old is None or (old == 0 and not figure.is_share):
        return None
    found = new - old if figure.is_share else new / old - 1
    return 0.0 if abs(found) < (_LEAST_DIFFERENCE if figure.is_share else _LEAST_CHANGE) else found


def ratio(part: int, whole: int) -> float | None:
    """A quotient; None if the whole is 0."""
    return part / whole if whole else None


def countries(rows: Iterable[Row]) -> list[Country]:
    """The countries of visits, most visits first, ties by code; sites are added up.

    rows: rows of `geographic-traffic` by country
    """
    totals: dict[str | None, list[int]] = {}
    for row in rows:
        total = totals.setdefault(row["country"] or None, [0, 0, 0])
        for at, name in enumerate(("visits", "page_views", "engaged_ms")):
            total[at] += row[name]
    best = sorted(totals.items(), key=lambda item: (-item[1][0], item[0] is None, item[0] or ""))
    everything = sum(visits for _, (visits, _, _) in best)
    return [
        Country(country, visits, views, engaged_ms, visits / (best[0][1][0] or 1), visits / (everything or 1))
        for country, (visits, views, engaged_ms) in best
    ]


def on_map(found: Iterable[Country]) -> list[MapPoint]:
    """The known countries as dots of the map."""
    return [MapPoint(one.country, one.visits, one.share) for one in found if one.country is not None]


def cities(rows: Iterable[Row]) -> list[City]:
    """The cities of visits, most page views first, ties by name; sites are added up.

    rows: rows of `geographic-traffic` by city
    """
    views: dict[tuple[str | None, str | None, str], int] = {}
    points: dict[tuple[str | None, str | None, str], tuple[float | None, float | None]] = {}
    for row in rows:
        if row["city"]:
            key = row["country"], row["region"], row["city"]
            views[key] = views.get(key, 0) + row["page_views"]
            points.setdefault(key, (row["latitude"], row["longitude"]))
    best = sorted(views.items(), key=lambda item: (-item[1], item[0][2], item[0][0] or "", item[0][1] or ""))
    return [City(key[0], key[2], *points[key], count, count / (best[0][1] or 1)) for key, count in best]


def _revenue(row: Row) -> str | None:
    """Events name a currency each, which no sum does."""
    if not row["revenue_cents"]:
        return None
    whose = "the sites' currencies" if row["app_id"] == ALL else "the site's currency"
    return f"revenue {wording.money(row['revenue_cents'])} in {whose}"


def _each(part: int, whole: int, words: str) -> str | None:
    value = ratio(part, whole)
    return None if value is None else words.format(value)
