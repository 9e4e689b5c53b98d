"""The panel "Active now": four figures, each with its last hour as bars, and the table of sites."""

from collections.abc import Callable, Iterator, Sequence

from footfall.dashboard import wording
from footfall.dashboard.components.parts import WITHOUT_HBASE, app_mark, panel, table
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.figures import ALL, Minute, Site, as_of_ms, last_full, minutes, of_site, sites, usual
from footfall.dashboard.markup import Html, join, tag
from footfall.questions.model import Row

# A single error in one minute of a quiet site is not worth attention.
_ORDINARY_RATE = 0.02


def now_panel(
    active: Reading[list[Row]], metrics: Reading[list[Row]], now_ms: int, app: str | None, registered: Sequence[str]
) -> Html:
    """How many people are active, how many events arrive, how many fail and how fast pages are, with the last hour.

    app: None for all sites. registered: the sites that have a line even while nothing happens there.
    """

    def draw(rows: list[Row]) -> Html:
        at_ms = as_of_ms(rows) or now_ms
        lines = sites(rows, metrics.value or [], at_ms, registered if app is None else [*registered, app])
        chosen = next(line for line in lines if line.app_id == (app or ALL))
        hour = minutes(of_site(metrics.value or [], app), at_ms)
        return join(
            tag("div", *_tiles(chosen, hour, last_full(hour), metrics.value is None), class_="ff-bigs"),
            _sites_table([line for line in lines if app in (None, line.app_id)]),
        )

    return panel(
        "Active now",
        "People only; bots have their own column. Times are UTC. Error rate and p95 are of the last full minute. "
        "The p95 of all sites is that of the slowest.",
        active,
        draw,
        WITHOUT_HBASE,
    )


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
            wording.milliseconds(site.p95_ms),
        )
        for site in sites_
    ]
    heads = ("Site", "1 min", "5 min", "30 min", "Bots, 5 min", "Events/s", "Error rate", "p95")
    return table("ff-sites", heads, lines, numeric=range(1, 8))


def _tiles(chosen: Site, hour: list[Minute], last: Minute | None, is_unread: bool) -> Iterator[Html]:
    """Four figures, each with its last hour and its usual range.

    last: the last complete minute with events. is_unread: no answer about the hour has arrived yet.
    """
    past = [minute for minute in hour if minute.is_complete and minute.events]
    rates = [minute.per_second for minute in past]
    yield _tile(
        wording.number(chosen.active_5m),
        "people active in 5 minutes",
        f"{wording.number(chosen.active_1m)} in the last minute, {wording.number(chosen.active_30m)} in the last 30",
        _bars(hour, [minute.visitors for minute in hour], "People, minute by minute", wording.number),
        True,
    )
    yield _tile(
        wording.per_second(chosen.events_per_s),
        "events per second",
        _comparison(rates, chosen.events_per_s, wording.per_second),
        _bars(hour, [minute.per_second for minute in hour], "Events per second", wording.per_second),
        _is_usual(rates, chosen.events_per_s),
    )
    earlier_rates = [minute.error_rate for minute in past if minute is not last]
    error_rate = None if is_unread or last is None else last.error_rate
    yield _tile(
        wording.percent(error_rate),
        "error rate",
        _comparison(earlier_rates, error_rate, wording.percent, _ORDINARY_RATE),
        _bars(hour, [minute.error_rate for minute in hour], "Error rate", wording.percent, least=_ORDINARY_RATE),
        _is_usual(earlier_rates, error_rate, _ORDINARY_RATE),
    )
    earlier_p95_ms = [minute.p95_ms for minute in past if minute is not last]
    p95_ms = None if is_unread or last is None else last.p95_ms
    yield _tile(
        wording.milliseconds(p95_ms),
        "response, p95" if chosen.app_id != ALL else "response, p95 of the slowest site",
        _comparison(earlier_p95_ms, p95_ms, wording.milliseconds),
        _bars(hour, [minute.p95_ms for minute in hour], "Response time, p95", wording.milliseconds),
        _is_usual(earlier_p95_ms, p95_ms),
    )


def _tile(value: str, unit: str, sentence: str, bars: Html, is_usual: bool) -> Html:
    figure = tag("strong", value, class_=None if is_usual else "ff-far")
    return tag("div", tag("p", figure, tag("span", unit), tag("small", sentence)), bars)


def _comparison(
    past: Sequence[float | None], value: float | None, word: Callable[[float | None], str], least: float = 0.0
) -> str:
    known = usual(past)
    if known is None:
        return "the usual range appears after ten minutes"
    prefix = "usually" if _is_usual(past, value, least) else "far from the usual"
    return f"{prefix} {word(known.low)} to {word(known.high)}"


def _is_usual(past: Sequence[float | None], value: float | None, least: float = 0.0) -> bool:
    """Whether a value is within its usual range or near it. Values up to `least` always are."""
    known = usual(past)
    return known is None or value is None or value <= least or not known.is_far(value)


def _bars(
    hour: list[Minute],
    values: Sequence[float | None],
    title: str,
    word: Callable[[float | None], str],
    least: float = 0.0,
) -> Html:
    """An hour as bars. least: the smallest value that the full height may stand for, so that trifles look small."""
    # The running minute does not set the scale: its first lively seconds would flatten the rest of the hour.
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
    label = f"{title}; peak {word(peak)}, since {first} UTC."
    return tag(
        "figure",
        tag("div", *bars, class_="ff-bars", role="img", aria_label=label),
        tag("figcaption", tag("span", first), tag("span", f"peak {word(peak)}"), tag("span", "now")),
    )
