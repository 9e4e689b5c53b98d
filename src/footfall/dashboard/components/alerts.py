"""Alerts as HTML: what is out of the ordinary, and of one of them what lies behind it. Pure but for its questions."""

from footfall.dashboard import wording
from footfall.dashboard.components.errors import errors_table
from footfall.dashboard.components.parts import app_mark, empty, others, panel
from footfall.dashboard.data.readings import Reading, Readings
from footfall.dashboard.figures import of_site
from footfall.dashboard.markup import Html, foreign, join, local_link, prose, tag
from footfall.events.times import parse_rfc3339_ms
from footfall.notify import sentences
from footfall.questions.model import Row

_SHOWN_OPEN = 6
_SHOWN_OVER = 3
_OVER_MS = 6 * 3_600_000
_CALM = "Nothing is out of the ordinary. A site is judged as soon as five minutes of it are known."
# Where a cause shows that has no request of its own.
_WHERE = {
    "drop": "`./footfall status` says whether the site and its visitors run.",
    "bots": "Bots, 5 min among the sites' figures counts them; their visits are not in any other figure.",
    "rejects": "`./footfall rejects` lists them with their reasons.",
}
_LOGGED = {"errors": "error", "slow": "performance"}


def alerts_panel(reading: Reading[list[Row]], now_ms: int, app: str | None = None) -> Html:
    """What is open, the newest first, and what ended in the last hours. app: None for all sites."""

    def draw(all_rows: list[Row]) -> Html:
        rows = of_site(all_rows, app)
        opened = [row for row in rows if row["state"] == "open"]
        over = [row for row in rows if row["resolved_at"] and now_ms - parse_rfc3339_ms(row["resolved_at"]) < _OVER_MS]
        over.sort(key=lambda row: str(row["resolved_at"]), reverse=True)
        if not opened and not over:
            return empty(_CALM)
        return join(
            empty("Nothing is out of the ordinary at the moment.") if not opened else None,
            tag(
                "div",
                *(_card(row, now_ms) for row in opened[:_SHOWN_OPEN]),
                others(_SHOWN_OPEN, len(opened)),
                *(_card(row, now_ms) for row in over[:_SHOWN_OVER]),
                class_="ff-alerts",
            ),
        )

    return panel("Alerts", "Compared with the half hour before; ended ones stay for six hours.", reading, draw)


def alert_details(readings: Readings, alert_id: str, now_ms: int) -> Html:
    """One alert with what lies behind it: the errors of its place, and the log line of its sample request."""
    reading = readings.alerts()
    row = next((row for row in reading.value or [] if row["alert_id"] == alert_id), None)
    close = tag("a", "Close", href="?", target="_self")
    if row is None:
        if reading.value is None:
            return panel("Alert", close, reading, lambda _: join())
        said = "There is no such alert; they are kept for some days after they ended."
        return panel("Not found", close, Reading(join(empty(said)), None), lambda drawn: drawn)
    return tag(
        "div",
        panel("Alert", close, Reading(row, None), lambda one: join(_card(one, now_ms, linked=False), _hint(one))),
        _errors(readings, row) if row["kind"] == "errors" else None,
        _logged(readings, row) if row["kind"] in _LOGGED and row["sample_request_id"] else None,
        class_="ff-stack",
    )


def _card(row: Row, now_ms: int, linked: bool = True) -> Html:
    started_ms = parse_rfc3339_ms(row["started_at"])
    is_open = row["state"] == "open"
    end_ms = now_ms if is_open else parse_rfc3339_ms(row["resolved_at"])
    lasted = wording.duration(end_ms - started_ms)
    when = f"since {wording.moment(started_ms)} UTC, {lasted}" if is_open else f"ended after {lasted}"
    if not is_open:
        when += f", at {wording.moment(end_ms)} UTC"
    return tag(
        "article",
        tag(
            "p",
            tag("b", row["severity"] if is_open else "over", class_="ff-severity"),
            tag("strong", foreign(sentences.title(row))),
        ),
        tag("p", sentences.evidence(row)),
        tag(
            "p",
            when,
            " · " if linked else None,
            local_link("alert", row["alert_id"], "What lies behind it") if linked else None,
        ),
        class_=f"ff-alert ff-{row['severity'] if is_open else 'over'}",
    )


def _hint(row: Row) -> Html | None:
    said = _WHERE.get(row["kind"])
    return tag("p", prose(said), class_="ff-empty") if said else None


def _errors(readings: Readings, row: Row) -> Html:
    def draw(rows: list[Row]) -> Html:
        here = [one for one in rows if row["page_path"] in (None, one["page_path"])]
        return errors_table(here) if here else empty("No error of the last hour is known there any more.")

    return panel("Errors there", "Last hour; counts of the last 5 minutes.", readings.errors(row["app_id"]), draw)


def _logged(readings: Readings, row: Row) -> Html:
    def draw(rows: list[Row]) -> Html:
        found = [one for one in rows if one["request_id"] == row["sample_request_id"]]
        if not found:
            return empty("Its line has not come through Flume yet, or newer ones have taken its place.")
        one = found[0]
        return join(
            tag(
                "p",
                app_mark(one["app_id"]),
                f" {wording.moment(parse_rfc3339_ms(one['logged_at']))} UTC · ",
                foreign(one["page_path"]),
                f" · status {one['status']}" if one["status"] else None,
                f" · {wording.number(one['duration_us'] / 1000)} ms" if one["duration_us"] is not None else None,
                class_="ff-summary",
            ),
            tag("pre", foreign(one["message"], "no message")) if one["message"] else None,
        )

    note = join("Request ", foreign(row["sample_request_id"]), f", from the {_LOGGED[row['kind']]} log in HDFS.")
    return panel("A request that shows it", note, readings.logged(row["app_id"], _LOGGED[row["kind"]]), draw)
