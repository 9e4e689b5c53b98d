"""`recommendation-effect` runs its own SELECT over the facts of simulated days, and agrees with the oracle."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall import question_registry
from footfall.history.day import DayMaker
from footfall.lake.schema import archived
from footfall.metrics.experiments import effect
from footfall.questions.sources import Sources
from footfall.settings import Settings
from footfall.sites.visitors.population import Population
from footfall.warehouse.published import Published
from footfall.warehouse.questions._warehouse import WAREHOUSE
from tests.oracle.comparison import differences
from tests.oracle.oracle import Oracle
from tests.support.tastes import ListsOfPeople, sums_by_arm

DAYS = (date(2026, 11, 26), date(2026, 11, 27))
NOW_MS = int(datetime(2026, 11, 29, 12, tzinfo=timezone.utc).timestamp() * 1000)
RUN = "20261129T020000-1a2b"
_TIMES = ("event_time", "received_at", "occurred_at", "sent_at")


class Facts:
    """The published days in DuckDB, whose dialect the SELECT shares with Hive's."""

    def __init__(self, oracle: Oracle) -> None:
        self._tables = oracle._connection.cursor()
        visits = " union all ".join(
            f"select '{name}' as population, visit.dt, visit.app_id, first.anonymous_id, visit.conversions from "
            f"{name}.visit as visit join {name}.event as first on first.visit_id = visit.visit_id and first.place = 1"
            for name in ("people", "bots", "all_events")
        )
        self._tables.execute("create temp view fact_visits as " + visits.replace("'all_events'", "'all'"))
        self._tables.execute("create temp view fact_events as select * from main.event")

    def close(self) -> None:
        pass

    def published(self) -> dict[date, Published]:
        return {day: Published(day, RUN, 1000, "") for day in DAYS}

    def unpublished(self, *_: Any) -> list[date]:
        return []

    def rows(self, select: str, partitions: Mapping[str, str], values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        chosen = ", ".join(f"'{day}'" for day in partitions)
        for name in ("fact_events", "fact_visits"):
            select = select.replace(f"FROM {name}", f"FROM (SELECT * FROM {name} WHERE dt IN ({chosen})) {name}")
        return self._tables.execute(select.replace("%s", "?"), list(values)).fetchall()


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Two days of the shop and of the news, on which people see lists by taste, and some send strange events."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, install=home, port_offset=0, seed=7, population=1_500, planted_groups=True)
    found = []
    for app in ("shop", "news"):
        lists = ListsOfPeople(Population(7, app, 1_500, groups=True), "tastes")
        maker = DayMaker(settings, app, 15_000, repeats=False, lists=lists)  # type: ignore[arg-type]
        try:
            found += [orjson.loads(event.value) for day in DAYS for event in maker.make(day, with_lines=False).events]
        finally:
            maker.close()
    of_list = [event for event in found if "variant" in event]
    for number, event in enumerate(of_list):
        # What anybody can send: other lists, other variants, a variant without consent, a bot.
        event |= [{}, {}, {}, {"list_id": "other"}, {"variant": "blue"}, {"consent": "denied"}, {"is_bot": True}][
            number % 7
        ]
    return found


@pytest.fixture(scope="module")
def oracle(events: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    root = tmp_path_factory.mktemp("archive")
    files = []
    for app, day in sorted({(event["app_id"], event["event_time"][:10]) for event in events}):
        rows = [
            {
                **event,
                **{name: datetime.fromisoformat(event[name][:-1] + "+00:00") for name in _TIMES},
                **origin(n),
            }
            for n, event in enumerate(events)
            if (event["app_id"], event["event_time"][:10]) == (app, day)
        ]
        files.append(root / f"app_id={app}" / f"dt={day}" / "part.parquet")
        files[-1].parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=archived()), files[-1])
    with Oracle(files) as made:
        for bots in ("exclude", "include", "only"):
            made.answer("recommendation-effect", str(DAYS[0]), str(DAYS[1]), bots=bots)
        yield made


def origin(number: int) -> dict[str, int]:
    """The Kafka record of an event."""
    return {"kafka_partition": 0, "kafka_offset": number}


def ask(oracle: Oracle, **asked: Any) -> list[dict[str, Any]]:
    with Sources(Settings(), {WAREHOUSE: Facts(oracle)}, lambda: NOW_MS) as sources:
        return question_registry.ask(sources, "recommendation-effect", **asked)


@pytest.mark.parametrize("more", [{}, {"app": "news"}, {"bots": "include"}, {"bots": "only"}, {"limit": 2}])
@pytest.mark.parametrize("last", DAYS)
def test_it_agrees_with_the_oracle(oracle: Oracle, last: date, more: dict[str, Any]) -> None:
    right = oracle.answer("recommendation-effect", str(DAYS[0]), str(last), **more)
    rows = ask(oracle, **{"from": str(DAYS[0]), "to": str(last)}, **more)
    assert differences("recommendation-effect", right, rows) == []
    assert len(rows) == (2 if more.keys() & {"app", "limit"} else 4)
    assert all(row["impressions"] >= row["visitors"] > 0 for row in rows)
    assert any(row["conversions"] for row in rows) or "bots" in more or "limit" in more


def test_only_the_arm_with_lists_is_compared(oracle: Oracle, events: list[dict[str, Any]]) -> None:
    rows = ask(oracle, app="shop", **{"from": str(DAYS[0]), "to": str(DAYS[1])})
    assert [row["variant"] for row in rows] == ["popular", "recommended"]
    compared = ("ctr_lift", "lift_ci_low", "lift_ci_high", "p_value")
    assert [rows[0][name] for name in compared] == [None] * 4
    people = [
        event
        for event in events
        if event["app_id"] == "shop" and not event["is_bot"] and event.get("consent") != "denied"
    ]
    sums = sums_by_arm(people)
    assert tuple(rows[1][name] for name in compared) == effect(sums["recommended"], sums["popular"])
    assert rows[1]["lift_ci_low"] > 0
    assert rows == ask(oracle, app="shop", **{"from": str(DAYS[0]), "to": str(DAYS[1])})


def test_without_an_experiment_there_is_no_row(oracle: Oracle) -> None:
    assert ask(oracle, app="academy", **{"from": str(DAYS[0]), "to": str(DAYS[1])}) == []
