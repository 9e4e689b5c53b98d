"""The answers about one published day, for the history page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from footfall.dashboard.data.readings import Reading, Readings
from footfall.names import ALL_APPS
from footfall.questions.model import Row
from footfall.warehouse.published import Published
from footfall.workflows.day_ranges import consecutive

# How many lines each list shows, so no more are asked for.
_PAGES: Final = 15
_SECTIONS: Final = 10
_PATHS: Final = 10
_TRANSITIONS: Final = 10
_PROFILES: Final = 12
_ERRORS: Final = 8
_SLOW_PAGES: Final = 8
_FELT_PAGES: Final = 10
# The map shows a hundred cities of all sites, and cities of one name on several sites are added up.
CITIES: Final = 300
_PATH_LENGTH: Final = 3
_CHART_DAYS: Final = 14
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PastDay:
    """The answers about a published day, of one site or of all.

    published: all published days. app: None for all sites.
    handed_out: the readings that were asked for so far
    """

    readings: Readings
    published: Mapping[date, Published]
    day: date
    app: str | None = None
    handed_out: list[Reading[Any]] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """Whether everything that was asked for has arrived, without trouble."""
        return all(reading.is_settled for reading in self.handed_out)

    def summary(self) -> Reading[list[Row]]:
        """Rows of `daily-summary` of every site: this day, those of the chart, the day before and a week before.

        It has rows as soon as those of this day are known, and the first trouble with any day.
        """
        days = {self.day, self.day - _DAY, self.day - _WEEK, *chart_days(self.published, self.day)}
        rows: list[Row] = []
        own: Reading[list[Row]] = Reading(None, None)
        troubles: list[str] = []
        # A question about a range refuses one with a day that is archived and not published.
        for span in consecutive(days & self.published.keys()):
            runs = " ".join(self.published[one].run for one in span)
            first_and_last = {"from": str(span[0]), "to": str(span[-1])}
            part = self._handed_out(self.readings.past(runs, "daily-summary", **first_and_last))
            rows += part.value or []
            troubles += [part.trouble] if part.trouble is not None else []
            own = part if self.day in span else own
        return Reading(
            rows if own.value is not None else None, own.read_at_ms, troubles[0] if troubles else None, own.missing
        )

    def of_day(self) -> list[Row]:
        """Those rows of `summary` that are about this day; none while they are unknown."""
        return [row for row in self.summary().value or [] if row["dt"] == str(self.day)]

    def quality(self) -> Reading[list[Row]]:
        """Rows of `data-quality`. They are about all sites."""
        return self._handed_out(self.readings.past(self._run, "data-quality", date=str(self.day)))

    def pages(self) -> Reading[list[Row]]:
        """Rows of `most-visited-pages`."""
        return self._ask("most-visited-pages", limit=_PAGES)

    def sections(self) -> Reading[list[Row]]:
        """Rows of `section-engagement`."""
        return self._ask("section-engagement", limit=_SECTIONS)

    def paths(self) -> Reading[list[Row]]:
        """Rows of `navigation-paths`: the first three page types of visits."""
        return self._ask("navigation-paths", by="page_type", length=_PATH_LENGTH, limit=_PATHS)

    def transitions(self) -> Reading[list[Row]]:
        """Rows of `transitions`."""
        return self._ask("transitions", limit=_TRANSITIONS)

    def countries(self) -> Reading[list[Row]]:
        """Rows of `geographic-traffic` by country."""
        return self._ask("geographic-traffic", by="country")

    def cities(self) -> Reading[list[Row]]:
        """Rows of `geographic-traffic` by city, the most visited ones."""
        return self._ask("geographic-traffic", by="city", limit=CITIES)

    def profiles(self) -> Reading[list[Row]]:
        """Rows of `engagement-by-profile` by plan."""
        return self._ask("engagement-by-profile", by="plan", limit=_PROFILES)

    def errors(self) -> Reading[list[Row]]:
        """Rows of `site-errors`."""
        return self._ask("site-errors", limit=_ERRORS)

    def slow_pages(self) -> Reading[list[Row]]:
        """Rows of `slow-pages`."""
        return self._ask("slow-pages", limit=_SLOW_PAGES)

    def felt_by_page(self) -> Reading[list[Row]]:
        """Rows of `web-vitals` by page, the most measured ones."""
        return self._ask("web-vitals", by="page", limit=_FELT_PAGES)

    def felt_by_device(self) -> Reading[list[Row]]:
        """Rows of `web-vitals` by device."""
        return self._ask("web-vitals", by="device")

    @property
    def _run(self) -> str:
        return self.published[self.day].run

    def _ask(self, question: str, **parameters: Any) -> Reading[list[Row]]:
        app = self.app or ALL_APPS
        return self._handed_out(self.readings.past(self._run, question, date=str(self.day), app=app, **parameters))

    def _handed_out(self, reading: Reading[list[Row]]) -> Reading[list[Row]]:
        self.handed_out.append(reading)
        return reading


def chart_days(published: Iterable[date], day: date) -> list[date]:
    """The days of the chart: the newest published ones, or, if `day` is older than these, those up to it."""
    known = sorted(published)
    newest = known[-_CHART_DAYS:]
    return newest if day in newest else [one for one in known if one <= day][-_CHART_DAYS:]
