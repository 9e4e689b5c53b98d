"""Mahout's files of k-means in pure form: vectors, initial and final clusters, and the points of clusters.

The layouts are those of `VectorWritable`, `ClusterWritable` with a `Kluster`, and `WeightedPropertyVectorWritable` of
Mahout 0.13.0. A subject is known to Mahout by its row number.
"""

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.learning import sequence_file
from footfall.learning.sequence_file import Reader, Record, unsigned_varint, utf

Matrix = NDArray[np.float64]
# One integer for each point.
Labels = NDArray[np.int64]

_DENSE: Final = 1
_SEQUENTIAL: Final = 2
_NAMED: Final = 4
_LAX: Final = 8
_INT: Final = "org.apache.hadoop.io.IntWritable"
_TEXT: Final = "org.apache.hadoop.io.Text"
_VECTOR: Final = "org.apache.mahout.math.VectorWritable"
_CLUSTER: Final = "org.apache.mahout.clustering.iterator.ClusterWritable"
_POINT: Final = "org.apache.mahout.clustering.classify.WeightedPropertyVectorWritable"
_KLUSTER: Final = "org.apache.mahout.clustering.kmeans.Kluster"
MEASURE: Final = "org.apache.mahout.common.distance.SquaredEuclideanDistanceMeasure"


class Cluster(NamedTuple):
    """A cluster of Mahout. observations: the points that it had in its last iteration."""

    number: int
    observations: int
    centre: Matrix


def vectors_file(points: Matrix) -> bytes:
    """The input of k-means. points: (n, d); the name of each vector is its row number."""
    return sequence_file.write(
        _INT,
        _VECTOR,
        (Record(struct.pack(">i", row), _named(str(row), point)) for row, point in enumerate(points)),
    )


def seeds_file(centres: Matrix) -> bytes:
    """The initial clusters of k-means. centres: (k, d)."""
    return sequence_file.write(
        _TEXT, _CLUSTER, (Record(sequence_file.text(str(n)), _kluster(n, centre)) for n, centre in enumerate(centres))
    )


def clusters(content: bytes) -> list[Cluster]:
    """The clusters of one file of an iteration. Raises MahoutFailed."""
    return [_cluster(record.value) for record in sequence_file.read(content, _INT, _CLUSTER)]


def members(content: bytes) -> list[tuple[int, int]]:
    """Pairs of row number and cluster of one file of `clusteredPoints`. Raises MahoutFailed."""
    found = []
    for key, value in sequence_file.read(content, _INT, _POINT):
        name, _ = _vector(Reader(value))
        found.append((int(name), int.from_bytes(key, "big", signed=True)))
    return found


def _named(name: str, point: Matrix) -> bytes:
    head = bytes([_DENSE | _SEQUENTIAL | _NAMED]) + unsigned_varint(len(point))
    return head + point.astype(">f8").tobytes() + utf(name)


def _dense(point: Matrix) -> bytes:
    return bytes([_DENSE | _SEQUENTIAL]) + unsigned_varint(len(point)) + point.astype(">f8").tobytes()


def _kluster(number: int, centre: Matrix) -> bytes:
    nothing = np.zeros_like(centre)
    return b"".join(
        (
            utf(_KLUSTER),
            utf(MEASURE),
            struct.pack(">iqq", number, 0, 0),
            _dense(centre),
            _dense(nothing),
            # The sums of weights, points and squares, which Mahout fills in.
            struct.pack(">d", 0.0),
            _dense(nothing),
            _dense(nothing),
            b"\x00",  # not converged
        )
    )


def _cluster(value: bytes) -> Cluster:
    data = Reader(value)
    data.utf()
    data.utf()
    number, observations, _ = struct.unpack(">iqq", data.take(20))
    return Cluster(number, observations, _vector(data)[1])


def _vector(data: Reader) -> tuple[str, Matrix]:
    """A vector and its name, '' if it has none."""
    flags, size = data.take(1)[0], data.unsigned_varint()
    kind = np.dtype(">f4" if flags & _LAX else ">f8")
    if flags & _DENSE:
        values = np.frombuffer(data.take(size * kind.itemsize), kind).astype(np.float64)
    else:
        values, index = np.zeros(size), 0
        for _ in range(data.unsigned_varint()):
            step = data.unsigned_varint()
            index = index + step if flags & _SEQUENTIAL else step
            values[index] = np.frombuffer(data.take(kind.itemsize), kind)[0]
    return (data.utf() if flags & _NAMED else ""), values
