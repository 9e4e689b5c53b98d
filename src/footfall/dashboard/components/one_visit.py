"""The answer to a look-up: one visit, or the last pages of one person."""

from footfall.dashboard import wording
from footfall.dashboard.components.parts import app_mark, empty, panel, table
from footfall.dashboard.data.readings import Reading, Readings
from footfall.dashboard.markup import Html, foreign, join, local_link, tag
from footfall.events.times import parse_rfc3339_ms
from footfall.metrics.page_views import is_page_view
from footfall.questions.model import Row

_SHOWN = 200


def visit_panel(readings: Readings, name: str) -> Html:
    """The visit with that session_id, or the last pages of the person with that user_id or anonymous_id.

    name: any of the three, as the user typed it
    """
    session = readings.session(name)
    if not session.missing:
        return panel("One visit", _note(f"Session {name}"), session, path)
    person = readings.recent_pages(name)
    if not person.missing:
        return panel("Recent pages", _note(f"Last pages that {name} viewed"), person, recent)
    sentence = f"No session, user or browser of the last days is called {name}."
    return panel("Not found", _note(), Reading(join(empty(sentence)), None), lambda drawn: drawn)


def _note(title: str = "") -> Html:
    return join(title, " · " if title else None, tag("a", "Close", href="?", target="_self"))


def path(rows: list[Row]) -> Html:
    """A session's events in their order, below a sentence that sums them up."""
    if not rows:
        return empty("This session has no events.")
    lines = [
        (
            str(row["seq"]),
            wording.clock(parse_rfc3339_ms(row["event_at"])),
            wording.gap(row["gap_ms"]),
            join(tag("span", foreign(row["event_type"]), class_="ff-code"), _name(row)),
            join(foreign(row["page_path"]), _mark(row)),
            foreign(row["element"], ""),
        )
        for row in rows[:_SHOWN]
    ]
    more = len(rows) - len(lines)
    shown = table("ff-path", ("No.", "Time", "Gap", "Event", "Page", "Element"), lines, numeric=(0, 2))
    return join(_summary(rows), shown, empty(f"and {wording.counted(more, 'more event')}.") if more else None)


def recent(rows: list[Row]) -> Html:
    """The last pages of a person, each with a link to its session."""
    if not rows:
        return empty("This person viewed no page in the days that Footfall keeps.")
    lines = [
        (
            wording.moment(parse_rfc3339_ms(row["viewed_at"])),
            app_mark(row["app_id"]),
            tag("span", foreign(row["page_title"], "untitled"), tag("small", foreign(row["page_path"]))),
            wording.duration(row["engaged_ms"] or 0),
            local_link("session", row["session_id"], f"session {row['session_id'][-6:]}"),
        )
        for row in rows
    ]
    return table("ff-recent", ("Time", "Site", "Page", "Engaged", "Visit"), lines, numeric=(3,))


def _mark(row: Row) -> Html | None:
    words = [
        word for word, holds in (("entry", row["is_entry"]), ("exit", row["is_exit"] and not row["is_open"])) if holds
    ]
    return tag("small", " ".join(words), class_="ff-mark") if words else None


def _name(row: Row) -> Html | None:
    """The name of an event of a type of the site's own."""
    return join(" ", foreign(row["event_name"])) if row["event_name"] else None


def _summary(rows: list[Row]) -> Html:
    times = [parse_rfc3339_ms(row["event_at"]) for row in rows]
    # A log-in during the visit names the whole visit, so the last user_id counts.
    user = next((row["user_id"] for row in reversed(rows) if row["user_id"]), None)
    views = sum(is_page_view(row["event_type"]) for row in rows)
    who = (
        join("user ", local_link("user", user, user))
        if user
        else join(
            "a visitor not logged in, browser ", local_link("user", rows[0]["anonymous_id"], rows[0]["anonymous_id"])
        )
    )
    state = "still open" if any(row["is_open"] for row in rows) else "ended"
    return tag(
        "p",
        app_mark(rows[0]["app_id"]),
        " ",
        who,
        f": {wording.counted(views, 'page view')} and {wording.counted(len(rows) - views, 'other event')} "
        f"in {wording.duration(max(times) - min(times))}, starting {wording.moment(min(times))} UTC, {state}.",
        class_="ff-summary",
    )
