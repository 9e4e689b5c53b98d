"""The schedule: due people come before new ones, nobody visits twice at once, and a restart continues."""

import orjson
import pytest

from footfall.sites.visitors.behaviour import load_behaviour
from footfall.sites.visitors.population import Population
from footfall.sites.visitors.schedule import Schedule, Turn, return_hours

HOUR_MS = 3_600_000
START_MS = 20_000 * 24 * HOUR_MS
BEHAVIOUR = load_behaviour("shop")
POPULATION = Population(7, "shop", 2_000)


def returning_turn(number: int = 0) -> tuple[Turn, float]:
    """A person who returns after this visit, and the hours until then."""
    for index in range(POPULATION.size):
        hours = return_hours(7, POPULATION.person(index), number, BEHAVIOUR)
        if hours is not None:
            return Turn(index, number), hours
    raise AssertionError("nobody ever returns")


@pytest.mark.parametrize("pace", [1.0, 20.0])
def test_a_due_person_comes_before_a_new_one_and_not_earlier(pace: float) -> None:
    turn, hours = returning_turn()
    schedule = Schedule(POPULATION, BEHAVIOUR, pace, {"seed": 7, "visits": {str(turn.index): 1}, "due": []})
    schedule.end(turn, POPULATION.person(turn.index), START_MS)
    due_ms = START_MS + int(hours * HOUR_MS / pace)
    assert schedule.begin(due_ms - 1).index != turn.index
    assert schedule.begin(due_ms) == Turn(turn.index, 1)


def test_nobody_is_in_two_slots_at_once_even_when_all_have_been_seen() -> None:
    small = Population(7, "shop", 100)
    schedule = Schedule(small, BEHAVIOUR)
    turns = [schedule.begin(START_MS) for _ in range(80)]
    assert len({turn.index for turn in turns}) == 80
    for turn in turns[:40]:
        schedule.end(turn, small.person(turn.index), START_MS)
    again = [schedule.begin(START_MS) for _ in range(50)]
    assert len({turn.index for turn in (*turns[40:], *again)}) == 90
    seen = {turn.index for turn in turns}
    assert all(turn.number == (1 if turn.index in seen else 0) for turn in again)


def test_a_restart_goes_on_with_the_same_visits_and_returns() -> None:
    schedule = Schedule(POPULATION, BEHAVIOUR)
    for _ in range(200):
        turn = schedule.begin(START_MS)
        schedule.end(turn, POPULATION.person(turn.index), START_MS)
    remembered = orjson.loads(orjson.dumps(schedule.remembered()))
    assert len(remembered["due"]) > 50
    later = START_MS + 1_000 * HOUR_MS
    going_on = Schedule(POPULATION, BEHAVIOUR, remembered=remembered)
    due = sorted(remembered["due"])
    assert [going_on.begin(later).index for _ in due] == [index for _, index in due]
    assert going_on.begin(later).number == 0


def test_another_seed_s_memory_is_not_taken_over() -> None:
    other = Schedule(POPULATION, BEHAVIOUR, remembered={"seed": 8, "visits": {"5": 3}, "due": [[0, 5]]})
    assert other.remembered() == {"seed": 7, "visits": {}, "due": []}


def test_a_return_is_never_within_the_same_session() -> None:
    hours = [return_hours(7, POPULATION.person(index), 0, BEHAVIOUR) for index in range(POPULATION.size)]
    returning = [value for value in hours if value is not None]
    assert 0.3 < len(returning) / len(hours) < 0.6
    assert min(returning) > 0.5
