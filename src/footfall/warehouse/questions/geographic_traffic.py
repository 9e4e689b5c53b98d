"""Where the visits of past days came from."""

from datetime import date
from typing import Any, Final

from footfall.questions import parameters
from footfall.questions.model import Question, Row
from footfall.questions.sources import Context
from footfall.warehouse.questions._rows import ordered, ratio, summed
from footfall.warehouse.questions._warehouse import HEAD, WAREHOUSE, R, Span, Warehouse, span
from footfall.warehouse.tables import DAY_GEOGRAPHY, DAY_SUMMARY

_LEVELS: Final = {"country": ("country",), "region": ("country", "region"), "city": ("country", "region", "city")}
_PLACE: Final = ("country", "region", "city")
_KEY: Final = ("app_id", *_PLACE)
_COUNTS: Final = ("page_views", "visits", "engaged_ms", "bounces", "errors", "attempts")


def run(
    context: Context[Warehouse],
    day: date | None,
    first: date | None,
    last: date | None,
    app: str | None,
    bots: str,
    limit: int | None,
    by: str,
) -> list[Row]:
    """Rows of `geographic-traffic`. Raises UnknownValue, HiveUnavailable and HdfsUnavailable."""
    asked = span(context, day, first, last, app, bots)
    rows = context.store.records(DAY_GEOGRAPHY, asked, f"place_level = '{by}'")  # one of the fixed choices
    visits = summed(context.store.records(DAY_SUMMARY, asked), ("app_id",), ("visits",))
    if asked.is_day:
        visitors = {tuple(row[name] for name in _KEY): row["visitors"] for row in rows}
    else:
        visitors = _visitors(context.store, asked, by)
    points: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for row in rows:
        if row["latitude"] is not None and row["longitude"] is not None:
            key = tuple(row[name] for name in _KEY)
            points.setdefault(key, []).append((row["latitude"], row["longitude"]))
    answer = []
    for key, total in summed(rows, _KEY, _COUNTS).items():
        latitude, longitude = min(points[key]) if key in points else (None, None)
        answer.append(
            {
                **asked.head(total["app_id"]),
                **{name: total[name] for name in _PLACE},
                "latitude": latitude,
                "longitude": longitude,
                "page_views": total["page_views"],
                "visits": total["visits"],
                "visitors": visitors.get(key, 0),
                "engaged_ms": total["engaged_ms"],
                "visit_share": ratio(total["visits"], visits[(total["app_id"],)]["visits"]),
                "bounce_rate": ratio(total["bounces"], total["visits"]),
                "error_rate": ratio(total["errors"], total["attempts"]),
            }
        )
    return ordered(answer, "visits", _KEY, limit)


def _visitors(store: Warehouse, asked: Span, by: str) -> dict[tuple[Any, ...], int]:
    """The distinct visitors of each place over a range, from the page views of its visits."""
    columns = _LEVELS[by]
    chosen = ", ".join(f"t.{name}" for name in columns)
    visit = "visit_id_all" if asked.population == "all" else "visit_id"
    condition, values = asked.of_facts("v")
    select = (
        f"SELECT v.app_id, {chosen}, count(DISTINCT v.anonymous_id) FROM fact_page_views v JOIN fact_visits t "
        f"ON t.dt = v.dt AND t.visit_id = v.{visit} AND t.population = '{asked.population}' "
        f"WHERE {condition} GROUP BY v.app_id, {chosen}"
    )
    found = {}
    for site, *place, n in store.rows(select, asked.partitions, values):
        key = (site, *place, *[None] * (len(_PLACE) - len(columns)))
        found[key] = n
    return found


QUESTION = Question(
    "geographic-traffic",
    __doc__,
    columns=(
        *HEAD,
        *_PLACE,
        "latitude",
        "longitude",
        "page_views",
        "visits",
        "visitors",
        "engaged_ms",
        "visit_share",
        "bounce_rate",
        "error_rate",
    ),
    parameters=(*R, parameters.by("country", "region", "city")),
    source=WAREHOUSE,
    run=run,
    when_empty="There was no such visit on these days. By city, an event without consent has no place.",
)
