"""`./footfall verify`: checks that no event was lost or counted twice, and lists those that were."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from footfall.cli.output import print_json, print_table, report, stdout, wrong_use
from footfall.cluster.supervision import run
from footfall.events.times import format_rfc3339_ms
from footfall.verification.report import COLUMNS, Report
from footfall.verification.verify import verify as prove

# An RFC 3339 time, or its date and hour only. Without a zone it is UTC.
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d)(:\d\d)?(:\d\d)?(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_HOURS_SHOWN: Final = 12
_PROBLEMS_SHOWN: Final = 30
_IDS_SHOWN: Final = 5


def verify(
    since: Annotated[
        str | None, typer.Option(help="Check only hours from this time on, such as 2026-11-24T08 (UTC).")
    ] = None,
    wait: Annotated[
        int, typer.Option(min=0, help="Seconds to wait for events that are not stored everywhere yet.")
    ] = 240,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check that no event was lost or counted twice, and list those that were."""
    since_ms = None if since is None else parse_since(since)
    found = prove(run.recall(), since_ms, wait, report)
    if json:
        print_json(found.document())
    else:
        show(found)
    if not found.ok:
        raise typer.Exit(1)


def parse_since(text: str) -> int:
    """The time in milliseconds since 1970. Ends the verb with exit status 2 if it is invalid or in the future."""
    found = _TIME.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        date, hour, minute, second, fraction, zone = found.groups("")
        offset = "+00:00" if zone in ("", "Z", "z") else zone
        moment = datetime.fromisoformat(f"{date}T{hour}{minute or ':00'}{second or ':00'}{offset}")
        ms = int(moment.timestamp() * 1000 + float(f"0{fraction}") * 1000)
    except ValueError:
        wrong_use(f"--since {text!r} is not a time. Write it as 2026-11-24T08:00:00Z or 2026-11-24T08.")
    if not 0 <= ms <= time.time() * 1000:
        wrong_use(f"--since {text!r} is in the future or before 1970.")
    return ms


def show(report: Report) -> None:
    """Prints the report as text."""
    shown = sorted({row["hour"] for row in report.hours})[-_HOURS_SHOWN:]
    print_table(("hour", "app_id", *COLUMNS), list(_folded(report.hours, shown)))
    _line(_coverage(report, shown))
    for name, store in report.stores.items():
        stdout.print(f"{name}: {_totals(store)}", markup=False, soft_wrap=True)
    for problem in report.problems[:_PROBLEMS_SHOWN]:
        document = problem.document()
        place = " ".join(filter(None, (problem.app_id, document["hour"])))
        _line(f"✗ {problem.store}: {problem.detail}{f' [{place}]' if place else ''}")
        for name in problem.ids[:_IDS_SHOWN]:
            _line(f"    {name}")
        if problem.ids and problem.count > _IDS_SHOWN:
            _line(f"    … {problem.count - min(_IDS_SHOWN, len(problem.ids))} more")
    if len(report.problems) > _PROBLEMS_SHOWN:
        _line(f"… {len(report.problems) - _PROBLEMS_SHOWN} more problems; --json lists all of them.")
    if report.ok:
        stdout.print(f"ok: all stores agree at {format_rfc3339_ms(report.at_ms)}.", markup=False)


def _coverage(report: Report, shown: Sequence[str]) -> str:
    """Says which time the table covers. shown: the hours that have rows of their own."""
    end = format_rfc3339_ms(report.at_ms)
    if report.covers_from_ms is not None:
        begin = format_rfc3339_ms(report.covers_from_ms)
        said = f"The table covers events from {begin} to {end}. Older ones are left out."
    elif report.hours:
        said = f"The table covers all events up to {end}; the first are of the hour {_hour(report.hours[0]['hour'])}."
    else:
        said = f"The table covers all events up to {end}; there are none yet."
    if shown and report.hours[0]["hour"] < shown[0]:
        said += f" Its rows `before` sum up the hours before {_hour(shown[0])}."
    return said


def _folded(hours: list[dict[str, Any]], shown: Sequence[str]) -> Iterable[dict[str, Any]]:
    """The hours `shown` one by one, and all earlier hours as one row for each app."""
    before: dict[str, dict[str, Any]] = {}
    for row in hours:
        if row["hour"] in shown:
            continue
        sums = before.setdefault(
            row["app_id"], {"hour": "before", "app_id": row["app_id"], **dict.fromkeys(COLUMNS, 0)}
        )
        for column in COLUMNS:
            sums[column] += row[column]
    yield from before.values()
    for row in hours:
        if row["hour"] in shown:
            yield {**row, "hour": _hour(row["hour"])}


def _hour(time: str) -> str:
    """The hour of an RFC 3339 time, as the table shows it."""
    return time[:13] + "Z"


def _totals(store: Any) -> str:
    if not store["compared"]:
        return str(store["reason"])
    return ", ".join(filter(None, (_sum(name.replace("_", " "), value) for name, value in store.items())))


def _sum(name: str, value: Any) -> str:
    """A count with its parts, if it has any; '' for a value that is not a count."""
    if isinstance(value, Mapping):
        parts = ", ".join(f"{part} {of}" for of, part in value.items() if part)
        return f"{sum(value.values())} {name}{f' ({parts})' if parts else ''}"
    return f"{value} {name}" if type(value) is int else ""


def _line(text: str) -> None:
    # Text that visitors sent may contain control characters.
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    stdout.print(shown, markup=False, soft_wrap=True)
