"""The bolt before it knows a partition's progress: packs wait, and each is kept once."""

from footfall.realtime.live_bolt import LiveBolt
from footfall.realtime.multilang import Message


def pack(message_id: str, first: int, end: int) -> Message:
    values = [b"record %d" % offset for offset in range(first, end)]
    return Message(message_id, "kafka", "default", ["events", 3, first, end, 0, None, values])


def test_packs_that_are_sent_again_while_hbase_is_unavailable_are_kept_once() -> None:
    bolt = LiveBolt()
    for time in range(3):
        bolt.process(pack(f"a{time}", 0, 2))
        bolt.process(pack(f"b{time}", 2, 4))
    waiting = bolt._arrived["events", 3]
    assert [one.id for one in waiting] == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert [one.values[0] for one in waiting] == [b"record 0", b"record 2"] * 3
    assert len({id(one.values) for one in waiting}) == 2
