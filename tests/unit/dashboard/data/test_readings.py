"""All open pages share one request; without a new answer they show the old one and a sentence."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from footfall.dashboard.data import readings as module
from footfall.dashboard.data.readings import Reading, Readings
from tests.unit.dashboard.past_rows import MadeUpPast
from tests.unit.dashboard.rows import MadeUp


class Held(MadeUp):
    """Answers only after `let_go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        rows = super().ask(question, **parameters)
        assert self.let_go.wait(30)
        return rows


def until(read: Callable[[], Reading[Any]], good: Callable[[Reading[Any]], bool]) -> Reading[Any]:
    """Reads until a reading is good; returns the last one if that takes too long."""
    deadline = time.monotonic() + 10
    reading = read()
    while not good(reading) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
        reading = read()
    return reading


def test_ten_pages_cost_what_one_costs() -> None:
    source = MadeUp()
    readings = Readings(source)
    answers: list[Reading[Any]] = []
    pages = [threading.Thread(target=lambda: answers.append(readings.active())) for _ in range(10)]
    for page in pages:
        page.start()
    for page in pages:
        page.join()
    assert source.asked == ["live-active-users"]
    assert all(reading.value and reading.trouble is None for reading in answers)


def test_an_old_answer_is_asked_for_again() -> None:
    source = MadeUp()
    readings = Readings(source)
    assert (readings.active().value or [])[0]["active_5m"] == 7
    source.active = 8
    renewed = until(readings.active, lambda r: (r.value or [])[0]["active_5m"] == 8)
    assert (renewed.value or [])[0]["active_5m"] == 8
    assert len(source.asked) == 2


def test_an_engine_that_goes_down_leaves_its_last_answer_with_a_sentence() -> None:
    source = MadeUp()
    readings = Readings(source)
    before = readings.active()
    source.hbase = False
    after = until(readings.active, lambda r: r.trouble is not None)
    assert after.trouble == "HBase at 127.0.0.1:9090 does not answer."
    assert (after.value, after.read_at_ms) == (before.value, before.read_at_ms)
    source.hbase = True
    assert until(readings.active, lambda r: r.trouble is None).trouble is None


def test_engines_fail_independently() -> None:
    readings = Readings(MadeUp(hbase=False))
    assert readings.active().trouble
    assert readings.latest().trouble is None
    readings = Readings(MadeUp(kafka=False))
    assert readings.latest().trouble
    assert readings.active().trouble is None


def test_a_hanging_engine_delays_a_page_once() -> None:
    source = Held()
    readings = Readings(source, patience_s=0.2)
    began_s = time.monotonic()
    answers = [readings.active(), readings.metrics(), readings.errors(), readings.pages(), readings.sections()]
    assert time.monotonic() - began_s < 0.8
    assert all(reading.value is None and reading.trouble for reading in answers)
    source.let_go.set()
    assert until(readings.active, lambda r: r.trouble is None).value


def test_a_missing_thing_differs_from_one_that_cannot_be_read() -> None:
    source = MadeUp()
    readings = Readings(source)
    assert readings.session("nobody").missing
    assert not readings.session("s1").missing
    source.hbase = False
    assert not readings.session("another").missing


def test_an_unexpected_error_is_a_sentence_too() -> None:
    class Broken(MadeUp):
        def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
            raise KeyError("secret detail")

    trouble = Readings(Broken()).active().trouble
    assert trouble is not None
    assert "secret detail" not in trouble
    assert "logs dashboard" in trouble


def test_an_hour_of_all_pages_is_asked_for_less_often_than_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LISTS_FRESH_S", 0.0)
    source = MadeUp()
    readings = Readings(source)
    for _ in range(2):
        assert readings.cities().value
        assert readings.visits().value
    assert source.asked == ["live-cities", "live-visits", "live-cities"]
    monkeypatch.setattr(module, "VISITS_FRESH_S", 0.0)
    assert readings.visits().value
    assert source.asked.count("live-visits") == 2


class HeldPast(MadeUpPast):
    """Answers about past days only after `let_go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        if not question.startswith("live-"):
            assert self.let_go.wait(30)
        return super().ask(question, **parameters)


def test_a_slow_first_answer_of_hive_is_no_trouble_and_delays_no_other_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    source = HeldPast()
    readings = Readings(source, patience_s=0.1)
    assert readings.past("r1", "transitions", date="2026-11-28") == Reading(None, None)
    assert readings.active().is_settled
    source.let_go.set()
    assert until(lambda: readings.past("r1", "transitions", date="2026-11-28"), lambda r: r.is_settled).value
    # It becomes trouble once it has lasted too long.
    monkeypatch.setattr(module, "_SLOW_AFTER_S", {"hive": 0.1})
    source.let_go.clear()
    waiting = Readings(source, patience_s=0.1).past("r1", "transitions", date="2026-11-28")
    assert waiting.trouble == "The engine that answers this is slow."
    source.let_go.set()


def test_a_past_day_is_asked_for_again_soon_after_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    source = MadeUpPast(hive=False)
    readings = Readings(source)

    def transitions() -> Reading[Any]:
        return readings.past("r1", "transitions", date="2026-11-28")

    assert transitions().trouble
    source.hive = True
    assert until(transitions, lambda r: r.is_settled).value
    count = len(source.asked)
    assert transitions().is_settled
    assert len(source.asked) == count
