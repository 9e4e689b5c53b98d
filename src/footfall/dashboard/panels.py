"""The live page's panels as HTML. Pure: readings in, HTML out; nothing here asks an engine or draws a widget."""

from footfall.dashboard import wording
from footfall.dashboard.components import app_mark, empty, panel, table
from footfall.dashboard.data import Reading, Row
from footfall.dashboard.figures import Ranked, Site, as_of_ms, minutes, ranked, sites
from footfall.dashboard.latest import PageView
from footfall.dashboard.markup import Html, foreign, join, local_link, prose, tag
from footfall.events.geo import ATTRIBUTION
from footfall.events.times import parse_rfc3339_ms
from footfall.lags import Lag

_SHOWN_VIEWS = 18
_SHOWN_ERRORS = 8

_STORES = {
    "live": "Live figures (HBase)",
    "archive": "Archive (HDFS)",
    "windows": "Windows (HDFS)",
    "logs": "Log lines (Flume)",
}
_LOST = "This page hears nothing from the dashboard: what it shows is old. It goes on by itself."
_WITHOUT_HBASE = "Nothing is lost: events are still taken in, kept, and counted when it is back."
_WITHOUT_KAFKA = "Nothing is lost: the sites keep on disk what they receive until it is back."


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


def now(active: Reading[list[Row]], metrics: Reading[list[Row]], now_ms: int) -> Html:
    """Who is active, how much is happening, and the last hour of it."""

    def draw(rows: list[Row]) -> Html:
        measured = metrics.value or []
        at_ms = as_of_ms(rows) or now_ms
        lines = sites(rows, measured, at_ms)
        everyone = lines[0]
        big = tag(
            "div",
            _big(wording.number(everyone.active_1m), "people active", "in the last minute"),
            _big(wording.number(everyone.active_5m), "people active", "in the last 5 minutes"),
            _big(wording.number(everyone.active_30m), "people active", "in the last 30 minutes"),
            _big(wording.per_second(everyone.events_per_s), "events per second", "over the last two minutes"),
            class_="ff-bigs",
        )
        return join(big, _bars(measured, at_ms), _sites_table(lines))

    return panel(
        "Active now",
        "People only; bots stand apart. Times are UTC; error rate and p95 are of the last full minute.",
        active,
        draw,
        _WITHOUT_HBASE,
    )


def pages(reading: Reading[list[Row]]) -> Html:
    """The most viewed pages."""
    return panel("Top pages", "Page views of the last 5 minutes.", reading, lambda rows: _ranking(rows, "Page", 8))


def sections(reading: Reading[list[Row]]) -> Html:
    """The most viewed sections."""
    return panel(
        "Top sections", "Page views of the last 5 minutes.", reading, lambda rows: _ranking(rows, "Section", 6)
    )


def errors(reading: Reading[list[Row]]) -> Html:
    """What fails at the moment."""

    def draw(rows: list[Row]) -> Html:
        if not rows:
            return empty("No errors in the last hour.")
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
        more = len(rows) - len(lines)
        shown = table("ff-errors", ("Code", "What and where", "Times", "People", "Last"), lines, numeric=(2, 3, 4))
        return join(shown, empty(f"and {wording.counted(more, 'other')}.") if more else None)

    return panel("Errors", "Pages and browsers, last hour; counts of the last 5 minutes.", reading, draw)


def pipeline(reading: Reading[list[Lag]]) -> Html:
    """How far each store is behind the sites."""

    def draw(lags: list[Lag]) -> Html:
        if not lags:
            return empty("Nothing runs that could be behind.")
        lines = [
            (
                tag("span", _STORES[lag.name], tag("small", lag.trouble) if lag.trouble else None),
                "–" if lag.waiting is None else wording.waiting(lag.waiting, lag.unit),
                "–" if lag.age_s is None else wording.duration(round(lag.age_s * 1000)),
            )
            for lag in lags
        ]
        return table("ff-lags", ("Store", "Waiting", "Age of the newest"), lines, numeric=(1, 2))

    return panel("Behind the sites", "What still waits on its way, and how old the newest is.", reading, draw)


def latest(reading: Reading[list[PageView]]) -> Html:
    """The newest page views over all visitors; each leads to its visit."""

    def draw(views: list[PageView]) -> Html:
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
        "The newest page views of people. Choose one to see the visit.",
        reading,
        draw,
        _WITHOUT_KAFKA,
    )


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


def _bars(metrics: list[Row], at_ms: int) -> Html:
    series = minutes(metrics, at_ms)
    # Of full minutes, so that a minute's lively first second does not press the hour flat.
    peak = max((minute.per_second for minute in series if minute.is_complete), default=0.0)
    scale = peak or max(minute.per_second for minute in series) or 1.0
    bars = [
        tag(
            "i",
            style=f"height:{min(100, max(2, round(100 * minute.per_second / scale)))}%",
            title=f"{wording.clock(minute.minute_ms)[:5]} UTC: {wording.per_second(minute.per_second)} events per "
            + ("second" if minute.is_complete else "second so far"),
            class_=None if minute.is_complete else "ff-partial",
        )
        for minute in series
    ]
    first = wording.clock(series[0].minute_ms)[:5]
    said = f"Events per second, minute by minute; peak {wording.per_second(peak)}"
    return tag(
        "figure",
        tag("div", *bars, class_="ff-bars", role="img", aria_label=f"{said}, since {first} UTC."),
        tag("figcaption", tag("span", first), tag("span", said), tag("span", "now")),
    )


def _ranking(rows: list[Row], what: str, limit: int) -> Html:
    best: list[Ranked] = ranked(rows, limit)
    if not best:
        return empty("Nothing was viewed in the last 5 minutes.")
    lines = [
        (
            app_mark(line.app_id),
            tag("span", tag("i", style=f"width:{line.share * 100:.0f}%"), foreign(line.value), class_="ff-share"),
            wording.number(line.page_views),
            tag("b", wording.number(line.errors), class_="ff-bad") if line.errors else "0",
        )
        for line in best
    ]
    return table("ff-ranking", ("Site", what, "Views", "Errors"), lines, numeric=(2, 3))


def _big(value: str, what: str, when: str) -> Html:
    return tag("p", tag("strong", value), tag("span", what), tag("small", when))
