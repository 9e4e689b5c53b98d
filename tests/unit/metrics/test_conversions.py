"""What counts as a conversion on each site, and what is revenue."""

import pytest

from footfall.metrics.conversions import conversion, revenue_cents


@pytest.mark.parametrize(
    ("app_id", "event_type", "element", "found"),
    [
        ("shop", "purchase", "order-line", "o1"),
        ("shop", "form_submit", "newsletter", None),
        ("news", "form_submit", "newsletter", "e1"),
        ("news", "form_submit", "search", None),
        ("news", "form_submit", None, None),
        ("news", "click", "newsletter", None),
        ("academy", "form_submit", "quiz", "e1"),
        ("academy", "purchase", None, None),
        ("blog", "purchase", None, None),
    ],
)
def test_each_site_has_its_own_rule(app_id: str, event_type: str, element: str | None, found: str | None) -> None:
    assert conversion(app_id, event_type, element, "e1", "o1") == found


def test_the_lines_of_an_order_are_one_conversion() -> None:
    lines = [conversion("shop", "purchase", None, event_id, "o1") for event_id in ("e1", "e2")]
    assert lines == ["o1", "o1"]
    assert conversion("shop", "purchase", None, "e3", None) is None


def test_only_purchases_bring_money() -> None:
    assert revenue_cents("purchase", 250) == 250
    assert revenue_cents("purchase", None) == revenue_cents("add_to_cart", 250) == 0
