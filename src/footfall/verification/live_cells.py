"""Compares the cells of a live row with their recount, and names the row in messages."""

from typing import Any, Final

from footfall.events.times import format_rfc3339_ms
from footfall.realtime import sketches, tables
from footfall.verification.recount import AggregateKey, Recounted

_MINUTE_MS: Final = 60_000
_VITAL_DIMENSIONS: Final = ("app", "page", "device")
_PARTS: Final = "\x1f"  # between the parts of an error's value
# For a sketch that is an estimate: five standard errors (each 1/√4096) of a sketch with 4,096 entries.
_SKETCH_TOLERANCE: Final = 5 / 64


def label(row: AggregateKey) -> str:
    """The name of an aggregate row in messages."""
    minute = format_rfc3339_ms(row.minute * _MINUTE_MS)[:16]
    return f"{minute}Z {row.dimension} {' '.join(row.value.split(_PARTS))}".rstrip()


def count_faults(key: AggregateKey, cell: bytes, expected: Recounted) -> list[str]:
    """The differences between a cell of `minute_metrics` and the recount of its row, one text per figure."""
    found = tables.decode_counts(cell)
    faults = []
    for population, actual, want in (("people", found.people, expected.people), ("bots", found.bots, expected.bots)):
        pairs: list[tuple[str, Any, Any]] = [
            ("events", actual.events, want.events),
            ("page_views", actual.page_views, want.page_views),
            ("errors", actual.errors, want.errors),
            ("error_events", actual.error_events, want.error_events),
            ("not_found", actual.not_found, want.not_found),
            ("responses", dict(actual.responses), dict(want.responses)),
        ]
        if key.dimension == "error":
            pairs += [
                ("first_at", actual.first_ms, want.first_error_ms),
                ("last_at", actual.last_ms, want.last_error_ms),
            ]
        faults += [f"{what} ({population}) {one} instead of {other}" for what, one, other in pairs if one != other]
    more: list[tuple[str, Any, Any]] = []
    if key.dimension == "page":
        more += [("entries", found.entries, expected.people.entries), ("exits", found.exits, expected.people.exits)]
    if key.dimension == "country":
        cities = {tuple(tables.city_of(city)): views for city, views in (found.cities or {}).items()}
        more.append(("cities", cities, expected.people.cities))
    if key.dimension in _VITAL_DIMENSIONS:
        more += _vitals(found, expected)
    return faults + [f"{what} {one} instead of {other}" for what, one, other in more if one != other]


def _vitals(found: tables.Counts, expected: Recounted) -> list[tuple[str, Any, Any]]:
    """The name, the stored and the expected value of each figure of the web vitals."""
    actual, want = found.vitals, expected.people
    pairs: list[tuple[str, Any, Any]] = [("vital views", actual.views if actual else 0, want.vital_views)]
    if actual is not None:
        stored = {"lcp_ms": actual.lcp, "inp_ms": actual.inp, "cls_milli": actual.cls, "ttfb_ms": actual.ttfb}
        for name, one in stored.items():
            other = want.vitals[name]
            pairs += [
                (name, dict(one.histogram), other.histogram),
                (f"good {name}", one.good, other.good),
                (f"poor {name}", one.poor, other.poor),
            ]
    return pairs


def visitor_faults(cell: bytes, expected: Recounted) -> list[str]:
    """The differences between a cell of `active_users` and the recount of its row, one text per population."""
    found = tables.decode_visitors(cell)
    faults = []
    for population, actual, sketch, want in (
        ("people", found.people, found.people_sketch, expected.people),
        ("bots", found.bots, found.bots_sketch, expected.bots),
    ):
        distinct = len(want.visitors)
        tolerance = 0 if sketches.is_exact(sketch) else distinct * _SKETCH_TOLERANCE
        if abs(actual - distinct) > tolerance:
            faults.append(f"visitors ({population}) {actual} instead of {distinct}")
    return faults
