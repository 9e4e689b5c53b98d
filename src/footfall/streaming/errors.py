"""Errors of our own that come through Spark, which makes them lines in a page of its own."""

from typing import Final

from footfall.hdfs import HdfsUnavailable, Unreadable
from footfall.kafka.topics import KafkaUnavailable
from footfall.lake.errors import ArchiveRefused

_OWN: Final = (HdfsUnavailable, Unreadable, KafkaUnavailable, ArchiveRefused)


def own(error: Exception) -> Exception:
    """What our code raised wherever Spark ran it, with its sentence; the same error if that was none of ours."""
    for line in str(error).splitlines():
        for kind in _OWN:
            _, found, sentence = line.partition(f"{kind.__module__}.{kind.__name__}: ")
            if found:
                return kind(sentence)
    return error
