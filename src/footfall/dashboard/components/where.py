"""The panel "Where from": the map, the countries and the cities."""

from footfall.dashboard import wording
from footfall.dashboard.components import world_map
from footfall.dashboard.components.parts import PENDING, WITHOUT_HBASE, attribution, empty, others, panel, share, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.figures import City, city_views, of_site, places
from footfall.dashboard.markup import Html, foreign, join, tag
from footfall.questions.model import Row

_SHOWN = 8

_MAP_KEY = tag(
    "figcaption",
    tag("span", tag("i", class_="ff-country"), "People, by country"),
    tag("span", tag("i", class_="ff-city"), "Page views, by city"),
)


def where_panel(countries: Reading[list[Row]], cities: Reading[list[Row]], app: str | None) -> Html:
    """Where people are, on the map, by country and by city. app: None for all sites."""

    def draw(rows: list[Row]) -> Html:
        found = places(of_site(rows, app))
        if not found:
            return join(
                world_map.chart([], []), empty("No person with a known location was active in the last 5 minutes.")
            )
        viewing = city_views(of_site(cities.value or [], app))
        lines = [
            (share(place.share, foreign(world_map.name(place.country))), wording.number(place.people))
            for place in found[:_SHOWN]
        ]
        shown = table("ff-places", ("Country", "People"), lines, numeric=(1,))
        listed = tag("div", shown, others(len(lines), len(found)))
        inside = tag("figure", world_map.chart(found, viewing), _MAP_KEY), listed, tag("div", _cities(cities, viewing))
        return join(tag("div", *inside, class_="ff-where"), attribution())

    return panel(
        "Where from",
        "People active in the last 5 minutes, by country; page views by city, from people who gave consent.",
        countries,
        draw,
        WITHOUT_HBASE,
    )


def _cities(reading: Reading[list[Row]], viewing: list[City]) -> Html:
    if reading.value is None:
        return empty(reading.trouble or PENDING)
    if not viewing:
        return empty("No page was viewed from a known city in the last 5 minutes.")
    lines = [
        (
            share(city.share, foreign(city.city)),
            foreign(world_map.name(city.country) if city.country else None),
            wording.number(city.page_views),
        )
        for city in viewing[:_SHOWN]
    ]
    shown = table("ff-cities", ("City", "Country", "Views"), lines, numeric=(2,))
    return join(shown, others(len(lines), len(viewing)))
