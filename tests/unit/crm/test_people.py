"""The people of the mock CRM: the seed decides everything, and every change changes what it says."""

from datetime import date, datetime, timedelta, timezone

import pytest

from footfall.crm.changes import Change, Kind, changes_of, midnight
from footfall.crm.people import COMPANY_SIZES, INTERESTS, PLANS, Person, alter, sign_up
from footfall.crm.roster import first_people
from footfall.settings import Settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.population import Population

_AT = datetime(2026, 3, 14, 9, 30, 0, 123_000, tzinfo=timezone.utc)
_PEOPLE = [sign_up(7, f"u{number:06d}", None, _AT) for number in range(1, 2001)]


def test_the_seed_and_the_id_decide_a_person() -> None:
    assert sign_up(7, "u000001", None, _AT) == _PEOPLE[0]
    assert sign_up(8, "u000001", None, _AT) != _PEOPLE[0]
    assert len({(person.plan, person.country, person.birth_year) for person in _PEOPLE}) > 500
    assert sign_up(7, "u000001", "NZ", _AT) == _PEOPLE[0]._replace(country="NZ")


def test_people_are_plausible() -> None:
    for person in _PEOPLE:
        assert 18 <= _AT.year - person.birth_year <= 82
        assert person.signed_up_on == "2026-03-14"
        assert person.interests == sorted(set(person.interests) & set(INTERESTS))
        assert 1 <= len(person.interests) <= 5
        assert (person.updated_at, person.deleted_at) == (_AT, None)
    plans = [sum(person.plan == plan for person in _PEOPLE) / len(_PEOPLE) for plan in PLANS]
    assert plans == sorted(plans, reverse=True)
    assert plans[0] == pytest.approx(0.62, abs=0.04)
    assert sum(person.marketing_consent for person in _PEOPLE) / len(_PEOPLE) == pytest.approx(0.45, abs=0.04)
    assert {person.company_size for person in _PEOPLE} == {None, *COMPANY_SIZES}
    assert all(person.company_size for person in _PEOPLE if person.plan == "business")


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("plan", {"plan"}),
        ("interests", {"interests"}),
        ("consent", {"marketing_consent"}),
        ("company_size", {"company_size"}),
        ("delete", {"deleted_at"}),
    ],
)
def test_a_change_changes_what_it_says_and_nothing_else(kind: Kind, columns: set[str]) -> None:
    later = _AT + timedelta(days=3)
    for person in _PEOPLE:
        changed = alter(7, person, Change(later, person.user_id, kind))
        differ = {name for name in Person._fields if getattr(person, name) != getattr(changed, name)}
        new_business = changed.plan == "business" and person.company_size is None
        assert differ == {*columns, "updated_at", *(["company_size"] if new_business else [])}
        assert changed.updated_at == later
        assert changed.deleted_at == (later if kind == "delete" else None)
        assert 1 <= len(changed.interests) <= 5
        assert alter(7, person, Change(later, person.user_id, kind)) == changed


def test_a_plan_moves_by_one_step() -> None:
    for person in _PEOPLE:
        changed = alter(7, person, Change(_AT + timedelta(days=1), person.user_id, "plan"))
        assert abs(PLANS.index(changed.plan) - PLANS.index(person.plan)) == 1
        assert changed.plan != "business" or changed.company_size is not None


def test_time_never_goes_back() -> None:
    changed = alter(7, _PEOPLE[0], Change(_AT - timedelta(hours=1), "u000001", "consent"))
    assert changed.updated_at == _AT + timedelta(milliseconds=1)


def test_a_day_is_decided_by_seed_date_and_number_of_people() -> None:
    day = date(2026, 3, 11)
    assert changes_of(7, day, 9600) == changes_of(7, day, 9600)
    assert changes_of(7, day, 9600) != changes_of(8, day, 9600)
    assert [c.user_id for c in changes_of(7, day, 9600)] != [
        c.user_id for c in changes_of(7, day + timedelta(days=1), 9600)
    ]


def test_each_day_has_a_few_dozen_changes() -> None:
    days = [date(2026, 1, 1) + timedelta(days=more) for more in range(200)]
    by_kind = {"other": 0, "sign_up": 0, "delete": 0}
    for day in days:
        changes = changes_of(7, day, 9600)
        assert 15 <= len(changes) <= 80
        for change in changes:
            by_kind[change.kind if change.kind in by_kind else "other"] += 1
    assert by_kind["other"] / 200 == pytest.approx(34, abs=4)
    assert by_kind["sign_up"] / 200 == pytest.approx(11, abs=2)
    assert by_kind["delete"] / 200 == pytest.approx(2.5, abs=1)


@pytest.mark.parametrize("people", [1, 24, 9600])
def test_nobody_changes_twice_a_day_and_new_people_get_the_next_numbers(people: int) -> None:
    for more in range(60):
        day = date(2026, 1, 1) + timedelta(days=more)
        changes = changes_of(7, day, people)
        assert changes == sorted(changes)
        assert len({change.user_id for change in changes}) == len(changes)
        new = [change.user_id for change in changes if change.kind == "sign_up"]
        assert new == [f"u{people + 1 + at:06d}" for at in range(len(new))]
        assert all(change.user_id <= f"u{people:06d}" for change in changes if change.kind != "sign_up")
        for change in changes:
            assert midnight(day) <= change.at < midnight(day + timedelta(days=1))
            assert change.at.microsecond % 1000 == 0


def test_everybody_who_logs_in_is_in_the_crm_with_their_country() -> None:
    settings = Settings()
    start = date(2026, 1, 1)
    people = {person.user_id: person for person in first_people(settings, start)}
    assert len(people) == 9600
    assert list(people) == [f"u{number:06d}" for number in range(1, 9601)]
    claimed: dict[str, set[str]] = {}
    first: dict[str, str] = {}
    for app in DEMO_SITES:
        for user, country in Population(settings.seed, app, settings.population).logins():
            claimed.setdefault(user, set()).add(country.code)
            first.setdefault(user, country.code)
    assert len(claimed) > 5000
    assert {user: people[user].country for user in claimed} == first
    assert any(len(countries) > 1 for countries in claimed.values())
    for person in people.values():
        assert midnight(start) - timedelta(days=3 * 365) <= person.updated_at < midnight(start)
        assert person.signed_up_on == person.updated_at.date().isoformat()
