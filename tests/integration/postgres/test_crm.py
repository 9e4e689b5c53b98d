"""The mock CRM in a real PostgreSQL: the same history however it came about, versions, soft deletes, rights."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any, cast

import pytest
from psycopg import sql

from footfall import postgres
from footfall.cluster.health import probes
from footfall.crm import daily
from footfall.crm.changes import midnight
from footfall.postgres import PostgresUnavailable
from footfall.runtime.errors import Unhealthy
from footfall.setting_groups import Demo
from footfall.settings import Settings
from tests.support.postgres import Server

_NOW = datetime(2026, 3, 14, 9, 30, 0, 123_456, tzinfo=timezone.utc)
_TODAY = _NOW.date()


@pytest.fixture
def empty(server: Server) -> Settings:
    """A server whose CRM was never created."""
    with postgres.connect(server.settings, "crm") as connection:
        connection.execute("drop schema if exists crm cascade")
    return server.settings


@pytest.fixture
def crm(empty: Settings) -> Settings:
    """A CRM with all changes up to _NOW."""
    daily.ensure(empty, _NOW)
    daily.advance(empty, _TODAY, _NOW)
    return empty


def _all(settings: Settings, query: str, role: postgres.Role = "sqoop") -> list[tuple[Any, ...]]:
    with postgres.connect(settings, "crm", role) as connection:
        return connection.execute(cast(Any, query)).fetchall()


def _versions(settings: Settings) -> list[tuple[Any, ...]]:
    return _all(settings, "select * from crm.people_versions_extract order by user_id, version")


def test_the_history_is_the_same_however_often_it_was_advanced(crm: Settings) -> None:
    at_once = _versions(crm)
    people = _all(crm, "select * from crm.people order by user_id")
    with postgres.connect(crm, "crm") as connection:
        connection.execute("drop schema crm cascade")
    daily.ensure(crm, _NOW)
    changes = 0
    for days_ago in (110, 110, 60, 7, 1, 0):
        changes += daily.advance(crm, _TODAY - timedelta(days=days_ago), _NOW).changes
    assert _versions(crm) == at_once
    assert _all(crm, "select * from crm.people order by user_id") == people
    first = sum(row[1] == 1 and row[9] < _ms(midnight(_TODAY - timedelta(days=daily.HISTORY_DAYS))) for row in at_once)
    assert first == 960
    assert changes == len(at_once) - first > 300


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_without_the_demo_nobody_is_made_up_until_it_is_switched_on(empty: Settings) -> None:
    without = empty.model_copy(update={"demo": Demo(enabled=False)})
    for _ in range(2):
        daily.ensure(without, _NOW)
        assert daily.advance(without, _TODAY, _NOW).changes == 0
    assert _versions(empty) == []
    # The service is well: nothing is due.
    assert daily.applied_until(without) == _NOW.replace(microsecond=123_000)
    daily.ensure(empty, _NOW)
    daily.advance(empty, _TODAY, _NOW)
    with_demo = _versions(empty)
    assert len(with_demo) > 960
    # What is there stays when the demo is switched off, and changes no more.
    daily.ensure(without, _NOW)
    assert daily.advance(without, _TODAY + timedelta(days=9), _NOW + timedelta(days=9)).changes == 0
    assert _versions(empty) == with_demo


def _insert(settings: Settings, user_id: str) -> str:
    """The statement that puts somebody into the CRM."""
    values = "'pro', 'FR', 1990, '2025-03-01', true, null, '{}', '2025-03-01', null"
    with postgres.connect(settings, "crm") as connection:
        return f"insert into crm.people values ({sql.Literal(user_id).as_string(connection)}, {values})"


def test_people_of_real_sites_may_be_there_and_change_nothing_of_what_is_made_up(crm: Settings) -> None:
    made_up = _versions(crm)
    with postgres.connect(crm, "crm") as connection:
        connection.execute("drop schema crm cascade")
    without = crm.model_copy(update={"demo": Demo(enabled=False)})
    daily.ensure(without, _NOW)
    # A CRM of an earlier version took only ids of the demo's form. The next `up` changes that.
    old = "drop constraint people_user_id_check, add constraint people_user_id_check check (user_id ~ '^u[0-9]{6,}$')"
    with postgres.connect(crm, "crm") as connection:
        connection.execute(f"alter table crm.people {old}")
    daily.ensure(without, _NOW)
    real = {"Müller, 42 \\", "x" * 128, "u1"}
    with postgres.connect(crm, "crm") as connection:
        for user_id in real:
            connection.execute(cast(Any, _insert(crm, user_id)))
    assert daily.advance(without, _TODAY, _NOW).changes == 0
    daily.ensure(crm, _NOW)
    daily.advance(crm, _TODAY, _NOW)
    versions = _versions(crm)
    assert [row for row in versions if row[0] not in real] == made_up
    assert {row[0] for row in versions if row[1] == 1} >= real


@pytest.mark.parametrize("user_id", ["", "x" * 129, "a\nb", "a\tb", "\x85"])
def test_an_id_that_no_event_can_carry_is_refused(crm: Settings, user_id: str) -> None:
    assert "people_user_id_check" in _refusal(crm, _insert(crm, user_id))


def test_nothing_happens_before_its_time(crm: Settings) -> None:
    assert max(row[9] for row in _versions(crm)) < _ms(_NOW)
    assert daily.applied_until(crm) == _NOW.replace(microsecond=123_000)
    assert daily.advance(crm, _TODAY, _NOW) == daily.Applied(0, daily.applied_until(crm))
    tomorrow = _NOW + timedelta(days=1)
    more = daily.advance(crm, tomorrow.date(), tomorrow)
    assert more.changes > 0
    assert _ms(_NOW) < max(row[9] for row in _versions(crm)) < _ms(tomorrow)


def test_each_version_begins_after_the_one_before_and_the_last_is_the_person(crm: Settings) -> None:
    by_person: dict[str, list[tuple[Any, ...]]] = {}
    for row in _versions(crm):
        by_person.setdefault(row[0], []).append(row)
    assert max(map(len, by_person.values())) > 2
    for rows in by_person.values():
        assert [row[1] for row in rows] == list(range(1, len(rows) + 1))
        assert all(before[11] < after[11] for before, after in pairwise(rows))
        assert [row[10] for row in rows[:-1]] == [0] * (len(rows) - 1)
    now = dict(_all(crm, "select user_id, (deleted_at is not null)::int from crm.people"))
    assert {user: rows[-1][10] for user, rows in by_person.items()} == now
    assert 0 < sum(now.values()) < len(now) / 10


def test_two_at_once_make_each_change_once(empty: Settings) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: daily.ensure(empty, _NOW), range(2)))
        made = list(pool.map(lambda _: daily.advance(empty, _TODAY, _NOW).changes, range(2)))
    assert sorted(made)[0] == 0
    assert sum(made) == len(_versions(empty)) - 960


def test_a_change_by_hand_makes_a_version_with_the_present_time(crm: Settings) -> None:
    began = datetime.now(timezone.utc) - timedelta(seconds=1)
    with postgres.connect(crm, "crm") as connection:
        connection.execute("update people set plan = 'business' where user_id = 'u000001'")
        connection.execute("update people set interests = '{music}' where user_id = 'u000001'")
    *_, before, last = _all(crm, "select * from people_versions where user_id = 'u000001' order by version")
    assert (before[2], last[2], last[8]) == ("business", "business", ["music"])
    assert began < before[9] < last[9]
    sentence = _refusal(crm, "update crm.people set updated_at = '2020-01-01' where user_id = 'u000001'")
    assert "updated_at of u000001 would go back" in sentence


@pytest.mark.parametrize(
    "statement",
    [
        "delete from crm.people where user_id = 'u000002'",
        "truncate crm.people",
        "delete from crm.people_versions where user_id = 'u000002'",
        "update crm.people_versions set plan = 'pro' where user_id = 'u000002'",
        "truncate crm.people_versions",
    ],
)
def test_nothing_is_lost(crm: Settings, statement: str) -> None:
    before = _versions(crm)
    assert "is not allowed: people are deleted with deleted_at, and versions are kept" in _refusal(crm, statement)
    assert _versions(crm) == before


def test_the_reader_can_only_read(crm: Settings) -> None:
    change = "update crm.people set plan = 'pro'"
    assert "read-only transaction" in _refusal(crm, change, "sqoop")
    assert "permission denied for table people" in _refusal(crm, f"set transaction read write; {change}", "sqoop")


def test_the_extract_has_only_text_and_bigint(crm: Settings) -> None:
    types = _all(
        crm,
        "select column_name::text, data_type::text from information_schema.columns "
        "where table_name = 'people_versions_extract' order by ordinal_position",
    )
    assert dict(types) == {
        "user_id": "text",
        "version": "bigint",
        "plan": "text",
        "country": "text",
        "birth_year": "bigint",
        "signed_up_on": "text",
        "marketing_consent": "text",
        "company_size": "text",
        "interests": "text",
        "updated_ms": "bigint",
        "deleted": "bigint",
        "valid_from_ms": "bigint",
    }
    [row] = _all(crm, "select * from crm.people_versions_extract where user_id = 'u000001' and version = 1")
    assert date.fromisoformat(row[5]) == datetime.fromtimestamp(row[9] / 1000, timezone.utc).date()
    assert row[6] in ("true", "false")


def test_a_crm_without_people_is_a_sentence(empty: Settings) -> None:
    for ask in (daily.applied_until, lambda settings: daily.advance(settings, _TODAY, _NOW)):
        with pytest.raises(PostgresUnavailable, match=r"has no tables yet\. `\./footfall up` creates them"):
            ask(empty)


def test_the_services_step_fills_it_and_the_probe_sees_how_far_it_is(server: Server, empty: Settings) -> None:
    with pytest.raises(Unhealthy, match="has no tables yet"):
        probes.probe(empty, "crm")
    server.step("crm")
    probes.probe(empty, "crm")
    with postgres.connect(empty, "crm") as connection:
        connection.execute("update crm.progress set applied_until = now() - interval '2 hours'")
    with pytest.raises(Unhealthy, match="its changes are made only up to 120 min ago"):
        probes.probe(empty, "crm")


def _refusal(settings: Settings, statement: str, role: postgres.Role = "crm") -> str:
    """The sentence with which PostgreSQL refuses a statement."""
    with (
        pytest.raises(PostgresUnavailable) as refused,
        postgres.errors_as_sentences(),
        postgres.connect(settings, "crm", role) as connection,
    ):
        connection.execute(cast(Any, statement))
    return str(refused.value)
