"""The archive of records of every kind: each event once, from its first record, in typed columns."""

import io
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from footfall.lake import compaction, layout
from footfall.lake.layout import EVENTS
from footfall.lake.progress import Progress
from footfall.lake.schema import archived
from footfall.names import TOPIC_REJECTED
from footfall.streaming.parquet import Tables
from footfall.streaming.window_schedule import WindowSet
from tests.support.archiving import Record, World
from tests.support.events import ABSENT, stored_event
from tests.support.golden_days import archived_before_1_1
from tests.support.local_files import LocalFiles

_DAY = "2026-11-24"


@dataclass
class Golden:
    """Three batches: every case within one batch, repeats of that batch, and nothing but repeats."""

    world: World
    full: Record
    done: list[Progress]


def _event(at: str = f"{_DAY}T08:00:00.000Z", **overrides: Any) -> dict[str, Any]:
    return stored_event(event_time=at, **overrides)


def _again(event: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return {**event, "sent_at": f"{_DAY}T09:00:00.000Z", **overrides}


@pytest.fixture(scope="module")
def golden(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Golden:
    world = World(spark, tmp_path_factory.mktemp("golden"))
    log, archive = world.log, world.archive()
    plain, midnight = _event(), _event(f"{_DAY}T23:59:59.999Z")
    full = log.add(
        _event(
            "2028-02-29T23:59:59.999Z",
            app_id="academy",
            page_title="Ωμέγα 🫖 \u2028 \"quoted\" \\ 'text'",
            properties={"price": 1.5, "ok": True, "name": "für"},
            extra={"later_field": {"deep": [1, None]}},
            latitude=51.5,
            value_cents=-5_000_000_000,
            user_id=None,
            referrer="",
            schema_version="1.7",
            field_of_tomorrow=5,
            event_type="custom",
            event_name="signup",
            lcp_ms=2_400,
            cls_milli=104,
            via="server",
        )
    )
    log.add(plain)
    log.add(_again(plain))
    # The first of an identity lies in the later day.
    log.add(_again(midnight, event_time="2026-11-25T00:00:00.000Z"))
    log.add(midnight)
    # The same id in another session is another event.
    log.add({**plain, "session_id": "another session"})
    log.add(_event(f"{_DAY}T00:00:00.000Z", app_id="news"))
    for garbage in (
        b"",
        None,
        b"\xff\xfe\x00",
        b"[]",
        b"5",
        b"not json",
        b'{"event_id": "cut off',
        orjson.dumps(_event(seq="three")),
        orjson.dumps(_event(seq=ABSENT)),
        orjson.dumps(_event(is_bot="no")),
        orjson.dumps(_event(session_id="")),
        orjson.dumps(_event(event_id="no-uuid")),
        orjson.dumps(_event(app_id="No Site")),
        orjson.dumps(_event("2026-02-30T00:00:00.000Z")),
        orjson.dumps(_event("2026-11-24")),
        # Days that no folder or calendar can name do not fail the batch.
        orjson.dumps(_event("0001-01-01T00:00:00.000Z")),
        orjson.dumps(_event("+12345-01-01T00:00:00.000Z")),
        orjson.dumps(_event(received_at="soon")),
        orjson.dumps(_event()).replace(b'"', b"'"),
        orjson.dumps(_event(page_title="Blue")).replace(b"Blue", b"Bl\xffue"),
    ):
        log.add_garbage(garbage)
    log.add_reject("shop", f"{_DAY}T08:00:00.000Z")
    log.add_reject("news", "2026-11-25T08:00:00.000Z")
    log.add_garbage(b"no reject", TOPIC_REJECTED)
    log.add_garbage(
        orjson.dumps({"app_id": "shop", "original": "", "rejected_at": "+12345-01-01T00:00:00.000Z"}), TOPIC_REJECTED
    )
    ends = [len(log.records)]
    log.add(_again(plain))
    log.add(_again(plain, event_time="2026-11-28T08:00:00.000Z"))
    log.add(_again(midnight, event_time="2026-11-20T23:59:59.999Z"))
    # A late event from a month before.
    log.add(_event("2026-11-22T08:00:00.000Z", received_at=f"{_DAY}T08:00:00.000Z"))
    log.add(_event("2026-10-24T08:00:00.000Z", backfill=True))
    ends.append(len(log.records))
    log.add(_again(plain))
    log.add_garbage(b"x")
    ends.append(len(log.records))
    done = []
    for number, (first, end) in enumerate(zip([0, *ends], ends, strict=False)):
        archive.batch(world.frame(log.records[first:end]), number)
        assert archive.latest is not None
        done.append(archive.latest)
    return Golden(world, full, done)


def test_each_event_is_archived_once_by_its_first_record(golden: Golden) -> None:
    assert golden.world.archived() == golden.world.expected()
    assert sum(golden.world.expected().values()) == 7


def test_rejects_are_archived_once_by_the_day_of_their_rejection(golden: Golden) -> None:
    assert golden.world.rejects() == golden.world.expected_rejects()
    assert set(golden.world.rejects()) == {(0, _DAY), (1, "2026-11-25")}


def test_every_record_is_counted(golden: Golden) -> None:
    totals = [progress.totals for progress in golden.done]
    assert [(t.archived, t.repeats, t.unreadable, t.rejected) for t in totals] == [
        (5, 2, 22, 2),
        (7, 5, 22, 2),
        (7, 6, 23, 2),
    ]
    assert sum((7, 6, 23, 2)) == len(golden.world.log.records)


def test_progress_holds_offsets_and_minutes(golden: Golden) -> None:
    last = golden.done[-1]
    assert last.ends == golden.world.log.ends()
    assert (last.batch, last.touched) == (2, ())
    assert golden.world.journal.latest("aaaa0000") == last
    at = [_minute(text) for text in ("2026-11-24T00:00", "2026-11-24T08:00", "2026-11-25T00:00", "2028-02-29T23:59")]
    assert golden.done[0].touched == tuple((minute, minute) for minute in at)
    at = [_minute(text) for text in ("2026-10-24T08:00", "2026-11-22T08:00")]
    assert golden.done[1].touched == tuple((minute, minute) for minute in at)


def _minute(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) // 60


def test_the_staging_folder_is_empty(golden: Golden) -> None:
    assert golden.world.files.list("/events/_staging") == []


def test_files_from_before_schema_1_1_are_merged_with_later_ones(spark: SparkSession, tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    folder, row = f"/events/app_id=shop/dt={_DAY}", {"event_time": datetime(2026, 11, 24, 8, tzinfo=timezone.utc)}
    later = {"event_name": "signup", "via": "server", "lcp_ms": 2_400, "cls_milli": 104}
    sources = tuple(f"{folder}/{layout.Part('aaaa0000', n, n, 0).name}" for n in range(2))
    for path, columns, more in zip(sources, (archived_before_1_1(), archived()), ({}, later), strict=True):
        content = io.BytesIO()
        pq.write_table(pa.Table.from_pylist([{**row, "event_id": path[-9:], **more}], columns), content)
        files.write(path, content.getvalue())
    Tables(spark, files, files.uri).merge(compaction.Group(EVENTS, folder, sources, ""), "/merged")
    (merged,) = (file for file in files.list("/merged") if file.name.endswith(".parquet"))
    found = pq.read_table(io.BytesIO(files.read(merged.path) or b""))
    assert set(found.column_names) == set(archived().names)
    names = [row["event_name"] for row in found.to_pylist()]
    assert sorted(names, key=str) == [None, "signup"]
    (whole,) = (row for row in found.to_pylist() if row["event_name"])
    assert later.items() <= whole.items()


def test_columns_have_their_types(golden: Golden) -> None:
    (path,) = (golden.world.files.root / "events/app_id=academy/dt=2028-02-29").glob("*.parquet")
    schema = pq.read_schema(path)
    types = {
        "event_time": pa.timestamp("us", tz="UTC"),
        "received_at": pa.timestamp("us", tz="UTC"),
        "seq": pa.int32(),
        "response_ms": pa.int32(),
        "value_cents": pa.int64(),
        "is_bot": pa.bool_(),
        "latitude": pa.float64(),
        "properties": pa.string(),
        "extra": pa.string(),
        "event_name": pa.string(),
        "lcp_ms": pa.int32(),
        "cls_milli": pa.int32(),
        "via": pa.string(),
        "kafka_partition": pa.int32(),
        "kafka_offset": pa.int64(),
    }
    assert {name: schema.field(name).type for name in types} == types
    assert not {"app_id", "dt", "hash", "readable", "field_of_tomorrow"} & set(schema.names)


def test_duckdb_reads_the_archived_events(golden: Golden) -> None:
    folders = f"{golden.world.files.root}/events/app_id=*/dt=*/*.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute(
            "SELECT app_id, dt, epoch_ms(event_time), typeof(event_time), page_title, properties, extra, latitude, "
            "value_cents, user_id, referrer, schema_version, kafka_partition, kafka_offset, seq, "
            "event_name, lcp_ms, inp_ms, cls_milli, via "
            "FROM read_parquet(?, hive_partitioning = true) WHERE app_id = 'academy'",
            [folders],
        ).fetchall()
    assert len(rows) == 1
    app, dt, at_ms, kind, title, properties, extra, *rest = rows[0]
    assert (app, str(dt)) == ("academy", str(date(2028, 2, 29)))
    assert (at_ms, kind) == (_minute("2028-02-29T23:59") * 60_000 + 59_999, "TIMESTAMP WITH TIME ZONE")
    assert title == "Ωμέγα 🫖 \u2028 \"quoted\" \\ 'text'"
    assert properties == '{"price":1.5,"ok":true,"name":"für"}'
    assert extra == '{"later_field":{"deep":[1,null]}}'
    place = golden.full.partition, golden.full.offset
    assert rest == [51.5, -5_000_000_000, None, "", "1.7", *place, 3, "signup", 2_400, None, 104, "server"]


def test_windows_are_computed_from_the_archived_events(golden: Golden) -> None:
    # Two events that began the day, and one of another site a year and a leap day later.
    morning, leap = _minute(f"{_DAY}T08:00"), _minute("2028-02-29T23:59")
    archive = golden.world.archive()
    found = archive.windows(WindowSet(leap + 9, (morning, morning + 1, leap), (morning - 4, leap))).to_pylist()
    apps = {
        (r["app_id"], r["window_minutes"], r["window_start"]): r["events"] for r in found if r["dimension"] == "app"
    }
    assert apps == {
        ("shop", 1, morning): 2,
        ("shop", 5, morning - 4): 2,
        ("academy", 1, leap): 1,
        ("academy", 5, leap): 1,
    }
    assert archive.windows(WindowSet(leap + 9, (morning - 9,), (morning + 1,))).num_rows == 0
