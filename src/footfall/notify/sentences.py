"""An alert in words, from a row of `live-alerts` or a message of the topic `alerts`. Pure."""

from typing import Any, Final

_TITLES: Final = {
    "errors": "Errors",
    "slow": "Slow responses",
    "drop": "Traffic drop",
    "bots": "Bot wave",
    "rejects": "Rejected events",
}
# Of how many what.
_MEANING: Final = {
    "errors": ("page views and browser errors", "failed"),
    "slow": ("page views", "took longer than 0.1 s and than 95 % of them did before"),
    "bots": ("visitors", "were bots"),
    "rejects": ("events", "were rejected"),
}


def title(alert: dict[str, Any]) -> str:
    """What it is and where: `Errors on shop, page /cart`."""
    page = f", page {_shown(alert['page_path'])}" if alert["page_path"] else ""
    return f"{_TITLES[alert['kind']]} on {alert['app_id']}{page}"


def evidence(alert: dict[str, Any]) -> str:
    """What was seen at its worst, and what is usual."""
    observed, expected = alert["observed"], alert["expected"]
    if alert["kind"] == "drop":
        return f"{observed:,.0f} events came in a minute; {expected:,.0f} are usual."
    what, happened = _MEANING[alert["kind"]]
    return f"{percent(observed)} of {alert['n']:,} {what} {happened}; {percent(expected)} is usual."


def percent(share: float) -> str:
    """A share of 0 to 1 as a percentage; nothing that is not zero is told as zero."""
    return "< 0.1 %" if 0 < share < 0.001 else f"{share * 100:.1f} %"


def degree(alert: dict[str, Any]) -> str:
    """How bad it is now, in one word: its severity, or `resolved`."""
    return str(alert["severity"]) if alert["state"] == "open" else "resolved"


def whole(alert: dict[str, Any]) -> str:
    """All of it, in some lines of text."""
    state = f"{alert['severity']}, open" if alert["state"] == "open" else "resolved"
    lines = [f"{title(alert)} ({state})", evidence(alert), f"Since {_time(alert['started_at'])}."]
    if alert["resolved_at"]:
        lines.append(f"Ended {_time(alert['resolved_at'])}.")
    if alert["sample_request_id"]:
        lines.append(f"A request that shows it: {_shown(alert['sample_request_id'])}")
    return "\n".join(lines)


def _time(text: str) -> str:
    return f"{text[:10]} {text[11:19]} UTC"


def _shown(text: str) -> str:
    # As a visitor sent it: what is no character to be seen could end a line, or turn the reading order.
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
