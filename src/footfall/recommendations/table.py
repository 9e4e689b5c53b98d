"""The table `recommendations` in HBase: its row keys and its cell. Pure, and shared by its writer and its readers.

Each row is one list of items of one site, so one `get` reads it. A site's catalogue decides what an item is called and
whether it exists: item ids come from events, and anybody can send those.
"""

from typing import Final

import msgspec

# In place of a section: the whole site.
ALL_SECTIONS: Final = "all"
# Every row has this one column.
LIST_COLUMN: Final = b"f:list"
# So a row stays below some 10 KB, whatever a visitor sends.
MOST_USED: Final = 200


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """An item in a list.

    score: the recommender's, or the similarity; None for an item that is merely popular
    reason_item_id: the item of the subject's own that it is most similar to; None if there is none
    """

    item_type: str
    item_id: str
    score: float | None = None
    reason_item_id: str | None = None


class StoredList(msgspec.Struct, array_like=True, frozen=True):
    """The cell of a row: a list, the best item first.

    model_id: model that made it. dt: last UTC day that it was learned from, YYYY-MM-DD. run: run of learning.
    computed_ms: ms since 1970. used: type and id of the items that a subject's list leaves out since the
    subject used or bought them, the latest first, at most MOST_USED; none in other lists
    """

    model_id: str
    dt: str
    run: str
    computed_ms: int
    entries: tuple[Entry, ...]
    used: tuple[tuple[str, str], ...] = ()


def subject_key(app_id: str, subject: str) -> bytes:
    """The row of what a subject may like. subject: a user_id, or the anonymous_id of visits without one."""
    return f"{app_id}\0s\0{subject}".encode()


def popular_key(app_id: str, section: str = ALL_SECTIONS) -> bytes:
    """The row of the most used items of a section, or of the whole site."""
    return f"{app_id}\0p\0{section}".encode()


def similar_key(app_id: str, item_type: str, item_id: str) -> bytes:
    """The row of the items that are similar to an item."""
    return f"{app_id}\0i\0{item_type}\0{item_id}".encode()


def encode_list(found: StoredList) -> bytes:
    """The cell that holds a list."""
    return _encode(found)


def decode_list(cell: bytes) -> StoredList:
    """The list in a cell. Raises ValueError if another version wrote it, or it is damaged."""
    try:
        return _decode(cell)
    except msgspec.DecodeError as error:
        raise ValueError(f"A list in the table recommendations cannot be read: {error}.") from None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(StoredList).decode
