"""Columns of archived events as arrays: texts as numbers, flags of texts, integers without nulls."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Codes(NamedTuple):
    """A dictionary-encoded text column. numbers: the code of each row. texts: the text of each code, null included."""

    numbers: Integers
    texts: pa.Array

    @property
    def size(self) -> int:
        return len(self.texts)


def codes_of(column: pa.ChunkedArray) -> Codes:
    """A text column, dictionary-encoded or not, as codes."""
    whole = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    encoded = whole.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], encoded.type)
    texts = pa.concat_arrays([encoded.dictionary.cast(pa.string()), pa.nulls(1, pa.string())])
    numbers = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    return Codes(numbers.astype(np.int64), texts)


def ordered(codes: Codes) -> Codes:
    """The same column with codes in the order of the texts."""
    rank = ranks(codes)
    return Codes(rank[codes.numbers], codes.texts.take(pa.array(np.argsort(rank))))


def ranks(codes: Codes) -> Integers:
    """The place of each code's text in the order of their bytes; null is the last."""
    rank = np.empty(codes.size, dtype=np.int64)
    rank[pc.sort_indices(codes.texts).to_numpy()] = np.arange(codes.size)
    return rank


def flags_of(codes: Codes, holds: Callable[[str], bool]) -> Flags:
    """Flags the rows whose text satisfies `holds`; null does not."""
    by_number = [text is not None and holds(text) for text in codes.texts.to_pylist()]
    return np.array(by_number, dtype=np.bool_)[codes.numbers]


def numbers_of(column: pa.ChunkedArray, otherwise: int) -> Integers:
    """An integer column, with `otherwise` for each null."""
    return np.asarray(column.cast(pa.int64()).fill_null(otherwise).to_numpy())
