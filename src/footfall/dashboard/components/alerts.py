"""The panel "Alerts", and the details of one alert."""

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
_SHOWN_ENDED = 3
_ENDED_SHOWN_MS = 6 * 3_600_000
_CALM = "Nothing is out of the ordinary. Alerts for a site begin once five minutes of its events are known."
# Where to look for the cause of an alert that no single request can show.
_HINTS = {
    "drop": "`./footfall status` shows whether the site and its visitors run.",
    "bots": "The column Bots, 5 min in the table of sites counts them. No other figure includes their visits.",
    "rejects": "`./footfall rejects` lists them with their reasons.",
    "values": "A script may make them up. `./footfall query live-metrics --by page` lists the pages that have rows.",
}
_LOGGED = {"errors": "error", "slow": "performance"}


def alerts_panel(reading: Reading[list[Row]], now_ms: int, app: str | None = None) -> Html:
    """Open alerts, the newest first, and those that ended in the last hours. app: None for all sites."""

    def draw(all_rows: list[Row]) -> Html:
        rows = of_site(all_rows, app)
        opened = [row for row in rows if row["state"] == "open"]
        ended = [
            row
            for row in rows
            if row["resolved_at"] and now_ms - parse_rfc3339_ms(row["resolved_at"]) < _ENDED_SHOWN_MS
        ]
        ended.sort(key=lambda row: str(row["resolved_at"]), reverse=True)
        if not opened and not ended:
            return empty(_CALM)
        return join(
            empty("Nothing is out of the ordinary at the moment.") if not opened else None,
            tag(
                "div",
                *(_card(row, now_ms) for row in opened[:_SHOWN_OPEN]),
                others(_SHOWN_OPEN, len(opened)),
                *(_card(row, now_ms) for row in ended[:_SHOWN_ENDED]),
                class_="ff-alerts",
            ),
        )

    return panel(
        "Alerts", "Each compares a site with the half hour before it. Ended alerts stay for six hours.", reading, draw
    )


def alert_details(readings: Readings, alert_id: str, now_ms: int) -> Html:
    """One alert in detail: itself, the errors on its page, and the log line of its sample request."""
    reading = readings.alerts()
    row = next((row for row in reading.value or [] if row["alert_id"] == alert_id), None)
    close = tag("a", "Close", href="?", target="_self")
    if row is None:
        if reading.value is None:
            return panel("Alert", close, reading, lambda _: join())
        sentence = "There is no such alert. Alerts are kept for some days after they end."
        return panel("Not found", close, Reading(join(empty(sentence)), None), lambda drawn: drawn)
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
            tag("b", row["severity"] if is_open else "ended", class_="ff-severity"),
            tag("strong", foreign(sentences.title(row))),
        ),
        tag("p", sentences.evidence(row)),
        tag(
            "p",
            when,
            " · " if linked else None,
            local_link("alert", row["alert_id"], "Details") if linked else None,
        ),
        class_=f"ff-alert ff-{row['severity'] if is_open else 'over'}",
    )


def _hint(row: Row) -> Html | None:
    hint = _HINTS.get(row["kind"])
    return tag("p", prose(hint), class_="ff-empty") if hint else None


def _errors(readings: Readings, row: Row) -> Html:
    def draw(rows: list[Row]) -> Html:
        here = [one for one in rows if row["page_path"] in (None, one["page_path"])]
        return errors_table(here) if here else empty("No error happened there in the last hour.")

    return panel(
        "Errors there",
        "Errors of the last hour. Counts are those of the last 5 minutes.",
        readings.errors(row["app_id"]),
        draw,
    )


def _logged(readings: Readings, row: Row) -> Html:
    def draw(rows: list[Row]) -> Html:
        found = [one for one in rows if one["request_id"] == row["sample_request_id"]]
        if not found:
            return empty(
                "Its log line has not passed through Flume yet, or newer lines have pushed it out of the list."
            )
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
