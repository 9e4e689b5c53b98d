"""Numbers, times and states as pages word them. Pure."""

from datetime import date, datetime, timezone

from footfall.notify import sentences

# Figures are written five times a second and read every two seconds. Beyond this age, something delays them.
LIVE_WITHIN_S = 5.0


def number(value: float | int | None, digits: int = 0) -> str:
    """`12,345` or, with digits, `12.3`; a dash if the value is unknown."""
    return "–" if value is None else f"{value:,.{digits}f}"


def per_second(value: float | None) -> str:
    """A rate with one decimal below a hundred and none above."""
    return number(value, 1 if value is not None and value < 100 else 0)


def percent(share: float | None) -> str:
    """A share of 0 to 1 as a percentage, formatted as in alerts; a dash if it is unknown."""
    return "–" if share is None else sentences.percent(share)


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 event`, `2 events`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def waiting(count: int, unit: str) -> str:
    """`12 events`; bytes in KiB or MiB."""
    if unit != "bytes":
        return counted(count, unit.removesuffix("s"), unit)
    return f"{number(count / 1024)} KiB" if count < 1 << 20 else f"{number(count / (1 << 20), 1)} MiB"


def clock(ms: int | None) -> str:
    """Time of day in UTC, `09:12:31`."""
    return "–" if ms is None else datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%H:%M:%S")


def moment(ms: int) -> str:
    """Day and time in UTC, `24 Nov 09:12:31`, for moments that may be days ago."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%-d %b %H:%M:%S")


def duration(ms: int) -> str:
    """A span in words with its two largest units: `3 min 20 s`. Negative spans are zero."""
    seconds = max(0, ms) // 1000
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return counted(hours // 24, "day")


def brief(ms: float | None) -> str:
    """A short average span: `0.8 s`, `12.4 s`, `1 min 12 s`; a dash if it is unknown."""
    if ms is None:
        return "–"
    return f"{ms / 1000:.1f} s" if ms < 59_950 else duration(round(ms / 1000) * 1000)


def milliseconds(value: float | None) -> str:
    """`1,234 ms`; a dash if it is unknown."""
    return "–" if value is None else f"{number(value)} ms"


def money(cents: int) -> str:
    """An amount without a currency, `1,234.50`: sites may use different ones."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def day(of: date) -> str:
    """A day among days near it, `Sat 28 Nov`."""
    return of.strftime("%a %-d %b")


def day_and_year(of: date) -> str:
    """A day in a list, `Sat 28 Nov 2026`."""
    return of.strftime("%a %-d %b %Y")


def full_day(of: date) -> str:
    """`Saturday, 28 November 2026`."""
    return of.strftime("%A, %-d %B %Y")


def gap(ms: int | None) -> str:
    """The time since the event before: `+0.4 s`, `+1 min 5 s`, a dash for the first."""
    if ms is None:
        return "–"
    return f"+{max(0, ms) / 1000:.1f} s" if ms < 60_000 else f"+{duration(ms)}"


def age(as_of_ms: int | None, now_ms: int) -> tuple[str, str]:
    """The age of the figures and how far counting is behind.

    as_of_ms: the time up to which all received events are counted, epoch ms; None if counting never caught up.
    Returns the state (`waiting`, `live`, `behind`) and one or two sentences.
    """
    if as_of_ms is None:
        return (
            "waiting",
            "Counting has not caught up with the events yet. Figures appear as soon as it has, usually within seconds.",
        )
    behind_ms = max(0, now_ms - as_of_ms)
    if behind_ms < LIVE_WITHIN_S * 1000:
        return "live", f"Live. All events received up to {clock(as_of_ms)} UTC are counted; that was {_ago(behind_ms)}."
    return "behind", (
        f"Counting is {duration(behind_ms)} behind, so this page shows the figures of {clock(as_of_ms)} UTC. "
        "Later events wait in Kafka and will be counted. `./footfall doctor` finds the cause."
    )


def unread(as_of_ms: int | None, now_ms: int) -> str:
    """The header's sentence while newer figures cannot be read. Arguments as in `age`."""
    if as_of_ms is None:
        return "The live figures cannot be read at the moment."
    return (
        f"The live figures cannot be read at the moment. This page shows those of {clock(as_of_ms)} UTC, "
        f"{duration(now_ms - as_of_ms)} old."
    )


def _ago(ms: int) -> str:
    return "less than a second ago" if ms < 1000 else f"{counted(ms // 1000, 'second')} ago"


def stale(trouble: str, read_at_ms: int | None) -> str:
    """A panel's sentence while a newer answer cannot be read."""
    if read_at_ms is None:
        return trouble
    return f"{trouble} This panel shows the answer of {clock(read_at_ms)} UTC."
