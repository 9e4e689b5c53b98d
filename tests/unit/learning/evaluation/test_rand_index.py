"""The adjusted Rand index."""

import random

import pytest

from footfall.learning.evaluation.rand_index import adjusted_rand_index


def test_the_same_clustering_under_other_names_agrees_fully() -> None:
    assert adjusted_rand_index([0, 0, 1, 1, 2], ["x", "x", "z", "z", "y"]) == 1.0


def test_a_case_worked_out_by_hand() -> None:
    # Together: one pair. Pairs in each: 2 and 3 of 10. By chance 0.6; at most 2.5.
    assert adjusted_rand_index([0, 0, 1, 1, 2], [0, 0, 0, 1, 2]) == pytest.approx((1 - 0.6) / (2.5 - 0.6))


def test_less_agreement_than_by_chance_is_negative() -> None:
    assert adjusted_rand_index([0, 0, 1, 1], [0, 1, 0, 1]) == pytest.approx(-0.5)


def test_shuffled_labels_have_an_index_near_zero() -> None:
    labels = [n % 5 for n in range(5000)]
    shuffled = random.Random(1).sample(labels, len(labels))
    assert abs(adjusted_rand_index(labels, shuffled)) < 0.01


@pytest.mark.parametrize("one", [[], [1], [1, 1, 1], [1, 2, 3]])
def test_clusterings_without_a_choice_agree_with_themselves(one: list[int]) -> None:
    assert adjusted_rand_index(one, one) == 1.0


def test_clusterings_of_other_subjects_are_an_error() -> None:
    with pytest.raises(ValueError, match="2 and 1 subjects"):
        adjusted_rand_index([1, 2], [1])
