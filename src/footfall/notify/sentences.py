"""An alert in words, from a row of `live-alerts` or a message of the topic `alerts`. Pure."""

import re
from typing import Any, Final
from urllib.parse import quote

_TITLES: Final = {
    "errors": "Errors",
    "slow": "Slow responses",
    "drop": "Traffic drop",
    "bots": "Bot wave",
    "rejects": "Rejected events",
    "values": "Too many different pages, sections or errors",
}
# Counted things, and what happened to a share of them.
_MEANING: Final = {
    "errors": ("page views and browser errors", "failed"),
    "slow": ("page views", "took longer than 0.1 s and than 95 % of them did before"),
    "bots": ("visitors", "were bots"),
    "rejects": ("events", "were rejected"),
    "values": ("events", "are counted under (other), because their minute has 1,000 values already"),
}


# What some programs make a link of, even without `http://`.
_WEB: Final = re.compile(r"(www)\.", re.IGNORECASE)


def title(alert: dict[str, Any]) -> str:
    """The kind of alert and where it is: `Errors on shop, page /cart`."""
    page = f", page {_shown(alert['page_path'])}" if alert["page_path"] else ""
    return f"{_TITLES[alert['kind']]} on {alert['app_id']}{page}"


def evidence(alert: dict[str, Any]) -> str:
    """The worst figure that was observed, and the usual one."""
    observed, expected = alert["observed"], alert["expected"]
    if alert["kind"] == "drop":
        return f"{observed:,.0f} events arrived in a minute; {expected:,.0f} are usual."
    things, happened = _MEANING[alert["kind"]]
    return f"{percent(observed)} of {alert['n']:,} {things} {happened}; {percent(expected)} is usual."


def percent(share: float) -> str:
    """A share of 0 to 1 as a percentage; only zero reads as zero."""
    return "< 0.1 %" if 0 < share < 0.001 else f"{share * 100:.1f} %"


def degree(alert: dict[str, Any]) -> str:
    """The alert's severity now, or `resolved`."""
    return str(alert["severity"]) if alert["state"] == "open" else "resolved"


def whole(alert: dict[str, Any]) -> str:
    """The whole alert as some lines of text."""
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
    # A visitor chose this text, and chat rooms and mail programs read more than text: mentions (<!channel>, @here),
    # links (<http://…|Reset>, [Reset](…), www.…), formats. So it is written as in a URL, in letters, digits and a few
    # signs. That also covers invisible characters, which could end a line or reverse the reading order.
    shown = "".join(one if one.isalnum() or one in "/._-%" else quote(one, safe="", errors="replace") for one in text)
    return _WEB.sub(r"\1%2E", shown)
