"""Methods side by side: one that is better for every user, one that is equal, and one that is worse."""

import pytest

from footfall.learning.evaluation.comparison import compare
from footfall.learning.evaluation.rankings import HeldOut, figures

USERS = [f"u{number}" for number in range(50)]
# Somebody else used all four items in training, so that they are candidates.
USED = {**dict.fromkeys(USERS, ("a",)), "other": ("a", "b", "c", "d")}
DATA: HeldOut[str, str] = HeldOut(USED, dict.fromkeys(USERS, ("b",)), ("a", "b", "c", "d"))
FIRST, SECOND, NEVER = (dict.fromkeys(USERS, listed) for listed in (["b", "c"], ["c", "b"], ["c", "d"]))


def test_gains_are_those_of_the_judged_method() -> None:
    found = compare(DATA, {"second": SECOND, "first": FIRST, "never": NEVER, "again": SECOND}, "second", seed=1)
    assert found.figures["first"] == figures(DATA, FIRST)
    assert [found.figures[name].map for name in ("first", "second", "never")] == [1, 0.5, 0]
    assert {name: tuple(gain) for name, gain in found.gains.items()} == {
        "first": (-0.5, -0.5, -0.5),
        "never": (0.5, 0.5, 0.5),
        "again": (0, 0, 0),
    }


def test_the_interval_is_by_user() -> None:
    half = {user: ["b"] if number % 2 else ["c"] for number, user in enumerate(USERS)}
    gain = compare(DATA, {"half": half, "never": NEVER}, "half", seed=1).gains["never"]
    assert gain.mean == 0.5
    # The standard error of a half among fifty is 0.07.
    assert gain.low == pytest.approx(0.36, abs=0.05)
    assert gain.high == pytest.approx(0.64, abs=0.05)


def test_a_forbidden_item_of_any_method_is_an_error() -> None:
    with pytest.raises(ValueError, match="no candidate"):
        compare(DATA, {"first": FIRST, "cheating": dict.fromkeys(USERS, ("a",))}, "first", seed=1)
