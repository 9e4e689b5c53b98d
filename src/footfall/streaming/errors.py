"""Recovers Footfall's errors from Spark's: Spark reports the error of a Python worker as a line of a long text."""

from typing import Final

from footfall.hdfs import HdfsUnavailable, Unreadable
from footfall.kafka.topics import KafkaUnavailable
from footfall.lake.errors import ArchiveRefused

_OWN: Final = (HdfsUnavailable, Unreadable, KafkaUnavailable, ArchiveRefused)


def original_error(error: Exception) -> Exception:
    """The Footfall error that caused an error of Spark, with its sentence; else the same error."""
    for line in str(error).splitlines():
        for kind in _OWN:
            _, found, sentence = line.partition(f"{kind.__module__}.{kind.__name__}: ")
            if found:
                return kind(sentence)
    return error
