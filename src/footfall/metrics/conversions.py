"""The events by which visitors do what a site is for, and the money that they spend."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

PURCHASE: Final = "purchase"
FORM_SUBMIT: Final = "form_submit"


class Rule(NamedTuple):
    """The conversions of a site.

    event_type, element: of the events that convert; element None: any. counted: the field whose distinct values in a
    visit are the conversions.
    """

    event_type: str
    element: str | None
    counted: Literal["event_id", "order_id"]


# By site. A site without a rule has no conversions.
RULES: Final[Mapping[str, Rule]] = {
    # A purchase event is one line of an order.
    "shop": Rule(PURCHASE, None, "order_id"),
    "news": Rule(FORM_SUBMIT, "newsletter", "event_id"),
    "academy": Rule(FORM_SUBMIT, "quiz", "event_id"),
}


def conversion(app_id: str, event_type: str, element: str | None, event_id: str, order_id: str | None) -> str | None:
    """The conversion that an event is part of; None if it is part of none. A visit's distinct ones are counted."""
    rule = RULES.get(app_id)
    if rule is None or rule.event_type != event_type or rule.element not in (None, element):
        return None
    return event_id if rule.counted == "event_id" else order_id


def revenue_cents(event_type: str, value_cents: int | None) -> int:
    """The money, in cents, that an event brings in."""
    return value_cents or 0 if event_type == PURCHASE else 0
