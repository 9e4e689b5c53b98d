"""A repaired reject is sent again: it is stored, counted and archived once, and `verify` accounts for it."""

import base64
import json
import time
from pathlib import Path
from typing import Any

from footfall.events.identity import new_uuid7
from footfall.events.rejects import reject_record
from footfall.events.times import format_rfc3339_ms, parse_rfc3339_ms
from footfall.events.validate import check_sent, check_stored
from footfall.hdfs import Hdfs
from footfall.names import TOPIC_EVENTS, TOPIC_REJECTED
from footfall.settings import Settings
from footfall.sites.trusted_producer import TrustedProducer
from footfall.sites.visitors import ledger
from footfall.verification.archive_files import ArchiveFiles
from footfall.verification.identity import partition_of
from footfall.verification.kafka_log import KafkaLog
from tests.support.collecting import post, send
from tests.support.events import ABSENT, example_event
from tests.support.platform import Platform, await_true


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def reject(settings: Settings, event: dict[str, Any]) -> dict[str, Any]:
    """Posts an event that the shop must reject; returns its line of `rejects list`."""
    body = json.dumps(event).encode()
    status, answer = post(settings, "shop", body)
    assert (status, answer["accepted"]) == (202, 0)
    rows = Platform(settings).json("rejects", "list", "--app", "shop", "--limit", "1000")
    found: dict[str, Any] = next(row for row in rows if base64.b64decode(row["original"]) == body)
    return found


def stored(settings: Settings, session: str) -> list[tuple[int, dict[str, Any]]]:
    """Offset and event of each record of a session."""
    log, partition = KafkaLog(settings.kafka_bootstrap), partition_of(session, settings.events_partitions)
    try:
        start, end = log.bounds(TOPIC_EVENTS, range(settings.events_partitions))[partition]
        events = [(record.offset, json.loads(record.value)) for record in log.read(TOPIC_EVENTS, partition, start, end)]
        return [(offset, event) for offset, event in events if event["session_id"] == session]
    finally:
        log.close()


def replayed(settings: Settings, session: str) -> list[tuple[str, int | None]]:
    """Identity and seq of the session's lines in the ledger."""
    lines = [entry for entry in ledger.read(settings, "shop") if entry.session_id == session]
    assert {entry.kind for entry in lines} <= {"replayed"}
    return [(entry.event_id, entry.seq) for entry in lines]


def archived(settings: Settings, session: str) -> list[str]:
    """The ids of the session's archived rows."""
    damaged: list[str] = []
    found = [
        event_id
        for rows in ArchiveFiles(Hdfs(settings)).rows(damaged.append)
        for of, event_id in zip(rows.sessions, rows.events, strict=True)
        if of == session
    ]
    assert damaged == []
    return sorted(found)


def test_repaired_rejects_are_stored_once_and_accounted_for(platform: Settings) -> None:
    running = Platform(platform)
    session, ids = _replayed_now(platform, running)
    old_session, old_id = _replayed_of_three_days_ago(platform, running)
    document = running.assert_verified()
    assert document["stores"]["ledger"]["replayed"] >= 5
    assert document["stores"]["archive"]["compared"]
    rows = running.query("session", "--session", session)
    assert [(row["seq"], row["event_type"]) for row in rows] == [(0, "page_view"), (1, "page_view"), (2, "page_view")]
    assert archived(platform, session) == sorted(ids)
    assert archived(platform, old_session) == [old_id]
    # The old one is history: it changes no live figure.
    asked = running.run("query", "session", "--session", old_session)
    assert (asked.returncode, f"There is no session '{old_session}'" in asked.stderr) == (2, True)


def _replayed_now(platform: Settings, running: Platform) -> tuple[str, list[str]]:
    """Repairs two rejects of a visit and sends each twice. Returns the session and the ids of its events."""
    session = new_uuid7()
    # The visit of a real browser, so that no ledger has the rest of it.
    visit = {"session_id": session, "anonymous_id": new_uuid7()}
    first = example_event(now_ms(), **visit, seq=0)
    send(platform, "shop", first)
    named = reject(platform, example_event(now_ms(), **visit, seq=-1))
    nameless = reject(platform, example_event(now_ms(), **visit, seq=2, event_id=ABSENT))

    one = running.json("rejects", "replay", named["event_id"], "--set", "seq=1", "--set", "page_title=Mended – ☕")
    two = running.json("rejects", "replay", str(nameless["offset"]), "--unset", "item_id")
    for done, origin in ((one, named), (two, nameless)):
        assert (done["rejects_offset"], done["dry_run"]) == (origin["offset"], False)
        assert check_stored(done["event"]) is None
        assert done["event"]["received_at"] == origin["rejected_at"]
        assert done["event"]["event_time"] == format_rfc3339_ms(parse_rfc3339_ms(origin["rejected_at"]) - 500)
        assert "backfill" not in done["event"]
        assert done["partition"] == partition_of(session, platform.events_partitions)
        assert (done["offset"], done["event"]) in stored(platform, session)
    assert one["event"]["page_title"] == "Mended – ☕"
    assert "item_id" not in two["event"]

    # Sent again, also with another repair: the identity stays the same.
    again = running.json("rejects", "replay", str(nameless["offset"]), "--set", "page_title=Otherwise")
    assert again["event"]["event_id"] == two["event"]["event_id"]
    assert again["offset"] > two["offset"]
    assert running.run("rejects", "replay", named["event_id"], "--set", "seq=1").returncode == 0
    ids = [first["event_id"], one["event"]["event_id"], two["event"]["event_id"]]
    assert [event["event_id"] for _, event in stored(platform, session)] == [*ids, ids[2], ids[1]]
    assert replayed(platform, session) == [(ids[1], 1), (ids[2], 2), (ids[2], 2), (ids[1], 1)]
    return session, ids


def _replayed_of_three_days_ago(platform: Settings, running: Platform) -> tuple[str, str]:
    """Repairs a reject that is sent as history. Returns the session and the id of its event."""
    session = new_uuid7()
    rejected_ms = now_ms() - 73 * 3_600_000
    sent = example_event(rejected_ms, session_id=session, seq=-1)
    # A site cannot reject in the past, so its record is built as it would have been then.
    found = check_sent(sent)
    assert found is not None
    record = reject_record(found, json.dumps(sent).encode(), "shop", rejected_ms)
    place = TrustedProducer(platform.kafka_bootstrap).send_one(TOPIC_REJECTED, "", record)

    done = running.json("rejects", "replay", str(place.offset), "--set", "seq=0")
    assert done["event"]["backfill"] is True
    assert done["event"]["received_at"] == format_rfc3339_ms(rejected_ms)
    assert stored(platform, session) == [(done["offset"], done["event"])]
    return session, sent["event_id"]


def test_an_unfit_repair_is_not_sent(platform: Settings) -> None:
    running, session = Platform(platform), new_uuid7()
    bad = example_event(now_ms(), session_id=session, seq=-1)
    older, newer = reject(platform, bad), reject(platform, bad | {"page_title": "Newer"})

    still = running.run("rejects", "replay", newer["event_id"], "--set", "seq=1", "--set", "page_path=cart")
    assert (still.returncode, still.stdout) == (1, "")
    assert "The event is still not valid (bad_format): " in still.stderr
    assert still.stderr.endswith("Nothing was sent.\n")

    shown = running.run("rejects", "replay", newer["event_id"], "--set", "seq=1", "--dry-run")
    assert shown.returncode == 0
    assert f"2 rejects have this event_id. This is the newest, at offset {newer['offset']}." in shown.stderr
    assert "Newer" in shown.stdout
    assert shown.stdout.endswith("Dry run: nothing was sent. This event would be stored.\n")
    exact = running.json("rejects", "replay", str(older["offset"]), "--set", "seq=1", "--dry-run")
    assert (exact["dry_run"], exact["partition"], exact["offset"]) == (True, None, None)
    assert exact["event"]["page_title"] == bad["page_title"]

    nobody = running.run("rejects", "replay", new_uuid7())
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "Kafka holds no reject" in nobody.stderr
    assert stored(platform, session) == []
    assert replayed(platform, session) == []


def test_a_body_that_was_not_json_is_replaced_by_a_file(platform: Settings, tmp_path: Path) -> None:
    running, session = Platform(platform), new_uuid7()
    body = f'[{{"session_id": "{session}", '.encode()
    assert post(platform, "shop", body)[0] == 400
    rows = running.json("rejects", "list", "--reason", "not_json", "--limit", "1000")
    offset = next(str(row["offset"]) for row in rows if base64.b64decode(row["original"]) == body)

    refused = running.run("rejects", "replay", offset, "--set", "seq=1")
    assert (refused.returncode, "--file" in refused.stderr) == (1, True)
    event = example_event(now_ms(), session_id=session, event_id=ABSENT)
    file, ids = tmp_path / "event.json", []
    for seq in (0, 1, 1):
        file.write_text(json.dumps(event | {"seq": seq}))
        ids.append(running.json("rejects", "replay", offset, "--file", str(file))["event"]["event_id"])
    assert ids[0] != ids[1] == ids[2]
    await_true(lambda: len(running.query("session", "--session", session)) == 2, "both events counted", 30)
