"""Hadoop's SequenceFile."""

import pytest

from footfall.learning import sequence_file
from footfall.learning.errors import MahoutFailed
from footfall.learning.sequence_file import Reader, Record

INT, TEXT = "org.apache.hadoop.io.IntWritable", "org.apache.hadoop.io.Text"


def _file(records: list[Record]) -> bytes:
    return sequence_file.write(INT, TEXT, records)


def test_what_was_written_is_read_again_beyond_many_sync_markers() -> None:
    records = [Record(n.to_bytes(4, "big"), sequence_file.text("x" * n)) for n in range(300)]
    content = _file(records)
    assert content.count(b"\xff\xff\xff\xff") >= 10
    assert list(sequence_file.read(content, INT, TEXT)) == records


def test_a_file_without_records_has_none() -> None:
    assert list(sequence_file.read(_file([]), INT, TEXT)) == []


def test_the_same_records_are_the_same_bytes() -> None:
    records = [Record(b"0000", b"a")]
    assert _file(records) == _file(records)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "damaged or cut off"),
        (b"PAR1" + bytes(100), "no SequenceFile"),
        (_file([Record(b"0000", b"abc")])[:-1], "damaged or cut off"),
        (sequence_file.write(TEXT, TEXT, []), "holds org.apache.hadoop.io.Text"),
        (_file([]).replace(b"\x00\x00" + bytes(4), b"\x01\x00" + bytes(4)), "compressed"),
    ],
)
def test_a_file_that_is_not_as_expected_is_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(MahoutFailed, match=sentence):
        list(sequence_file.read(content, INT, TEXT))


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 65_535, 2**31 - 1])
def test_integers_of_variable_length_are_read_again(value: int) -> None:
    assert Reader(sequence_file.vint(value)).vint() == value
    assert Reader(sequence_file.unsigned_varint(value)).unsigned_varint() == value


def test_integers_of_variable_length_are_as_hadoop_and_mahout_write_them() -> None:
    # WritableUtils.writeVInt: -113 (0x8f) says that one byte of a positive number follows.
    assert sequence_file.vint(200) == b"\x8f\xc8"
    assert Reader(b"\x87\x01").vint() == -2
    assert Reader(b"\x90").vint() == -112
    # Varint.writeUnsignedVarInt: the lowest seven bits first.
    assert sequence_file.unsigned_varint(300) == b"\xac\x02"
