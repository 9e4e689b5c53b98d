"""The flood gate: an address regains its allowance at a steady rate, and other addresses are not affected."""

import pytest

from footfall.sites import rate_limit
from footfall.sites.rate_limit import FloodGate

HOME = "203.0.113.7"
# Any starting time will do; only differences matter.
T0 = 5000.0


def test_an_allowance_is_spent_and_comes_back_steadily() -> None:
    gate = FloodGate(600, 600)
    assert gate.admits(HOME, 500, T0)
    assert gate.admits(HOME, 100, T0)
    assert not gate.admits(HOME, 1, T0)
    # Ten events a second come back.
    assert not gate.admits(HOME, 11, T0 + 1)
    assert gate.admits(HOME, 10, T0 + 1)
    assert not gate.admits(HOME, 1, T0 + 1)
    assert gate.admits(HOME, 600, T0 + 61)


def test_a_pause_saves_up_no_more_than_one_allowance() -> None:
    gate = FloodGate(600, 600)
    assert gate.admits(HOME, 600, T0)
    assert not gate.admits(HOME, 601, T0 + 3600)
    assert gate.admits(HOME, 600, T0 + 3600)
    assert not gate.admits(HOME, 1, T0 + 3600)


def test_what_is_refused_costs_nothing() -> None:
    gate = FloodGate(600, 600)
    assert gate.admits(HOME, 550, T0)
    for _ in range(100):
        assert not gate.admits(HOME, 51, T0)
    assert gate.admits(HOME, 50, T0)


def test_refusals_do_not_put_off_the_refill() -> None:
    gate = FloodGate(600, 600)
    assert gate.admits(HOME, 600, T0)
    # A hundred attempts within the second neither speed up nor delay the refill.
    for step in range(1, 100):
        assert not gate.admits(HOME, 11, T0 + step / 100)
    assert gate.admits(HOME, 9, T0 + 1)


def test_addresses_do_not_share() -> None:
    gate = FloodGate(600, 600)
    assert gate.admits(HOME, 600, T0)
    assert not gate.admits(HOME, 1, T0)
    assert gate.admits("203.0.113.8", 600, T0)


def test_nothing_costs_nothing() -> None:
    gate = FloodGate(600, 600)
    assert gate.admits(HOME, 600, T0)
    assert gate.admits(HOME, 0, T0)


def test_memory_is_bounded_and_active_addresses_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MOST_KEYS", 50)
    gate = FloodGate(600, 600)
    assert gate.admits("first", 600, T0)
    assert gate.admits(HOME, 600, T0)
    for number in range(200):
        gate.admits(str(number), 600, T0)
        # An address that keeps sending is not dropped, however many others appear.
        assert not gate.admits(HOME, 1, T0)
    assert gate.admits("first", 600, T0)


def test_single_events_of_many_others_return_no_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MOST_KEYS", 50)
    gate = FloodGate(600, 600)
    assert gate.admits(HOME, 600, T0)
    for number in range(1_000):
        assert gate.admits(str(number), 1, T0)
    assert not gate.admits(HOME, 1, T0)
    # Of a key that has used little, not more than that little is forgotten.
    assert gate.admits("0", 600, T0)
