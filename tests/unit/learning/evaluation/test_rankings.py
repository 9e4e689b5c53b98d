"""Figures of ranked lists, intervals and baselines, each against a case worked out by hand."""

import math

import numpy as np
import pytest

from footfall.learning.evaluation import baselines, bootstrap, rankings
from footfall.learning.evaluation.rankings import HeldOut, average_precision, figures, held_out

USED = {"ann": {"a", "b"}, "ben": {"a", "c"}, "cat": {"a", "d"}, "dan": {"e", "f"}}
DATA: HeldOut[str, str] = HeldOut(USED, {"ann": {"c", "d"}, "ben": {"f"}}, {"a", "b", "c", "d", "e", "f"})


def test_only_new_items_that_training_knows_are_judged() -> None:
    training = {"ann": set("abcde"), "ben": set("abcdf"), "cat": set("ab"), "dan": set("abcdg")}
    later = {"ann": {"a", "f", "unknown"}, "ben": {"b"}, "cat": {"f"}}
    found = held_out(training, later, least=5)
    # Ben used nothing new, Cat has too little training, Dan did not come back.
    assert found.relevant == {"ann": {"f"}}
    assert found.candidates == set("abcdefg")


@pytest.mark.parametrize(
    ("listed", "relevant", "expected"),
    [
        (["c", "x", "d"], {"c", "d"}, (1 / 1 + 2 / 3) / 2),
        (["x", "c"], {"c"}, 1 / 2),
        (["x", "y"], {"c"}, 0.0),
        # More relevant items than places: a list of hits only is perfect.
        (["a", "b", "c"], set("abcdefgh"), 1.0),
        (["x", "y", "z", "a"], {"a"}, 0.0),
        ([], {"a"}, 0.0),
    ],
)
def test_average_precision_at_three(listed: list[str], relevant: set[str], expected: float) -> None:
    assert average_precision(listed, relevant, 3) == pytest.approx(expected)


def test_all_figures_of_a_method() -> None:
    found = figures(DATA, {"ann": ["c", "e", "d"], "ben": ["d", "f"]}, rank=4)
    assert found.users == 2
    assert found.precision == (2 / 4 + 1 / 4) / 2
    assert found.recall == (2 / 2 + 1 / 1) / 2
    assert found.map == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)
    # c, d, e and f of six candidates; each was used by one of four users.
    assert found.coverage == 4 / 6
    assert found.novelty == math.log2(4)


def test_a_missing_list_counts_as_a_list_without_a_hit() -> None:
    assert figures(DATA, {"ann": ["c", "d"]}, rank=2).map == 0.5
    assert figures(DATA, {}, rank=2).novelty == 0.0


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [
        ({"ann": ["a"]}, "no candidate"),
        ({"ann": ["unknown"]}, "no candidate"),
        ({"ann": ["c", "c"]}, "twice"),
    ],
)
def test_a_method_that_breaks_the_rules_is_refused(lists: dict[str, list[str]], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        figures(DATA, lists)


def test_nobody_to_judge_is_an_error() -> None:
    with pytest.raises(ValueError, match="No user used a new item"):
        figures(HeldOut(USED, {}, {"a"}), {})
    with pytest.raises(ValueError, match="cannot be judged"):
        average_precision(["a"], set(), 10)


def test_popularity_lists_the_most_used_new_items() -> None:
    found = baselines.by_popularity(DATA, lambda user, item: item != "e", rank=3)
    # Each of b to f has one user; ties break by name.
    assert found == {"ann": ["c", "d", "f"], "ben": ["b", "d", "f"]}
    assert baselines.by_popularity(HeldOut(USED, {"dan": {"a"}}, set("abcdef")), lambda *_: True, rank=2) == {
        "dan": ["a", "b"]
    }


def test_chance_lists_allowed_new_items_and_depends_on_the_seed() -> None:
    many: HeldOut[str, str] = HeldOut({"u": {"0"}}, {"u": {"1"}}, {str(n) for n in range(50)})
    first, again, other = (baselines.by_chance(many, lambda _, item: item != "7", seed)["u"] for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) == 10
    assert not {"0", "7"} & set(first)


def test_an_interval_holds_the_mean_and_narrows_with_more_users() -> None:
    values = np.random.default_rng(1).normal(0.1, 1.0, 400)
    few, many = bootstrap.interval(values[:40], 1), bootstrap.interval(values, 1)
    assert few.low < few.mean < few.high
    assert many.high - many.low < (few.high - few.low) / 2
    # The normal approximation of the same interval.
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert many.low == pytest.approx(values.mean() - half, abs=0.02)
    assert many.high == pytest.approx(values.mean() + half, abs=0.02)


def test_an_interval_depends_on_values_and_seed_alone() -> None:
    values = np.random.default_rng(2).normal(size=50)
    assert bootstrap.interval(values, 3) == bootstrap.interval(values, 3) != bootstrap.interval(values, 4)
    assert bootstrap.interval(np.full(9, 0.25), 1) == (0.25, 0.25, 0.25)
    with pytest.raises(ValueError, match="no values"):
        bootstrap.interval(np.zeros(0), 1)


def test_figures_need_users_in_the_order_of_their_data() -> None:
    found = rankings.average_precisions(DATA, {"ben": ["f"], "ann": ["c", "d"]}, 2)
    assert found.tolist() == [1.0, 1.0]
