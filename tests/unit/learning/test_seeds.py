"""k-means++ seeds, silhouettes and outliers."""

import numpy as np
import pytest

from footfall.learning.errors import TooLittleData
from footfall.learning.outliers import outliers
from footfall.learning.seeds import k_means_plus_plus, squared_distances
from footfall.learning.silhouette import best_k, sample_of, silhouettes

HEAPS = np.repeat(np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]]), 25, axis=0)


def test_one_seed_falls_into_each_heap() -> None:
    for seed in range(20):
        found = k_means_plus_plus(HEAPS, 4, seed)
        assert sorted(map(tuple, found.tolist())) == [(0.0, 0.0), (0.0, 10.0), (10.0, 0.0), (10.0, 10.0)]


def test_the_same_seed_gives_the_same_points_and_another_one_others() -> None:
    points = np.random.default_rng(3).normal(size=(300, 4))
    first, again, other = (k_means_plus_plus(points, 5, seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_seeds_are_far_better_than_a_random_choice() -> None:
    random = np.random.default_rng(5)
    points = np.concatenate([random.normal(centre, 0.5, (50, 2)) for centre in range(0, 80, 10)])

    def cost(centres: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        return float(squared_distances(points, centres).min(axis=1).sum())

    careful = [cost(k_means_plus_plus(points, 8, seed)) for seed in range(10)]
    by_chance = [cost(points[random.choice(len(points), 8, replace=False)]) for _ in range(10)]
    assert max(careful) < np.mean(by_chance) / 3


def test_more_seeds_than_distinct_points_are_a_sentence() -> None:
    with pytest.raises(TooLittleData, match="only 4 distinct points; 5 segments need 5"):
        k_means_plus_plus(HEAPS, 5, 1)
    with pytest.raises(TooLittleData, match="no points"):
        k_means_plus_plus(HEAPS[:0], 1, 1)


def test_silhouettes_are_as_worked_out_by_hand() -> None:
    # On a line: 0 and 2 in one cluster, 6 and 9 in the other.
    points = np.array([[0.0], [2.0], [6.0], [9.0]])
    # 0: own 2, other (6 + 9) / 2; 2: own 2, other (4 + 7) / 2; 6: own 3, other (6 + 4) / 2; 9: own 3, other 8.
    expected = [5.5 / 7.5, 3.5 / 5.5, 2 / 5, 5 / 8]
    assert silhouettes(points, np.array([4, 4, 7, 7])).tolist() == pytest.approx(expected)


def test_a_point_alone_and_a_single_cluster_have_no_silhouette() -> None:
    points = np.array([[0.0], [1.0], [9.0]])
    assert silhouettes(points, np.array([0, 0, 1]))[2] == 0
    assert silhouettes(points, np.array([0, 0, 0])).tolist() == [0, 0, 0]


def test_of_two_numbers_that_hardly_differ_the_smaller_is_chosen() -> None:
    assert best_k({3: 0.40, 4: 0.497, 5: 0.50, 6: 0.2}) == 4
    assert best_k({3: 0.40, 4: 0.45, 5: 0.50}) == 5


def test_a_sample_is_without_repeats_and_depends_on_the_seed_alone() -> None:
    points = np.zeros((100, 2))
    first = sample_of(points, 1, most=30)
    assert len(set(first.tolist())) == 30
    assert first.tolist() == sorted(first.tolist()) == sample_of(points, 1, most=30).tolist()
    assert first.tolist() != sample_of(points, 2, most=30).tolist()
    assert sample_of(points, 1).tolist() == list(range(100))


def test_what_lies_far_beyond_the_quartiles_is_an_outlier() -> None:
    # Quartiles 1 and 2, so the fence is 5.
    assert outliers(np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 4.9, 5.1])).tolist() == [False] * 7 + [False, True]
    assert outliers(np.full(9, 2.0)).tolist() == [False] * 9
    assert outliers(np.zeros(0)).tolist() == []
