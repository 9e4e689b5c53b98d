"""The collector with Kafka: every event answered with 202 is in the right place in Kafka, and rejects can be found."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from footfall.events.identity import new_uuid7
from footfall.events.rejects import read_reject_record
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.events.validate import check_stored
from footfall.names import REJECTED_PARTITIONS, TOPIC_EVENTS, TOPIC_REJECTED
from footfall.settings import Settings
from footfall.verification.identity import partition_of
from tests.support.events import example_event
from tests.support.platform import Platform

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "X-Forwarded-For": "203.0.113.77",
}


@dataclass(frozen=True)
class Found:
    """A record of Kafka."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes


class Since:
    """Reads both topics from their ends at the time of creation."""

    def __init__(self, settings: Settings) -> None:
        self._partitions = settings.events_partitions
        self._consumer: Any = Consumer(
            {"bootstrap.servers": settings.kafka_bootstrap, "group.id": "footfall-test", "enable.auto.commit": False}
        )
        self._begin = self._ends()

    def records(self) -> list[Found]:
        """All records since then; in each partition in order of offset."""
        found = []
        for place, end in self._ends().items():
            at = self._begin[place]
            if at < end:
                self._consumer.assign([TopicPartition(*place, at)])
            while at < end:
                message = self._consumer.poll(10)
                assert message is not None, f"{place} gave nothing at {at}, though it ends at {end}"
                assert message.error() is None
                at = message.offset() + 1
                key = message.key()
                found.append(Found(*place, message.offset(), None if key is None else key.decode(), message.value()))
        return found

    def close(self) -> None:
        self._consumer.close()

    def _ends(self) -> dict[tuple[str, int], int]:
        places = [(TOPIC_EVENTS, p) for p in range(self._partitions)]
        places += [(TOPIC_REJECTED, p) for p in range(REJECTED_PARTITIONS)]
        return {p: self._consumer.get_watermark_offsets(TopicPartition(*p), timeout=20)[1] for p in places}


@pytest.fixture
def since(platform: Settings) -> Iterator[Since]:
    made = Since(platform)
    yield made
    made.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def post(settings: Settings, body: bytes) -> tuple[int, dict[str, Any]]:
    """Posts to the shop as one of its pages does; status and answer."""
    site = f"http://127.0.0.1:{settings.port('shop')}"
    request = urllib.request.Request(f"{site}/collect", body, {**HEADERS, "Origin": site})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, json.load(answer)


def sessions(count: int, events: int) -> list[dict[str, Any]]:
    """Events of new sessions, the sessions mixed."""
    ids = [new_uuid7() for _ in range(count)]
    return [example_event(now_ms(), session_id=session, seq=seq) for seq in range(events) for session in ids]


def test_a_batch_is_in_kafka_when_it_is_answered(platform: Settings, since: Since) -> None:
    good = sessions(count=12, events=3)
    marker = new_uuid7()
    bad = [
        json.dumps(example_event(now_ms(), event_id=marker, seq=-1)).encode(),
        b'{ "seq" : 1.50e1,"seq":-0.0, "page_title":"\\u00e9 \x7f ],[ \xc3\xa9 \\u001b[31m" }',
        json.dumps(example_event(now_ms(), app_id="news")).encode(),
        b'"%b"' % marker.encode(),
    ]
    body = b"[" + b" ,\n".join([*(json.dumps(event).encode() for event in good), *bad]) + b"]"
    sent_ms = now_ms()
    status, answer = post(platform, body)
    answered_ms = now_ms()

    assert status == 202
    assert answer["accepted"] == len(good)
    assert [one["index"] for one in answer["rejected"]] == [len(good) + index for index in range(len(bad))]
    reasons = [one["reason"] for one in answer["rejected"]]
    assert reasons == ["out_of_range", "missing_field", "foreign_app", "not_an_object"]

    # No waiting: an answer means that the events are there, unless they went to the spool.
    found = since.records()
    by_session: dict[str, list[dict[str, Any]]] = {event["session_id"]: [] for event in good}
    for record in found:
        if record.topic == TOPIC_EVENTS and record.key in by_session:
            stored = json.loads(record.value)
            assert record.partition == partition_of(record.key, platform.events_partitions)
            assert stored["session_id"] == record.key
            by_session[record.key].append(stored)
    assert len({partition_of(session, platform.events_partitions) for session in by_session}) > 1
    for session, stored_events in by_session.items():
        expected = [event for event in good if event["session_id"] == session]
        assert [stored["event_id"] for stored in stored_events] == [event["event_id"] for event in expected]
        for event, stored in zip(expected, stored_events, strict=True):
            assert check_stored(stored) is None
            received_ms = parse_rfc3339_ms(stored["received_at"])
            assert sent_ms <= received_ms <= answered_ms
            assert stored["event_time"] == format_rfc3339_ms(received_ms - 500)
            assert stored["ip_prefix"] == "203.0.113.0/24"
            assert stored["is_bot"] is False
            assert {name: stored[name] for name in event} == event

    rejects = [read_reject_record(record.value) for record in found if record.topic == TOPIC_REJECTED]
    kept = [reject for reject in rejects if reject.original in bad]
    assert [(reject.original, reject.reason) for reject in kept] == list(zip(bad, reasons, strict=True))
    assert {reject.app_id for reject in kept} == {"shop"}
    assert kept[0].event_id == marker

    _assert_found_by_the_command(Platform(platform), marker, bad, reasons)


def _assert_found_by_the_command(running: Platform, marker: str, bad: list[bytes], reasons: list[str]) -> None:
    rows = running.json("rejects", "list", "--app", "shop", "--limit", "1000")
    assert [row["offset"] for row in rows] == sorted((row["offset"] for row in rows), reverse=True)
    mine = [row for row in reversed(rows) if base64.b64decode(row["original"]) in bad]
    assert [base64.b64decode(row["original"]) for row in mine] == bad
    assert [row["reason"] for row in mine] == reasons
    assert {row["app_id"] for row in rows} == {"shop"}
    foreign = running.json("rejects", "list", "--reason", "foreign_app", "--limit", "1000")
    assert mine[2] in foreign
    assert {row["reason"] for row in foreign} == {"foreign_app"}
    assert len(running.json("rejects", "list", "--limit", "2")) == 2

    assert running.json("rejects", "show", marker) == [mine[0]]
    assert running.json("rejects", "show", str(mine[1]["offset"])) == [mine[1]]
    shown = running.run("rejects", "show", str(mine[1]["offset"]))
    assert shown.returncode == 0
    # Characters that the sender escaped stay escaped; raw control characters are made visible.
    assert r'"page_title":"\u00e9 \x7f ],[ é \u001b[31m"' in shown.stdout
    assert not [character for character in shown.stdout if not character.isprintable() and character != "\n"]
    nobody = running.run("rejects", "show", new_uuid7())
    assert (nobody.returncode, nobody.stdout) == (1, "")


def test_a_body_that_is_no_json_is_one_reject_with_all_its_bytes(platform: Settings, since: Since) -> None:
    body = b"\xff\x00\x1b[2J" + new_uuid7().encode() + b"\r\n" * 1000
    with pytest.raises(urllib.error.HTTPError) as refusal:
        post(platform, body)
    assert refusal.value.code == 400
    rejects = [read_reject_record(record.value) for record in since.records() if record.topic == TOPIC_REJECTED]
    mine = [reject for reject in rejects if reject.original == body]
    assert [(reject.reason, reject.stage, reject.event_id) for reject in mine] == [("not_json", "parse", None)]


def test_the_same_batch_again_is_two_records_of_each_identity(platform: Settings, since: Since) -> None:
    good = sessions(count=3, events=2)
    body = json.dumps(good).encode()
    for _ in range(2):
        assert post(platform, body) == (202, {"accepted": 6, "rejected": []})
    places: dict[tuple[str, str], list[tuple[int, int]]] = {(e["session_id"], e["event_id"]): [] for e in good}
    for record in since.records():
        if record.topic == TOPIC_EVENTS:
            stored = json.loads(record.value)
            identity = stored["session_id"], stored["event_id"]
            if identity in places:
                places[identity].append((record.partition, record.offset))
    for found in places.values():
        # Both are in one partition, so that the lower offset counts.
        assert len(found) == 2
        assert len({partition for partition, _ in found}) == 1
        assert found[0] < found[1]
