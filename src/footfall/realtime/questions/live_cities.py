"""The cities from which pages are viewed now."""

from collections import defaultdict
from typing import Any

from footfall.events.times import MINUTE_MS
from footfall.metrics.activity import first_minute
from footfall.questions.model import Question
from footfall.questions.sources import Context
from footfall.realtime import aggregate_reader
from footfall.realtime.questions import HBASE, _apps
from footfall.realtime.store import HBaseStore
from footfall.realtime.tables import City, city_of

_LISTED_MINUTES = 30
_COUNTED_MINUTES = 5

# App, country, city.
_CityKey = tuple[str, str, City]


def run(context: Context[HBaseStore], app: str | None) -> list[dict[str, Any]]:
    """Rows of `live-cities`. Raises HBaseUnavailable."""
    apps = _apps.apps(context, app)
    now = context.now_ms // MINUTE_MS
    counted: dict[_CityKey, int] = defaultdict(int)
    listed: dict[_CityKey, int] = defaultdict(int)
    since = first_minute(now, _LISTED_MINUTES)
    for key, merged, _ in aggregate_reader.figures(context.store, apps, "country", since, now + 1):
        for text, page_views in merged.cities.items():
            place = key.app_id, key.value, city_of(text)
            listed[place] += page_views
            if key.minute >= first_minute(now, _COUNTED_MINUTES):
                counted[place] += page_views
    return [
        {
            "app_id": app_id,
            "country": country or None,
            "city": city.name,
            "latitude": city.latitude,
            "longitude": city.longitude,
            "page_views_5m": counted[app_id, country, city],
            "page_views_30m": listed[app_id, country, city],
        }
        for app_id, country, city in sorted(
            listed, key=lambda place: (-counted[place], -listed[place], *_tie_breaker(place))
        )
    ]


def _tie_breaker(place: _CityKey) -> tuple[str, str, str, float, float]:
    """The order of ties. A city with unknown coordinates comes first, as unknown countries do."""
    app_id, country, city = place
    latitude, longitude = (float("-inf") if degrees is None else degrees for degrees in city[1:])
    return app_id, country, city.name, latitude, longitude


QUESTION = Question(
    "live-cities",
    __doc__,
    columns=("app_id", "country", "city", "latitude", "longitude", "page_views_5m", "page_views_30m"),
    parameters=(_apps.APP,),
    source=HBASE,
    run=run,
    when_empty="No page was viewed from a known city in the last half hour. An event without consent has no city.",
)
