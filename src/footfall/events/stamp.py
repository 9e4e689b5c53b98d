"""The collector's decision about one event: taken, with what the collector knows added, or rejected."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from footfall.events.bots import RATE, RateRule, agent_reason
from footfall.events.geo import NOWHERE, Location
from footfall.events.identity import shaped_uuid7_ms
from footfall.events.rejects import Reject
from footfall.events.times import event_time_ms, format_rfc3339_ms, parse_shaped_ms
from footfall.events.validate import read_sent

_HOUR_MS: Final = 3_600_000
# An event older than this would change days that are already final.
MAX_AGE_MS: Final = 72 * _HOUR_MS
# An identity's own time may differ this much from the event's: deduplication keeps days, not years.
MAX_CLOCK_MS: Final = 48 * _HOUR_MS
# With consent denied, none of these may be kept.
_PERSONAL: Final = ("user_id", "city", "latitude", "longitude", "search_term")


@dataclass(frozen=True, slots=True)
class Context:
    """What the collector knows of one request; the same for all its events.

    app_id: the site's own. received_at_ms: our clock, milliseconds since 1970. address_prefix: cut by
    `address.truncate`. user_agent: the header; decides about bots unless `bot_reason` is given. gpc, dnt: whether
    `Sec-GPC: 1` and `DNT: 1` came. place: of the prefix. backfill: history made after the fact, by a trusted
    producer only.
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
    _fields: dict[str, Any] = field(init=False, repr=False, compare=False)
    _agent: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fields: dict[str, Any] = {"received_at": format_rfc3339_ms(self.received_at_ms)}
        if self.address_prefix is not None:
            fields["ip_prefix"] = self.address_prefix
        fields.update(_known(self.place))
        if self.backfill:
            fields["backfill"] = True
        object.__setattr__(self, "_fields", fields)
        object.__setattr__(self, "_agent", self.bot_reason or agent_reason(self.user_agent))


def accept(event: object, context: Context, rate_rule: RateRule | None = None) -> dict[str, Any] | Reject:
    """The event as it is stored, or why it is rejected. Never raises, whatever `event` is.

    rate_rule: counts accepted events of a browser by `anonymous_id` as sent; None leaves the rule out (history).
    What the sender put into the collector's fields is replaced. Fields without a value are absent.
    """
    stored = read_sent(event)
    if isinstance(stored, Reject):
        return stored
    event_id: str = stored["event_id"]
    if stored["app_id"] != context.app_id:
        return Reject("foreign_app", "The field app_id must name the site that the event is sent to.", event_id)
    try:
        occurred_ms = parse_shaped_ms(stored["occurred_at"])
        sent_ms = parse_shaped_ms(stored["sent_at"])
    except ValueError:
        return Reject("bad_format", "The fields occurred_at and sent_at must be times that a calendar has.", event_id)
    happened_ms = event_time_ms(context.received_at_ms, sent_ms, occurred_ms)
    if context.received_at_ms - happened_ms > MAX_AGE_MS:
        return Reject("too_old", "The event happened more than 72 hours before it was received.", event_id)
    if abs(shaped_uuid7_ms(event_id) - happened_ms) > MAX_CLOCK_MS:
        return Reject("bad_clock", "The time inside event_id is more than 48 hours from the event's.", event_id)

    bot_reason = context._agent
    if rate_rule is not None and rate_rule.observe(stored["anonymous_id"], context.received_at_ms):
        bot_reason = bot_reason or RATE
    stored["event_time"] = format_rfc3339_ms(happened_ms)
    stored.update(context._fields)
    stored["is_bot"] = bot_reason is not None
    if bot_reason is not None:
        stored["bot_reason"] = bot_reason
    if context.gpc or context.dnt or stored.get("consent") == "denied":
        _deny(stored)
    return stored


@lru_cache(maxsize=10_000)
def _known(place: Location) -> dict[str, Any]:
    """The fields of a place; not to be changed."""
    return {name: value for name, value in place._asdict().items() if value is not None}


def _deny(stored: dict[str, Any]) -> None:
    stored["consent"] = "denied"
    for name in _PERSONAL:
        stored.pop(name, None)
    stored["anonymous_id"] = stored["session_id"]
