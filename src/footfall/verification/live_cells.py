"""What is wrong with a cell of a live row, against its recount; and how a row is named."""

from typing import Any, Final

from footfall.events.times import format_rfc3339_ms
from footfall.realtime import sketches, tables
from footfall.verification.recount import AggregateKey, Recounted

_MINUTE_MS: Final = 60_000
_PARTS: Final = "\x1f"  # between the parts of an error's value
# A sketch that has become an estimate: five standard errors (1/√4096) of one with 4,096 entries.
_SKETCH_TOLERANCE: Final = 5 / 64


def label(row: AggregateKey) -> str:
    """How an aggregate row is named to people."""
    minute = format_rfc3339_ms(row.minute * _MINUTE_MS)[:16]
    return f"{minute}Z {row.dimension} {' '.join(row.value.split(_PARTS))}".rstrip()


def count_faults(key: AggregateKey, cell: bytes, wanted: Recounted) -> list[str]:
    """How a cell of `minute_metrics` differs from the recount of its row, one text a figure."""
    found = tables.decode_counts(cell)
    faults = []
    for who, have, want in (("people", found.people, wanted.people), ("bots", found.bots, wanted.bots)):
        pairs: list[tuple[str, Any, Any]] = [
            ("events", have.events, want.events),
            ("page_views", have.page_views, want.page_views),
            ("errors", have.errors, want.errors),
            ("error_events", have.error_events, want.error_events),
            ("not_found", have.not_found, want.not_found),
            ("responses", dict(have.responses), dict(want.responses)),
        ]
        if key.dimension == "error":
            pairs += [("first_at", have.first_ms, want.first_error_ms), ("last_at", have.last_ms, want.last_error_ms)]
        faults += [f"{who}' {what} {one} instead of {other}" for what, one, other in pairs if one != other]
    more: list[tuple[str, Any, Any]] = []
    if key.dimension == "page":
        more += [("entries", found.entries, wanted.people.entries), ("exits", found.exits, wanted.people.exits)]
    if key.dimension == "country":
        cities = {tuple(tables.city_of(city)): views for city, views in (found.cities or {}).items()}
        more.append(("cities", cities, wanted.people.cities))
    return faults + [f"{what} {one} instead of {other}" for what, one, other in more if one != other]


def visitor_faults(cell: bytes, wanted: Recounted) -> list[str]:
    """How a cell of `active_users` differs from the recount of its row, one text a population."""
    found = tables.decode_visitors(cell)
    faults = []
    for who, have, sketch, want in (
        ("people", found.people, found.people_sketch, wanted.people),
        ("bots", found.bots, found.bots_sketch, wanted.bots),
    ):
        distinct = len(want.visitors)
        tolerance = 0 if sketches.is_exact(sketch) else distinct * _SKETCH_TOLERANCE
        if abs(have - distinct) > tolerance:
            faults.append(f"{who}' visitors {have} instead of {distinct}")
    return faults
