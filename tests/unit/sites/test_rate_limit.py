"""The flood gate: an address gets its allowance at once and back at a steady rate; others are not concerned."""

import pytest

from footfall.sites import rate_limit
from footfall.sites.rate_limit import FloodGate

HOME = "203.0.113.7"
# The gate's clock has no meaning but that it goes on.
T0 = 5000.0


def test_an_allowance_is_spent_and_comes_back_steadily() -> None:
    gate = FloodGate(600, 600)
    assert gate.admits(HOME, 500, T0)
    assert gate.admits(HOME, 100, T0)
    assert not gate.admits(HOME, 1, T0)
    # Ten a second.
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
    # Asking a hundred times within the second neither hastens nor delays what that second gives.
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


def test_memory_is_bounded_and_who_sends_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_MOST_KEYS", 50)
    gate = FloodGate(600, 600)
    assert gate.admits("first", 600, T0)
    assert gate.admits(HOME, 600, T0)
    for number in range(200):
        gate.admits(str(number), 1, T0)
        # Whoever goes on sending is not forgotten, however many others come.
        assert not gate.admits(HOME, 1, T0)
    assert gate.admits("first", 600, T0)
