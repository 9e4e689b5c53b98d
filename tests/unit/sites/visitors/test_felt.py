"""What simulated browsers measure depends on the device and on the site, and not on anything else."""

import random
from statistics import median

import pytest

from footfall.metrics.web_vitals import LIMITS
from footfall.sites.visitors import devices
from footfall.sites.visitors.felt import vitals


def medians(device_type: str, response_ms: int) -> dict[str, float]:
    rng = random.Random(7)
    views = [vitals(rng, device_type, response_ms, touched=True) for _ in range(2_000)]
    assert {frozenset(view) for view in views} == {frozenset(LIMITS)}
    return {name: median(view[name] for view in views) for name in LIMITS}


def test_every_device_of_the_people_is_known() -> None:
    for kind in devices._KINDS:
        assert vitals(random.Random(1), kind[1], 30, touched=False)


@pytest.mark.parametrize("device_type", ["desktop", "tablet", "mobile"])
def test_an_ordinary_site_is_good_and_a_slow_one_is_not(device_type: str) -> None:
    usual, slow = medians(device_type, 30), medians(device_type, 2_600)
    assert all(usual[name] <= LIMITS[name].good for name in LIMITS)
    assert slow["ttfb_ms"] > LIMITS["ttfb_ms"].poor
    assert slow["lcp_ms"] > LIMITS["lcp_ms"].good
    assert slow["inp_ms"] == usual["inp_ms"]


def test_telephones_are_slower_than_desktops() -> None:
    desktop, mobile = medians("desktop", 30), medians("mobile", 30)
    assert all(mobile[name] > desktop[name] for name in ("lcp_ms", "inp_ms", "ttfb_ms"))


def test_a_page_that_nobody_touched_has_no_answer_and_the_same_chance_makes_the_same_values() -> None:
    once, again = (vitals(random.Random(3), "mobile", 40, touched=False) for _ in range(2))
    assert once == again
    assert "inp_ms" not in once
    assert vitals(random.Random(3), "mobile", 599_999, touched=False)["lcp_ms"] == 600_000
