"""The panels "Where from" and "Users by plan"."""

from footfall.dashboard import wording
from footfall.dashboard.components import world_map
from footfall.dashboard.components.parts import PENDING, app_mark, attribution, empty, others, panel, share, table
from footfall.dashboard.data.past_days import CITIES
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.figures import City
from footfall.dashboard.markup import Html, foreign, join, tag
from footfall.dashboard.past_figures import cities, countries, on_map, ratio
from footfall.questions.model import Row

_SHOWN = 8
_PLANS = "Visits of people who were logged in, by the plan that they had then. Revenue is in the site's currency."
_MAP_KEY = tag(
    "figcaption",
    tag("span", tag("i", class_="ff-country"), "Visits, by country"),
    tag("span", tag("i", class_="ff-city"), "Page views, by city"),
)


def places_panel(by_country: Reading[list[Row]], by_city: Reading[list[Row]]) -> Html:
    """Rows of `geographic-traffic` on the map, by country and by city."""

    def draw(rows: list[Row]) -> Html:
        found = countries(rows)
        if not found:
            return empty("There was no visit of a person on this day.")
        known = cities(by_city.value or [])
        lines = [
            (
                share(one.share, foreign(one.country and world_map.name(one.country), "unknown")),
                wording.number(one.visits),
                wording.percent(one.of_all),
                wording.brief(ratio(one.engaged_ms, one.visits)),
            )
            for one in found[:_SHOWN]
        ]
        listed = table("ff-lands", ("Country", "Visits", "Share", "Engaged, each visit"), lines, numeric=(1, 2, 3))
        inside = (
            tag("figure", world_map.chart(on_map(found), known), _MAP_KEY),
            tag("div", listed, others(len(lines), len(found))),
            tag("div", _cities(by_city, known)),
        )
        return join(tag("div", *inside, class_="ff-where ff-past"), attribution())

    note = "By the place of a visit's first event. Cities are known of people who gave consent."
    return panel("Where from", note, by_country, draw)


def profiles_panel(reading: Reading[list[Row]]) -> Html:
    """Rows of `engagement-by-profile` by plan."""

    def draw(rows: list[Row]) -> Html:
        largest = max((row["users"] for row in rows), default=0) or 1
        lines = [
            (
                app_mark(row["app_id"]),
                share(row["users"] / largest, foreign(row["value"], "unknown")),
                wording.number(row["users"]),
                wording.brief(row["engaged_ms_per_user"]),
                wording.number(row["conversions"]),
                wording.money(row["revenue_cents"]),
            )
            for row in rows
        ]
        heads = ("Site", "Plan", "Users", "Engaged, each", "Conversions", "Revenue")
        return table("ff-plans", heads, lines, numeric=range(2, 6)) if lines else empty("Nobody was logged in.")

    return panel("Users by plan", _PLANS, reading, draw)


def _cities(reading: Reading[list[Row]], known: list[City]) -> Html:
    if reading.value is None:
        return empty(reading.trouble or PENDING)
    if not known:
        return empty("No visit began in a known city.")
    lines = [
        (
            share(city.share, foreign(city.city)),
            foreign(world_map.name(city.country) if city.country else None),
            wording.number(city.page_views),
        )
        for city in known[:_SHOWN]
    ]
    shown = table("ff-cities", ("City", "Country", "Views"), lines, numeric=(2,))
    if len(reading.value) >= CITIES:  # the answer does not hold all of them
        return join(shown, empty("and many others."))
    return join(shown, others(len(lines), len(known)))
