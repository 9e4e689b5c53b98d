"""The days that `--date`, or `--from` and `--to`, name."""

from datetime import date, datetime, timezone

from footfall.cli.output import wrong_use
from footfall.warehouse import days as day_list
from footfall.warehouse.errors import DaysRefused


def days_of(day: str | None, first: str | None, last: str | None) -> tuple[date, ...]:
    """The UTC days of a verb's options. Ends the verb with exit status 2 if they are wrong or not over yet."""
    if day is not None and (first is not None or last is not None):
        wrong_use("Give either --date, or --from and --to.")
    if day is None and (first is None or last is None):
        wrong_use("Give --date DAY, or both --from DAY and --to DAY.")
    begin, end = _parsed(day or first or ""), _parsed(day or last or "")
    try:
        return day_list.span(begin, end, datetime.now(timezone.utc).date())
    except DaysRefused as error:
        wrong_use(str(error))


def _parsed(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc).date()
    except ValueError:
        wrong_use(f"{text!r} is not a UTC day such as 2026-11-24.")
