"""The reports from the counting bolts to the alert bolt, and what the alert bolt reads when it starts."""

from collections.abc import Iterator
from typing import Any, cast

import orjson
import pytest

from footfall.events.rejects import Reject, reject_record
from footfall.events.times import format_rfc3339_ms
from footfall.kafka.topics import Topic
from footfall.names import TABLE_ALERTS, TOPIC_EVENTS, TOPIC_REJECTED
from footfall.question_registry import ask
from footfall.questions.model import UnknownValue
from footfall.realtime import alert_bolt, tables
from footfall.realtime.alert_bolt import AlertBolt
from footfall.realtime.alerts import past
from footfall.realtime.alerts.alert import Alert
from footfall.realtime.alerts.figures import (
    LONG_SLOTS,
    SLOT_MS,
    Figures,
    FiguresBySlot,
    Report,
    Series,
    decode_report,
    encode_report,
    merge_into,
)
from footfall.realtime.multilang import Message, Pipe
from footfall.realtime.partition_counter import Pack, Partition
from footfall.realtime.store import HBaseStore, HBaseUnavailable
from tests.support.events import stored_event
from tests.unit.realtime.live_log import EVENTS, REJECTED, sources
from tests.unit.realtime.memory_store import Cells, MemoryStore

MINUTE_MS = 60_000
NOON = 29_400_000  # a minute since 1970
ALERT = Alert(
    "errors", "shop", "/cart", "critical", "open", NOON * MINUTE_MS, NOON * MINUTE_MS + 15_000, None, 0.8, 0.0, 10,
    1e-9, "r-1",
)  # fmt: skip


def log() -> Iterator[tuple[Topic, int, bytes]]:
    """Three minutes of a shop: people who meet failures, a bot, a page without a time of its own, and rejects."""
    for number in range(60):
        at_ms = NOON * MINUTE_MS + number * 3_000
        visitor = number % 7
        failed = number % 10 == 0
        fields: dict[str, Any] = {
            "event_time": format_rfc3339_ms(at_ms),
            "event_type": "page_view" if number % 3 else "click",
            "app_id": "shop",
            "session_id": f"s-{visitor}",
            "anonymous_id": f"a-{visitor}",
            "event_id": f"01a20c91-9e0c-7bd6-9e7d-{number:012d}",
            "page_path": f"/{number % 4}",
            "http_status": 500 if failed else 200,
            "response_ms": 40 + number,
            "request_id": f"r-{number}",
            "is_bot": visitor == 6,
        }
        yield EVENTS, visitor, orjson.dumps(stored_event(at_ms, **fields))
        if number % 20 == 0:
            yield REJECTED, 0, reject_record(Reject("not_json", "It is no JSON."), b"{", "shop", at_ms)


def counted(cells: Cells, now_s: float) -> tuple[FiguresBySlot, bool]:
    """Counts the log with the live path; returns the reported figures, and whether it left out late events."""
    reported: FiguresBySlot = {}
    late = []
    for topic in (EVENTS, REJECTED):
        for number in range(topic.partitions):
            values = [value for of, place, value in log() if (of, place) == (topic, number)]
            partition = Partition(topic, number, MemoryStore(cells), lambda: now_s)
            partition.offer(Pack("1", 0, len(values), 0, None, values))
            partition.flush()
            by_slot, is_late = partition.take_figures()
            late.append(is_late)
            merge_into(reported, by_slot)
            assert partition.take_figures() == ({}, False)
    return reported, any(late)


def figures(series: Series, minute: int) -> tuple[Any, ...]:
    """The figures of a minute that the rules look at."""
    one = series.minute(minute) or Figures()
    people, bots = len(one.people), len(one.bots)
    return one.tried, one.failed, one.responses, one.events, one.rejected, people, bots


def test_reported_and_reloaded_figures_are_the_same() -> None:
    cells = Cells()
    reported, is_late = counted(cells, NOON * 60 + 60)
    assert not is_late
    reported_series: dict[str | None, Series] = {}
    for (app, path, slot), one in reported.items():
        assert app == "shop"
        reported_series.setdefault(path, Series()).add(slot, one)
    watch = past.load_watch(cast(HBaseStore, MemoryStore(cells)), NOON + 3)
    assert reported_series.keys() == {None, "/0", "/1", "/2", "/3"}
    for minute in range(NOON, NOON + 3):
        assert figures(watch._sites["shop"], minute) == figures(reported_series[None], minute)
        assert figures(reported_series[None], minute)[-2:] == (6, 1)
        for path in ("/0", "/1", "/2", "/3"):
            assert figures(watch._pages["shop", path], minute) == figures(reported_series[path], minute)
    totals = [
        sum(figures(reported_series[None], minute)[which] for minute in range(NOON, NOON + 3)) for which in (1, 3, 4)
    ]
    # 10, 40 and 50 are people's page views that failed; 20 is a bot's.
    assert totals == [3, 60, 3]


def test_only_minutes_before_the_current_one_are_read() -> None:
    cells = Cells()
    counted(cells, NOON * 60 + 200)
    watch = past.load_watch(cast(HBaseStore, MemoryStore(cells)), NOON + 2)
    assert watch._sites["shop"].minute(NOON + 1) is not None
    assert watch._sites["shop"].minute(NOON + 2) is None
    assert not past.load_watch(cast(HBaseStore, MemoryStore(cells)), NOON + 34)._sites


def test_events_too_old_to_be_judged_are_not_reported() -> None:
    assert counted(Cells(), NOON * 60 + 3600) == ({}, True)
    reported, is_late = counted(Cells(), NOON * 60 + 200)
    assert is_late
    assert {slot for _, _, slot in reported} == {
        (NOON * 60 + second) * 1000 // SLOT_MS for second in range(141, 180, 3)
    }


def test_a_repeat_is_reported_once() -> None:
    cells = Cells()
    values = [value for topic, number, value in log() if (topic, number) == (EVENTS, 0)]
    partition = Partition(EVENTS, 0, MemoryStore(cells), lambda: NOON * 60.0)
    partition.offer(Pack("1", 0, 2 * len(values), 0, None, [*values, *values]))
    partition.flush()
    by_slot, _ = partition.take_figures()
    assert sum(one.events for (_, path, _), one in by_slot.items() if path is None) == len(values)


def test_a_report_is_decoded_as_it_was_encoded() -> None:
    reported = Report({"events/0": 5}, *counted(Cells(), NOON * 60 + 100))
    assert reported.is_late
    assert any(one.slowest for one in reported.figures.values())
    assert decode_report(encode_report(reported)) == reported


def test_a_stored_alert_is_returned_by_its_question() -> None:
    cells = Cells()
    resolved = ALERT._replace(app_id="news", page_path=None, state="resolved", resolved_ms=(NOON + 5) * MINUTE_MS)
    for alert in (ALERT, resolved):
        cells.put(TABLE_ALERTS, tables.alert_key(alert), tables.ALERT_COLUMN, tables.encode_alert(alert), 1)
    asked = sources(cells)
    rows = ask(asked, "live-alerts")
    assert [row["alert_id"] for row in rows] == [
        f"errors:news::{NOON * MINUTE_MS}",
        f"errors:shop:/cart:{NOON * MINUTE_MS}",
    ]
    assert rows[1] == {
        "alert_id": f"errors:shop:/cart:{NOON * MINUTE_MS}", "kind": "errors", "severity": "critical", "app_id": "shop",
        "page_path": "/cart", "state": "open", "started_at": "2025-11-24T16:00:00.000Z",
        "raised_at": "2025-11-24T16:00:15.000Z", "resolved_at": None, "observed": 0.8, "expected": 0.0, "n": 10,
        "tail_p": 1e-9, "sample_request_id": "r-1",
    }  # fmt: skip
    assert [row["app_id"] for row in ask(asked, "live-alerts", app="shop")] == ["shop"]
    assert [row["app_id"] for row in ask(asked, "live-alerts", state="resolved")] == ["news"]
    with pytest.raises(UnknownValue, match="open"):
        ask(asked, "live-alerts", state="closed")


class Clock:
    """The time of day that the bolt sees."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ms: int) -> None:
        self.ms = ms
        monkeypatch.setattr(alert_bolt.time, "time_ns", lambda: self.ms * 1_000_000)


class Judge:
    """The alert bolt with tables in memory. It collects the alerts that would be published to Kafka."""

    def __init__(self, cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bolt = AlertBolt()
        self.bolt._store = cast(HBaseStore, MemoryStore(cells))
        self.bolt._pipe = Pipe(0)
        self.bolt._partitions = EVENTS.partitions + REJECTED.partitions
        self.found: list[Alert] = []
        monkeypatch.setattr(AlertBolt, "_publish", self._take)

    def _take(self) -> None:
        self.found += self.bolt._unpublished
        self.bolt._unpublished = []

    def report(
        self, caught_up_ms: int, by_slot: FiguresBySlot, partitions: int = EVENTS.partitions, is_late: bool = False
    ) -> None:
        reported = {f"{TOPIC_EVENTS}/{number}": caught_up_ms for number in range(partitions)}
        message = Message(
            "1",
            "live",
            "slot_figures",
            [encode_report(Report({**reported, f"{TOPIC_REJECTED}/0": caught_up_ms}, by_slot, is_late))],
        )
        self.bolt._pipe.mark_open(message)
        self.bolt.process(message)
        self.bolt.drained()


def failing(slot: int) -> FiguresBySlot:
    return {("shop", None, slot): Figures(tried=20, failed=16, events=40, people=set(range(9)), sample="r-9")}


def played(judge: Judge, clock: Clock, slots: int, behind_ms: int = 500) -> None:
    """Reports slots in which most page views fail."""
    for _ in range(slots):
        slot = clock.ms // SLOT_MS
        clock.ms += SLOT_MS
        judge.report(clock.ms - behind_ms, failing(slot))


def stored(cells: Cells, minute: int, failed: int) -> None:
    """A minute with twenty page views, as the live tables have it."""
    figures = [40, 20, failed, 0, {5: 20}, None, None, None, 0]
    counts = tables.Counts(9, tables.Population(*figures), tables.Population(*[0] * 4, {}, None, None, None, 0))
    key = tables.encode_row_key("shop", "app", minute, "")
    cells.put("minute_metrics", key, b"f:e0", tables.encode_counts(counts), 10)


@pytest.fixture
def cells() -> Cells:
    """Half an hour in which little failed."""
    cells = Cells()
    for minute in range(NOON - 30, NOON):
        stored(cells, minute, failed=0)
    return cells


def test_a_bolt_that_has_just_started_raises_an_alert_at_once(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, NOON * MINUTE_MS + 2_100)
    judge = Judge(cells, monkeypatch)
    played(judge, clock, 3)
    assert [(one.kind, one.app_id, one.state) for one in judge.found[:1]] == [("errors", "shop", "open")]
    assert (judge.found[0].observed, judge.found[0].expected, judge.found[0].sample_request_id) == (0.8, 0.0, "r-9")


def test_nothing_is_judged_while_events_wait_to_be_counted(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, NOON * MINUTE_MS + 2_100)
    judge = Judge(cells, monkeypatch)
    played(judge, clock, LONG_SLOTS, behind_ms=9_000)
    # Nor while a partition has not reported yet.
    judge.report(clock.ms, {}, partitions=7)
    assert not judge.found
    assert judge.bolt._watch is None
    judge.bolt._caught_up_ms.clear()
    played(judge, clock, 2)
    assert judge.found[0].kind == "errors"
    # Earlier minutes are loaded from the tables; only the current minute is taken from the reports.
    assert judge.bolt._watch is not None
    assert judge.bolt._watch._sites["shop"].minute(NOON) is None


def test_the_figures_of_a_backlog_are_read_from_the_tables(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, NOON * MINUTE_MS + 2_100)
    judge = Judge(cells, monkeypatch)
    judge.report(clock.ms, {})
    assert judge.bolt._watch is not None
    # Ten minutes without a report; then their events are counted, and not reported.
    clock.ms += 10 * MINUTE_MS
    judge.report(clock.ms - 9 * MINUTE_MS, {}, is_late=True)
    assert judge.bolt._watch is None
    for minute in range(NOON, NOON + 10):
        stored(cells, minute, failed=10)
    now = clock.ms // SLOT_MS
    judge.report(
        clock.ms, {("shop", None, now): Figures(events=1), ("shop", None, now - LONG_SLOTS): Figures(events=1)}
    )
    watch = judge.bolt._watch
    assert watch is not None
    assert [figures(watch._sites["shop"], NOON + minute)[1] for minute in (-1, 0, 9)] == [0, 10, 10]
    # Figures that are both reported and in the tables count once.
    assert [figures(watch._sites["shop"], NOON + minute)[3] for minute in (9, 10)] == [40, 1]


def test_it_waits_while_hbase_is_unavailable(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, NOON * MINUTE_MS + 2_100)
    judge = Judge(cells, monkeypatch)

    def away(*_: Any) -> None:
        raise HBaseUnavailable("HBase is away.")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "scan", away)
        played(judge, clock, 2)
    assert judge.bolt._watch is None
    judge.bolt._retry_at_s = 0.0
    played(judge, clock, 2)
    assert judge.found
    assert judge.bolt._pipe.unanswered() == 0


def test_an_open_alert_is_taken_over(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = ALERT._replace(page_path=None)
    cells.put(TABLE_ALERTS, tables.alert_key(opened), tables.ALERT_COLUMN, tables.encode_alert(opened), 1)
    clock = Clock(monkeypatch, NOON * MINUTE_MS + 2_100)
    judge = Judge(cells, monkeypatch)
    played(judge, clock, 6)
    assert {one.alert_id for one in judge.found} <= {opened.alert_id}


def test_a_drop_is_not_judged_in_the_first_minute(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, NOON * MINUTE_MS + 2_100)
    judge = Judge(cells, monkeypatch)
    for _ in range(LONG_SLOTS):
        clock.ms += SLOT_MS
        judge.report(clock.ms, {})
    assert not judge.found
    for _ in range(LONG_SLOTS):
        clock.ms += SLOT_MS
        judge.report(clock.ms, {})
    assert [one.kind for one in judge.found[:1]] == ["drop"]
