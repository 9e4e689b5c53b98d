import uuid
from random import Random

from footfall.recommendations.arms import POPULAR, RECOMMENDED, arm_of


def test_half_of_all_browsers_are_in_each_arm_and_stay_there() -> None:
    rng = Random(17)
    ids = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(20_000)]
    arms = [arm_of(one) for one in ids]
    # Five standard deviations of 20,000 fair coins.
    assert abs(arms.count(RECOMMENDED) - 10_000) < 354
    assert arms.count(RECOMMENDED) + arms.count(POPULAR) == 20_000
    assert arms == [arm_of(one) for one in ids]


def test_the_arm_of_a_browser_never_changes() -> None:
    # Computed once: another hash would move visitors to the other arm in the middle of an experiment.
    known = {
        "0191d6c0-1111-7abc-8def-000000000001": POPULAR,
        "0191d6c0-1111-7abc-8def-000000000002": POPULAR,
        "a": RECOMMENDED,
        "b": POPULAR,
    }
    assert {one: arm_of(one) for one in known} == known


def test_any_text_has_an_arm() -> None:
    assert arm_of("\ud800") in (RECOMMENDED, POPULAR)
