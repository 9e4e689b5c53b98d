"""Windows are due once their last minute is closed and again after late rows; old windows wait for new ones."""

import json
from collections.abc import Collection
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.lake.window_files import FIVE
from footfall.streaming.window_schedule import (
    DAY,
    MOST_MINUTES,
    Pending,
    WindowSet,
    adjusted_hours_limit,
    windows_of_hours,
)

NOW = 30_000_000  # the first minute of an hour
assert NOW % 60 == 0


def touched(*minutes: int, closed_until: int = NOW) -> Pending:
    return Pending().touch(("c", 0), minutes, closed_until)


def ripe(pending: Pending, closed_until: int) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    window_set = pending.due(closed_until)
    return None if window_set is None else (window_set.minutes, window_set.fives)


def test_nothing_is_due_before_its_last_minute_is_closed() -> None:
    pending = touched(NOW)
    assert pending.due(NOW) is None
    assert ripe(pending, NOW + 1) == ((NOW,), (NOW - 4,))
    assert ripe(pending, NOW + 3) == ((NOW,), (NOW - 4, NOW - 3, NOW - 2))


def test_a_minute_with_rows_makes_its_six_windows_due_one_after_the_other() -> None:
    pending, found = touched(NOW), []
    for closed_until in range(NOW, NOW + 8):
        window_set = pending.due(closed_until)
        if window_set is not None:
            found.append((closed_until - NOW, window_set.minutes, window_set.fives))
            pending = pending.done(window_set)
    assert found == [
        (1, (NOW,), (NOW - 4,)),
        (2, (), (NOW - 3,)),
        (3, (), (NOW - 2,)),
        (4, (), (NOW - 1,)),
        (5, (), (NOW,)),
    ]


def test_late_rows_make_the_windows_that_hold_them_due_again() -> None:
    pending = touched(NOW - 30)
    assert ripe(pending, NOW) == ((NOW - 30,), tuple(range(NOW - 34, NOW - 29)))


def test_adding_a_batch_twice_changes_nothing() -> None:
    pending = touched(NOW)
    assert pending.touch(("c", 0), [NOW + 1], NOW) is pending
    assert pending.touch(("c", 1), [NOW + 1], NOW) != pending
    # Another checkpoint counts its batches from zero.
    assert pending.touch(("d", 0), [NOW + 1], NOW) != pending


def test_rows_that_arrive_during_a_computation_are_not_lost() -> None:
    pending = touched(NOW - 10, NOW - 9)
    window_set = pending.due(NOW)
    assert window_set is not None
    after = pending.touch(("c", 1), [NOW - 10], NOW).done(window_set)
    assert ripe(after, NOW) == ((NOW - 10,), tuple(range(NOW - 14, NOW - 9)))


def test_windows_older_than_a_day_are_due_by_whole_hours_after_newer_ones() -> None:
    old = NOW - 3 * DAY
    pending = touched(*range(old, old + 5 * 60), NOW - 1)
    first = pending.due(NOW)
    assert first is not None
    assert (first.minutes, first.hours) == ((NOW - 1,), ())
    pending, hours = pending.done(first), []
    while (window_set := pending.due(NOW, most_hours=3)) is not None:
        assert len(window_set.hours) <= 3
        assert window_set.minutes == window_set.fives == windows_of_hours(window_set.hours, NOW).minutes
        hours.append(window_set.hours)
        pending = pending.done(window_set)
    # The windows of five minutes that reach into the first hour begin in the one before.
    assert hours == [(old // 60 + 2, old // 60 + 3, old // 60 + 4), (old // 60 - 1, old // 60, old // 60 + 1)]


def test_the_day_begins_with_a_full_minute() -> None:
    assert list(touched(NOW - DAY).minutes) == [NOW - DAY]
    assert touched(NOW - DAY).hours == {}
    assert list(touched(NOW - DAY - 1).hours) == [(NOW - DAY - 1) // 60]


def test_an_old_row_in_a_new_minute_does_not_wait_for_a_backfill() -> None:
    pending = touched(*range(NOW - 4 * DAY, NOW - 2 * DAY))
    window_set = pending.due(NOW)
    assert window_set is not None
    assert window_set.hours
    pending = pending.done(window_set).touch(("c", 1), [NOW], NOW)
    after = pending.due(NOW + 1)
    assert after is not None
    assert (after.minutes, after.fives, after.hours) == ((NOW,), (NOW - 4,), ())


def test_a_long_backlog_is_due_in_bounded_sets_the_newest_first() -> None:
    pending, newest = touched(*range(NOW - 1000, NOW)), NOW
    found: set[int] = set()
    while (window_set := pending.due(NOW)) is not None:
        assert max(window_set.minutes) - min(window_set.fives) < MOST_MINUTES
        if window_set.minutes:
            assert max(window_set.minutes) < newest
            newest = min(window_set.minutes)
        found |= set(window_set.minutes)
        pending = pending.done(window_set)
    assert found == set(range(NOW - 1000, NOW))


def test_an_unfinished_hour_is_computed_up_to_now_and_completed_later() -> None:
    hour = NOW // 60
    pending = Pending().queue([hour])
    assert pending.due(NOW) is None
    window_set = pending.due(NOW + 30)
    assert window_set is not None
    assert (window_set.minutes, window_set.fives) == (tuple(range(NOW, NOW + 30)), tuple(range(NOW, NOW + 26)))
    pending = pending.done(window_set)
    assert pending.due(NOW + 30) is None
    assert ripe(pending, NOW + 70) == (tuple(range(NOW + 30, NOW + 60)), tuple(range(NOW + 26, NOW + 60)))


def test_few_ranges_are_read_with_little_between_them() -> None:
    def spans(*minutes: int) -> list[tuple[int, int]]:
        return WindowSet(NOW, minutes, ()).spans()

    assert WindowSet(NOW, (100,), (96, 100)).spans() == [(96, 105)]
    assert spans(0, 15, 100) == [(0, 16), (100, 101)]
    assert spans(0, 100, 220) == [(0, 1), (100, 101), (220, 221)]
    assert spans(0, 100, 150, 300) == [(0, 1), (100, 151), (300, 301)]
    assert spans(0, 50, 100, 150, 200) == [(0, 201)]


@given(st.sets(st.integers(0, 2000), min_size=1), st.sets(st.integers(0, 2000)))
def test_ranges_hold_all_that_is_needed(minutes: set[int], fives: set[int]) -> None:
    spans = WindowSet(NOW, tuple(sorted(minutes)), tuple(sorted(fives))).spans()
    needed = minutes | {start + age for start in fives for age in range(FIVE)}
    assert all(any(first <= minute < end for first, end in spans) for minute in needed)
    assert len(spans) <= 3
    assert all(one[1] < other[0] for one, other in pairwise(spans))


PENDING = st.builds(
    Pending,
    st.none() | st.tuples(st.text(max_size=8), st.integers(0)),
    st.integers(0, 9),
    *[st.dictionaries(st.integers(NOW, NOW + 40), st.integers(0, 3)) for _ in range(3)],
)


@given(PENDING)
def test_json_preserves_everything(pending: Pending) -> None:
    assert Pending.from_json(pending.to_json()) == pending
    assert Pending.from_json(pending.to_json().encode()) == pending


def test_json_of_a_backfill_is_short() -> None:
    assert len(touched(*range(NOW - 7 * DAY, NOW)).to_json()) < 400


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version": 2}', '{"version": 1, "batch": 5}', b"\xff"])
def test_an_invalid_list_of_windows_is_refused_with_a_sentence(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"^The list of windows to be computed cannot be read: .*\.$"):
        Pending.from_json(text)


class World:
    """An archive of rows by minute, its published figures, and a driver that crashes at times."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.published: dict[tuple[int, int], int] = {}
        self.pending = Pending()
        self.saved = self.pending.to_json()
        self.closed_until = NOW

    def rows(self, first: int, end: int) -> int:
        return sum(first <= minute < end for batch in self.batches for minute in batch)

    def archive(self, minutes: Collection[int]) -> None:
        self.batches.append(list(minutes))
        self.pending = self.pending.touch(("c", len(self.batches) - 1), minutes, self.closed_until)

    def compute(self, window_set: WindowSet) -> None:
        assert all(start < self.closed_until for start in window_set.minutes)
        assert all(start + FIVE <= self.closed_until for start in window_set.fives)
        self.published |= {(1, start): self.rows(start, start + 1) for start in window_set.minutes}
        self.published |= {(FIVE, start): self.rows(start, start + FIVE) for start in window_set.fives}

    def restart(self) -> None:
        """Restarts from the saved list and the batches since then."""
        self.pending = Pending.from_json(self.saved)
        done = -1 if self.pending.batch is None else self.pending.batch[1]
        for number in range(done + 1, len(self.batches)):
            self.pending = self.pending.touch(("c", number), self.batches[number], self.closed_until)

    def expected(self) -> dict[tuple[int, int], int]:
        starts = {minute - age for batch in self.batches for minute in batch for age in range(FIVE)}
        found = {(1, start): self.rows(start, start + 1) for start in starts if start < self.closed_until}
        found |= {
            (FIVE, start): self.rows(start, start + FIVE) for start in starts if start + FIVE <= self.closed_until
        }
        return {key: count for key, count in found.items() if count}


MINUTES = st.integers(-20, 10) | st.integers(-4400, -1) | st.sampled_from([-DAY - 1, -DAY, -DAY + 1])
ACTIONS = st.lists(
    st.tuples(st.just("archive"), st.sets(MINUTES, min_size=1, max_size=5))
    | st.tuples(st.just("close"), st.integers(1, 7))
    | st.tuples(
        st.sampled_from(["compute", "compute while archiving", "die after computing", "save", "die"]), st.none()
    ),
    max_size=40,
)


@given(ACTIONS)
def test_every_closed_window_is_finally_published_correctly_after_any_actions(
    actions: list[tuple[str, object]],
) -> None:
    world = World()
    for action, value in actions:
        window_set = world.pending.due(world.closed_until)
        if action == "archive":
            assert isinstance(value, set)
            world.archive([world.closed_until + minute for minute in value])
        elif action == "close":
            assert isinstance(value, int)
            world.closed_until += value
        elif action == "save":
            world.saved = world.pending.to_json()
        elif action == "die":
            world.restart()
        elif window_set is not None:
            world.compute(window_set)
            if action == "compute while archiving":
                world.archive([*window_set.minutes[:1], *window_set.fives[:1]])
            if action == "die after computing":
                world.restart()
            else:
                world.pending = world.pending.done(window_set)
    for _ in range(200):
        if (window_set := world.pending.due(world.closed_until)) is None:
            break
        world.compute(window_set)
        world.pending = world.pending.done(window_set)
    assert {key: count for key, count in world.published.items() if count} == world.expected()
    assert json.loads(world.pending.to_json())["hours"] == []


def test_busy_hours_are_computed_one_by_one_and_quiet_ones_by_the_day() -> None:
    hours = 1
    for _ in range(9):
        hours = adjusted_hours_limit(hours, 1.0)
    assert hours == 24
    assert adjusted_hours_limit(hours, 5.0) == 24
    for _ in range(9):
        hours = adjusted_hours_limit(hours, 30.0)
    assert hours == 1
