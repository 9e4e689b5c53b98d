"""The index of identities against a plain set of what is archived."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from footfall.streaming.identity_index import (
    DAY_MINUTES,
    EPOCH,
    REACH,
    Entries,
    Hashes,
    IdentityIndex,
    days_within_reach,
)

_FIRST = date(2028, 2, 24)
_DAYS = st.integers(0, 30).map(lambda shift: _FIRST + timedelta(days=shift))
_HASHES = st.lists(st.integers(-30, 30) | st.sampled_from([-(2**63), 2**63 - 1]), max_size=40)
_Known = tuple[int, int]  # a hash and a minute of its day


def _array(values: list[int]) -> Hashes:
    return np.array(values, dtype=np.int64)


def _start(day: date) -> int:
    return (day - EPOCH).days * DAY_MINUTES


def _entries(day: date, known: list[_Known]) -> Entries:
    return Entries(_array([h for h, _ in known]), _array([_start(day) + minute for _, minute in known]))


class Archived(RuleBasedStateMachine):
    """Adds batches and looks up hashes in between. Few days are kept, so that some are loaded again."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[date, list[_Known]] = {}
        self.read: list[date] = []
        self.index = IdentityIndex(self.load, most_days=10)

    def load(self, days: list[date]) -> Mapping[date, Entries]:
        self.read += days
        return {day: _entries(day, self.stored[day]) for day in days if day in self.stored}

    @rule(batch=st.dictionaries(_DAYS, _HASHES, max_size=3), data=st.data())
    def archive(self, batch: dict[date, list[int]], data: st.DataObject) -> None:
        known = {
            day: [(h, data.draw(st.sampled_from([0, 1, 700, DAY_MINUTES - 1]))) for h in hashes]
            for day, hashes in batch.items()
        }
        for day, entries in known.items():
            self.stored.setdefault(day, []).extend(entries)
        self.index.add({day: _entries(day, entries) for day, entries in known.items()})

    @rule(days=st.sets(_DAYS, max_size=3), asked=_HASHES)
    def ask(self, days: set[date], asked: list[int]) -> None:
        within = [
            (h, _start(day) + minute)
            for day, known in self.stored.items()
            for h, minute in known
            if any(abs(day - d) <= REACH for d in days)
        ]
        found = self.index.look_up(days, _array(asked))
        assert found.maybe_archived.tolist() == [h in {known for known, _ in within} for h in asked]
        assert found.minutes.tolist() == sorted({minute for h, minute in within if h in asked})

    @rule()
    def clear(self) -> None:
        self.index.clear()

    @rule(day=_DAYS)
    def ask_twice(self, day: date) -> None:
        self.index.look_up([day], _array([1]))
        self.read.clear()
        self.index.look_up([day], _array([1]))
        assert self.read == []

    @invariant()
    def reads_no_day_twice_for_one_question(self) -> None:
        assert len(self.read) == len(set(self.read))
        self.read.clear()


Archived.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestArchived = Archived.TestCase


def test_many_small_batches_are_kept_in_few_pieces() -> None:
    index = IdentityIndex(lambda days: {})
    assert not index.look_up([_FIRST], _array([5])).maybe_archived.any()
    for batch in range(500):
        index.add({_FIRST: _entries(_FIRST, [(batch * 3, batch), (batch * 3 + 1, batch)])})
    found = index.look_up([_FIRST], _array(list(range(1500))))
    assert found.maybe_archived.tolist() == [n % 3 != 2 for n in range(1500)]
    assert found.minutes.tolist() == [_start(_FIRST) + batch for batch in range(500)]


@given(st.sets(_DAYS, max_size=5))
def test_days_within_reach_are_all_found(days: set[date]) -> None:
    every = [_FIRST + timedelta(days=shift) for shift in range(-10, 50)]
    assert days_within_reach(days) == [day for day in every if any(abs(day - one) <= timedelta(days=4) for one in days)]
