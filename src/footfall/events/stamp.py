"""The collector's decision about one event: it is accepted and gets the collector's fields, or it is rejected."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from footfall.events.bots import RATE, RateRule, agent_reason
from footfall.events.cleaning import is_placeholder, without_emails
from footfall.events.consent import without_consent
from footfall.events.geo import NOWHERE, Location
from footfall.events.identity import shaped_uuid7_ms
from footfall.events.paths import normal_path
from footfall.events.rejects import Reject, Via
from footfall.events.times import event_time_ms, format_rfc3339_ms, parse_shaped_ms
from footfall.events.validate import read_sent

_HOUR_MS: Final = 3_600_000
# An older event would change days that are already final.
MAX_AGE_MS: Final = 72 * _HOUR_MS
# Maximum difference between the times of event_id and event, because deduplication keeps ids only for days.
MAX_CLOCK_MS: Final = 48 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Context:
    """The collector's knowledge about one request, which is the same for all its events.

    app_id: of the site. received_at_ms: by the server's clock, milliseconds since 1970. address_prefix: from
    `address.truncate`. user_agent: the header; it identifies bots unless `bot_reason` is given. gpc, dnt: whether the
    request had `Sec-GPC: 1` and `DNT: 1`. place: of the prefix. backfill: whether the event was generated later for a
    past day, which only a trusted producer may do. via: how the events were sent, if not by a browser.
    """

    app_id: str
    received_at_ms: int
    address_prefix: str | None = None
    user_agent: str | None = None
    gpc: bool = False
    dnt: bool = False
    place: Location = NOWHERE
    bot_reason: str | None = None
    backfill: bool = False
    via: Via | None = None
    _fields: dict[str, Any] = field(init=False, repr=False, compare=False)
    _agent: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fields: dict[str, Any] = {"received_at": format_rfc3339_ms(self.received_at_ms)}
        if self.address_prefix is not None:
            fields["ip_prefix"] = self.address_prefix
        fields.update(_known(self.place))
        if self.backfill:
            fields["backfill"] = True
        if self.via is not None:
            fields["via"] = self.via
        object.__setattr__(self, "_fields", fields)
        object.__setattr__(self, "_agent", self.bot_reason or agent_reason(self.user_agent))


def accept(event: object, context: Context, rate_rule: RateRule | None = None) -> dict[str, Any] | Reject:
    """Returns the event as it is stored, or a Reject. Never raises, whatever `event` is.

    rate_rule: counts accepted events by `anonymous_id` as sent; None disables the rule (for history).
    The collector's fields are overwritten, and paths get their normal form. Fields without a value are absent.
    """
    stored = read_sent(event, context.via)
    if isinstance(stored, Reject):
        return stored
    event_id: str = stored["event_id"]
    if stored["app_id"] != context.app_id:
        return Reject("foreign_app", "The field app_id must name the site that the event is sent to.", event_id)
    if is_placeholder(stored["session_id"]):
        return Reject("not_allowed", "The field session_id is a placeholder, and identifies no visit.", event_id)
    if is_placeholder(stored["anonymous_id"]):
        stored["anonymous_id"] = stored["session_id"]
    if "user_id" in stored and is_placeholder(stored["user_id"]):
        del stored["user_id"]
    try:
        occurred_ms = parse_shaped_ms(stored["occurred_at"])
        sent_ms = parse_shaped_ms(stored["sent_at"])
    except ValueError:
        return Reject("bad_format", "The fields occurred_at and sent_at must be valid dates and times.", event_id)
    happened_ms = event_time_ms(context.received_at_ms, sent_ms, occurred_ms)
    if context.received_at_ms - happened_ms > MAX_AGE_MS:
        return Reject("too_old", "The event happened more than 72 hours before it was received.", event_id)
    if abs(shaped_uuid7_ms(event_id) - happened_ms) > MAX_CLOCK_MS:
        return Reject(
            "bad_clock", "The time in event_id differs from the time of the event by more than 48 hours.", event_id
        )

    bot_reason = context._agent
    if rate_rule is not None and rate_rule.observe(stored["anonymous_id"], happened_ms, context.received_at_ms):
        bot_reason = bot_reason or RATE
    for name in ("page_path", "previous_path"):
        if name in stored:
            stored[name] = normal_path(stored[name])
    without_emails(stored)
    stored["event_time"] = format_rfc3339_ms(happened_ms)
    stored.update(context._fields)
    stored["is_bot"] = bot_reason is not None
    if bot_reason is not None:
        stored["bot_reason"] = bot_reason
    if context.gpc or context.dnt or stored.get("consent") == "denied":
        return without_consent(stored)
    return stored


@lru_cache(maxsize=10_000)
def _known(place: Location) -> dict[str, Any]:
    """The fields of a place. Callers must not modify the cached dict."""
    return {name: value for name, value in place._asdict().items() if value is not None}
