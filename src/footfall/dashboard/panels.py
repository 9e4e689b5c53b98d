"""The live page's panels as HTML. Pure: readings in, HTML out; nothing here asks an engine or draws a widget."""

from collections.abc import Callable, Iterator, Sequence

from footfall.dashboard import wording, world_map
from footfall.dashboard.components import app_mark, empty, others, panel, share, table
from footfall.dashboard.data import Reading
from footfall.dashboard.figures import (
    ALL,
    City,
    Minute,
    Ranked,
    Site,
    as_of_ms,
    city_views,
    minutes,
    of_site,
    places,
    ranked,
    sites,
    usual,
    visit_pages,
)
from footfall.dashboard.markup import Html, foreign, join, local_link, prose, tag
from footfall.dashboard.recent_views import PageView
from footfall.events.geo import ATTRIBUTION
from footfall.events.times import parse_rfc3339_ms
from footfall.lags import ConsumerLag
from footfall.questions import Row

_SHOWN_VIEWS = 18
_SHOWN_ERRORS = 8
_SHOWN_PLACES = 8
# One error in a minute of a quiet site is no news.
_ORDINARY_RATE = 0.02

_STORES = {
    "live": "Live figures (HBase)",
    "archive": "Archive (HDFS)",
    "windows": "Windows (HDFS)",
    "logs": "Log lines (Flume)",
}
_LOST = "This page hears nothing from the dashboard: what it shows is old. It goes on by itself."
_WITHOUT_HBASE = "Nothing is lost: events are still taken in, kept, and counted when it is back."
_WITHOUT_KAFKA = "Nothing is lost: the sites keep on disk what they receive until it is back."

_MAP_KEY = tag(
    "figcaption",
    tag("span", tag("i", class_="ff-country"), "People, by country"),
    tag("span", tag("i", class_="ff-city"), "Cities pages are viewed from"),
)


def header(active: Reading[list[Row]], now_ms: int) -> Html:
    """The page's title and, in words, how old its figures are."""
    if active.value is None and active.trouble is None:
        state, sentence = "waiting", "Reading the first figures …"
    elif active.value is None:
        state, sentence = "behind", "There are no live figures at the moment; the panels below say why."
    elif active.trouble is not None:
        state, sentence = "behind", wording.unread(as_of_ms(active.value), now_ms)
    else:
        state, sentence = wording.age(as_of_ms(active.value), now_ms)
    return tag(
        "div",
        tag("h1", "Footfall", tag("small", "Live")),
        tag("p", tag("i", class_="ff-dot", aria_hidden="true"), prose(sentence), class_="ff-age"),
        # The style sheet shows this sentence when no new head has come for a while: with the connection gone nothing
        # else would take "Live" back. The time makes each head another one.
        tag("p", _LOST, class_="ff-lost", role="status", data_drawn=now_ms),
        class_=f"ff-head ff-{state}",
    )


def now(active: Reading[list[Row]], metrics: Reading[list[Row]], now_ms: int, app: str | None) -> Html:
    """Who is active, how much is happening and how well, each with the last hour of it. app: None for all sites."""

    def draw(rows: list[Row]) -> Html:
        at_ms = as_of_ms(rows) or now_ms
        lines = sites(rows, metrics.value or [], at_ms)
        chosen = next(line for line in lines if line.app_id == (app or ALL))
        hour = minutes(of_site(metrics.value or [], app), at_ms)
        last = next((minute for minute in reversed(hour) if minute.is_complete and minute.events), None)
        return join(
            tag("div", *_tiles(chosen, hour, last, metrics.value is None), class_="ff-bigs"),
            _sites_table([line for line in lines if app in (None, line.app_id)]),
        )

    return panel(
        "Active now",
        "People only; bots stand apart. Times are UTC; error rate and p95 are of the last full minute.",
        active,
        draw,
        _WITHOUT_HBASE,
    )


def pages(reading: Reading[list[Row]], at_ms: int, app: str | None = None) -> Html:
    """The most viewed pages. at_ms: until when they are counted, epoch ms. app: None for all sites."""
    return _top("Top pages", reading, at_ms, "Page", 8, app)


def sections(reading: Reading[list[Row]], at_ms: int, app: str | None = None) -> Html:
    """The most viewed sections. at_ms, app: as in `pages`."""
    return _top("Top sections", reading, at_ms, "Section", 6, app)


def where(countries: Reading[list[Row]], cities: Reading[list[Row]], app: str | None) -> Html:
    """Where people are, on the map, by country and by city. app: None for all sites."""

    def draw(rows: list[Row]) -> Html:
        found = places(of_site(rows, app))
        if not found:
            return join(world_map.chart([], []), empty("Nobody whose place is known was active in the last 5 minutes."))
        viewing = city_views(of_site(cities.value or [], app))
        lines = [
            (share(place.share, foreign(world_map.name(place.country))), wording.number(place.people))
            for place in found[:_SHOWN_PLACES]
        ]
        shown = table("ff-places", ("Country", "People"), lines, numeric=(1,))
        listed = tag("div", shown, others(len(lines), len(found)))
        inside = tag("figure", world_map.chart(found, viewing), _MAP_KEY), listed, tag("div", _cities(cities, viewing))
        return join(tag("div", *inside, class_="ff-where"), _places())

    return panel(
        "Where from",
        "People active in the last 5 minutes, and the page views by city of those who gave consent.",
        countries,
        draw,
        _WITHOUT_HBASE,
    )


def visits(reading: Reading[list[Row]], app: str | None) -> Html:
    """On which pages visits begin and on which they end. app: None for all sites."""
    begin = _visit_pages(
        "Where visits begin",
        "Visits that began in the last half hour, by their first page.",
        reading,
        "entries_30m",
        "No visit began in the last half hour.",
        app,
    )
    end = _visit_pages(
        "Where visits end",
        "Visits over in the last half hour, by their last page; a visit is over after half an hour without another "
        "page.",
        reading,
        "exits_30m",
        "No visit was over in the last half hour. One is over only after half an hour without another page: after a "
        "start it takes up to an hour until the first stand here.",
        app,
    )
    return tag("div", begin, end, class_="ff-pair")


def errors(reading: Reading[list[Row]]) -> Html:
    """What fails at the moment."""
    return panel(
        "Errors",
        "Pages and browsers, last hour; counts of the last 5 minutes.",
        reading,
        lambda rows: error_lines(rows) if rows else empty("No errors in the last hour."),
    )


def error_lines(rows: list[Row]) -> Html:
    """Rows of `live-errors`, the most urgent first, and how many others there are."""
    # Of those that are equally many, and of the many that are over, the newest says most.
    newest_first = sorted(rows, key=lambda row: str(row["last_at"]), reverse=True)
    by_urgency = sorted(newest_first, key=lambda row: -row["count_5m"])
    lines = [
        (
            tag("span", foreign(row["error_code"]), class_="ff-code"),
            tag("span", foreign(row["error_message"], "no message"), tag("small", foreign(row["page_path"]))),
            wording.number(row["count_5m"]),
            wording.number(row["visitors_5m"]),
            wording.clock(parse_rfc3339_ms(row["last_at"])),
        )
        for row in by_urgency[:_SHOWN_ERRORS]
    ]
    shown = table("ff-errors", ("Code", "What and where", "Times", "People", "Last"), lines, numeric=(2, 3, 4))
    return join(shown, others(len(lines), len(rows)))


def pipeline(reading: Reading[list[ConsumerLag]]) -> Html:
    """How far each store is behind the sites."""

    def draw(lags: list[ConsumerLag]) -> Html:
        if not lags:
            return empty("Nothing runs that could be behind.")
        lines = [
            (
                tag("span", _STORES.get(lag.name, lag.name), tag("small", lag.trouble) if lag.trouble else None),
                "–" if lag.waiting is None else wording.waiting(lag.waiting, lag.unit),
                "–" if lag.age_s is None else wording.duration(round(lag.age_s * 1000)),
            )
            for lag in lags
        ]
        return table("ff-lags", ("Store", "Waiting", "Age of the newest"), lines, numeric=(1, 2))

    return panel("Behind the sites", "What still waits on its way, and how old the newest is.", reading, draw)


def latest(reading: Reading[list[PageView]], app: str | None = None, is_paused: bool = False) -> Html:
    """The newest page views; each leads to its visit. app: None for all sites. is_paused: the reading is kept."""

    def draw(all_views: list[PageView]) -> Html:
        views = [view for view in all_views if app in (None, view.app_id)]
        if not views:
            return empty("No page has been viewed yet. Open one of the sites, or wait for the simulated visitors.")
        lines = [
            (
                tag("time", wording.clock(view.event_ms)),
                app_mark(view.app_id),
                tag(
                    "span",
                    foreign(view.page_title, "untitled"),
                    tag("small", _came(view), foreign(view.page_path), _status(view.http_status)),
                ),
                local_link("session", view.session_id, view.user_id or f"visitor {view.anonymous_id[-6:]}"),
                foreign(view.country),
            )
            for view in views[:_SHOWN_VIEWS]
        ]
        shown = table("ff-stream", ("Time", "Site", "Page", "Who", "Country"), lines)
        return join(shown, _places() if any(view.country for view in views[:_SHOWN_VIEWS]) else None)

    return panel(
        "Latest navigation",
        "Paused. Choose one to see the visit."
        if is_paused
        else "The newest page views of people. Choose one to see the visit.",
        reading,
        draw,
        _WITHOUT_KAFKA,
    )


def _cities(reading: Reading[list[Row]], viewing: list[City]) -> Html:
    if reading.value is None:
        return empty(reading.trouble or "Reading the first figures …")
    if not viewing:
        return empty("No page was viewed from a known city in the last 5 minutes.")
    lines = [
        (
            share(city.share, foreign(city.city)),
            foreign(world_map.name(city.country) if city.country else None),
            wording.number(city.page_views),
        )
        for city in viewing[:_SHOWN_PLACES]
    ]
    shown = table("ff-cities", ("City", "Country", "Views"), lines, numeric=(2,))
    return join(shown, others(len(lines), len(viewing)))


def _visit_pages(
    title: str, note: str, reading: Reading[list[Row]], counted: str, nothing: str, app: str | None
) -> Html:
    def draw(rows: list[Row]) -> Html:
        lines = [
            (app_mark(line.app_id), share(line.share, foreign(line.page_path)), wording.number(line.visits))
            for line in visit_pages(of_site(rows, app), counted)
        ]
        return table("ff-ranking", ("Site", "Page", "Visits"), lines, numeric=(2,)) if lines else empty(nothing)

    return panel(title, note, reading, draw)


def _places() -> Html:
    """Who knows the places; its licence asks for it, with a link, wherever one is shown."""
    link = tag("a", ATTRIBUTION, href="https://db-ip.com", target="_blank", rel="noopener noreferrer")
    return tag("p", link, class_="ff-source")


def _came(view: PageView) -> Html | None:
    if not view.previous_path or view.previous_path == view.page_path:
        return None
    return tag("span", foreign(view.previous_path), " → ", class_="ff-from")


def _status(status: int | None) -> Html | None:
    return tag("b", f" {status}", class_="ff-bad") if status is not None and status >= 400 else None


def _sites_table(sites_: list[Site]) -> Html:
    lines = [
        (
            app_mark(site.app_id),
            wording.number(site.active_1m),
            wording.number(site.active_5m),
            wording.number(site.active_30m),
            wording.number(site.bots_5m),
            wording.per_second(site.events_per_s),
            wording.percent(site.error_rate),
            f"{wording.number(site.p95_ms)} ms" if site.p95_ms is not None else "–",
        )
        for site in sites_
    ]
    heads = ("Site", "1 min", "5 min", "30 min", "Bots, 5 min", "Events/s", "Error rate", "p95")
    return table("ff-sites", heads, lines, numeric=range(1, 8))


def _tiles(chosen: Site, hour: list[Minute], last: Minute | None, unread: bool) -> Iterator[Html]:
    """Four figures, each beside its last hour and what is usual in it. unread: the hour could not be read yet."""
    past = [minute for minute in hour if minute.is_complete and minute.events]
    rates = [minute.per_second for minute in past]
    yield _tile(
        wording.number(chosen.active_5m),
        "people active",
        f"{wording.number(chosen.active_1m)} in the last minute, {wording.number(chosen.active_30m)} in the last 30",
        _bars(hour, [minute.visitors for minute in hour], "People, minute by minute", wording.number),
        True,
    )
    yield _tile(
        wording.per_second(chosen.events_per_s),
        "events per second",
        _usual(rates, chosen.events_per_s, wording.per_second),
        _bars(hour, [minute.per_second for minute in hour], "Events per second", wording.per_second),
        _is_usual(rates, chosen.events_per_s),
    )
    failing = [minute.error_rate for minute in past if minute is not last]
    failed = None if unread or last is None else last.error_rate
    yield _tile(
        wording.percent(failed),
        "error rate",
        _usual(failing, failed, wording.percent, _ORDINARY_RATE),
        _bars(hour, [minute.error_rate for minute in hour], "Error rate", wording.percent, least=_ORDINARY_RATE),
        _is_usual(failing, failed, _ORDINARY_RATE),
    )
    slow = [minute.p95_ms for minute in past if minute is not last]
    p95_ms = None if unread or last is None else last.p95_ms
    yield _tile(
        _ms(p95_ms),
        "response, p95" if chosen.app_id != ALL else "response, p95 of the slowest site",
        _usual(slow, p95_ms, _ms),
        _bars(hour, [minute.p95_ms for minute in hour], "Response time, p95", _ms),
        _is_usual(slow, p95_ms),
    )


def _tile(value: str, what: str, said: str, hour: Html, is_usual: bool) -> Html:
    return tag(
        "div",
        tag("p", tag("strong", value, class_=None if is_usual else "ff-far"), tag("span", what), tag("small", said)),
        hour,
    )


def _usual(
    past: Sequence[float | None], value: float | None, word: Callable[[float | None], str], least: float = 0.0
) -> str:
    known = usual(past)
    if known is None:
        return "what is usual shows after ten minutes"
    said = "usually" if _is_usual(past, value, least) else "far from usual:"
    return f"{said} {word(known.low)} to {word(known.high)}"


def _is_usual(past: Sequence[float | None], value: float | None, least: float = 0.0) -> bool:
    """least: values up to that are never far."""
    known = usual(past)
    return known is None or value is None or value <= least or not known.is_far(value)


def _ms(value: float | None) -> str:
    return f"{wording.number(value)} ms" if value is not None else "–"


def _bars(
    hour: list[Minute],
    values: Sequence[float | None],
    what: str,
    word: Callable[[float | None], str],
    least: float = 0.0,
) -> Html:
    """An hour as bars. least: a scale that ends below it would make much of nothing."""
    # Of full minutes, so that a minute's lively first second does not press the hour flat.
    full = [value or 0.0 for minute, value in zip(hour, values, strict=True) if minute.is_complete]
    peak = max(full, default=0.0)
    scale = max(peak, least) or max((value or 0.0 for value in values), default=0.0) or 1.0
    bars = [
        tag(
            "i",
            style=f"height:{min(100, max(2, round(100 * (value or 0.0) / scale)))}%",
            title=f"{wording.clock(minute.minute_ms)[:5]} UTC: {word(value)}{'' if minute.is_complete else ' so far'}",
            class_=None if minute.is_complete else "ff-partial",
        )
        for minute, value in zip(hour, values, strict=True)
    ]
    first = wording.clock(hour[0].minute_ms)[:5]
    said = f"{what}; peak {word(peak)}"
    return tag(
        "figure",
        tag("div", *bars, class_="ff-bars", role="img", aria_label=f"{said}, since {first} UTC."),
        tag("figcaption", tag("span", first), tag("span", f"peak {word(peak)}"), tag("span", "now")),
    )


def _top(title: str, reading: Reading[list[Row]], at_ms: int, what: str, limit: int, app: str | None) -> Html:
    def draw(rows: list[Row]) -> Html:
        return _ranking(of_site(rows, app), at_ms, what, limit)

    return panel(title, "Views of the last 5 minutes, and against the 5 before where that is no chance.", reading, draw)


def _ranking(rows: list[Row], at_ms: int, what: str, limit: int) -> Html:
    best: list[Ranked] = ranked(rows, at_ms, limit)
    if not best:
        return empty("Nothing was viewed in the last 5 minutes.")
    lines = [
        (
            app_mark(line.app_id),
            share(line.share, foreign(line.value)),
            wording.number(line.page_views),
            _change(line.change),
            tag("b", wording.number(line.errors), class_="ff-bad") if line.errors else "0",
        )
        for line in best
    ]
    return table("ff-ranking", ("Site", what, "Views", "", "Errors"), lines, numeric=(2, 3, 4))


def _change(change: float | None) -> Html | None:
    if change is None:
        return None
    word, mark = ("up", "▲") if change > 0 else ("down", "▼")
    return tag("span", f"{mark} {abs(change):.0%}", class_="ff-change", aria_label=f"{word} {abs(change):.0%}")
