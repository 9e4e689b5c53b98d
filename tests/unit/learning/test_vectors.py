"""Mahout's files of k-means."""

import base64

import numpy as np
import pytest

from footfall.learning import sequence_file, vectors
from footfall.learning.errors import MahoutFailed
from footfall.learning.sequence_file import Reader

# What Mahout 0.13.0 wrote for the points (0, 1), (0.5, 1), (8, -2) and two seeds: the clusters of the last iteration,
# and the points with their clusters.
CLUSTERS = base64.b64decode(
    "U0VRBiBvcmcuYXBhY2hlLmhhZG9vcC5pby5JbnRXcml0YWJsZTVvcmcuYXBhY2hlLm1haG91dC5jbHVzdGVyaW5nLml0ZXJhdG9yLkNsdXN0ZXJX"
    "cml0YWJsZQAAAAAAAFqP7+h48Jo/NWnRFOFGxJ0AAADZAAAABAAAAAAAK29yZy5hcGFjaGUubWFob3V0LmNsdXN0ZXJpbmcua21lYW5zLktsdXN0"
    "ZXIAQW9yZy5hcGFjaGUubWFob3V0LmNvbW1vbi5kaXN0YW5jZS5TcXVhcmVkRXVjbGlkZWFuRGlzdGFuY2VNZWFzdXJlAAAAAAAAAAAAAAACAAAA"
    "AAAAAAQDAj/QAAAAAAAAP/AAAAAAAAADAj/QAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMCAAAAAAAAAAAAAAAAAAAAAAMCAAAAAAAAAAAAAAAAAAAA"
    "AAEAAADZAAAABAAAAAEAK29yZy5hcGFjaGUubWFob3V0LmNsdXN0ZXJpbmcua21lYW5zLktsdXN0ZXIAQW9yZy5hcGFjaGUubWFob3V0LmNvbW1v"
    "bi5kaXN0YW5jZS5TcXVhcmVkRXVjbGlkZWFuRGlzdGFuY2VNZWFzdXJlAAAAAQAAAAAAAAABAAAAAAAAAAIDAkAgAAAAAAAAwAAAAAAAAAADAgAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMCAAAAAAAAAAAAAAAAAAAAAAMCAAAAAAAAAAAAAAAAAAAAAAE="
)
POINTS = base64.b64decode(
    "U0VRBiBvcmcuYXBhY2hlLmhhZG9vcC5pby5JbnRXcml0YWJsZURvcmcuYXBhY2hlLm1haG91dC5jbHVzdGVyaW5nLmNsYXNzaWZ5LldlaWdodGVk"
    "UHJvcGVydHlWZWN0b3JXcml0YWJsZQAAAAAAAF/2+ZKcpmUxqfLcZBg5FPoAAAA3AAAABAAAAAAHAgAAAAAAAAAAP/AAAAAAAAAAATA/8AAAAAAA"
    "AAAAAAEACGRpc3RhbmNlAAYwLjA2MjUAAAA3AAAABAAAAAAHAj/gAAAAAAAAP/AAAAAAAAAAATE/8AAAAAAAAAAAAAEACGRpc3RhbmNlAAYwLjA2"
    "MjUAAAA0AAAABAAAAAEHAkAgAAAAAAAAwAAAAAAAAAAAATI/8AAAAAAAAAAAAAEACGRpc3RhbmNlAAMwLjA="
)


def test_clusters_are_read_as_mahout_wrote_them() -> None:
    first, second = vectors.clusters(CLUSTERS)
    assert (first.number, first.observations, first.centre.tolist()) == (0, 2, [0.25, 1.0])
    assert (second.number, second.observations, second.centre.tolist()) == (1, 1, [8.0, -2.0])


def test_seeds_are_written_as_mahout_writes_clusters() -> None:
    [_, seed] = sequence_file.read(
        vectors.seeds_file(np.array([[0.0, 0.0], [8.0, -2.0]])),
        "org.apache.hadoop.io.Text",
        "org.apache.mahout.clustering.iterator.ClusterWritable",
    )
    [_, written] = sequence_file.read(
        CLUSTERS, "org.apache.hadoop.io.IntWritable", "org.apache.mahout.clustering.iterator.ClusterWritable"
    )
    # All but the number of points, in two places, and whether it converged.
    differing = [n for n, (ours, theirs) in enumerate(zip(seed.value, written.value, strict=True)) if ours != theirs]
    start = written.value.index((1).to_bytes(4, "big") + (1).to_bytes(8, "big"))
    assert differing == [start + 11, start + 19, len(written.value) - 1]


def test_points_of_clusters_are_read_as_mahout_wrote_them() -> None:
    assert vectors.members(POINTS) == [(0, 0), (1, 0), (2, 1)]


def test_points_are_written_with_their_row_as_name() -> None:
    content = vectors.vectors_file(np.array([[0.0, 1.0], [0.5, 1.0]]))
    [_, second] = sequence_file.read(
        content, "org.apache.hadoop.io.IntWritable", "org.apache.mahout.math.VectorWritable"
    )
    assert second.key == b"\x00\x00\x00\x01"
    # The vector in Mahout's own file of points, which a weight follows.
    [_, written, _] = sequence_file.read(
        POINTS,
        "org.apache.hadoop.io.IntWritable",
        "org.apache.mahout.clustering.classify.WeightedPropertyVectorWritable",
    )
    assert written.value.startswith(second.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # Dense floats; sparse in order (steps between the indices); sparse in any order (the indices themselves).
        (b"\x09\x02" + np.array([1.5, -2.0], ">f4").tobytes(), [1.5, -2.0]),
        (
            b"\x02\x04\x02" + b"\x01" + np.array([3.0], ">f8").tobytes() + b"\x02" + np.array([4.0], ">f8").tobytes(),
            [0, 3.0, 0, 4.0],
        ),
        (
            b"\x00\x04\x02" + b"\x03" + np.array([4.0], ">f8").tobytes() + b"\x01" + np.array([3.0], ">f8").tobytes(),
            [0, 3.0, 0, 4.0],
        ),
    ],
)
def test_every_form_of_a_vector_is_read(value: bytes, expected: list[float]) -> None:
    assert vectors._vector(Reader(value))[1].tolist() == expected


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(MahoutFailed, match="not org"):
        vectors.clusters(POINTS)
