"""What was learned is compared with the facts and with HBase, and each damage is named."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from footfall.learning.tables import POINTERS, TABLES
from footfall.recommendations import table
from footfall.recommendations.table import Entry, StoredList
from footfall.verification.findings import Findings
from footfall.verification.stores.learning import LearningStore
from footfall.verification.stores.store import Comparison
from footfall.warehouse import published
from footfall.warehouse.published import Published
from footfall.warehouse.tables import FACT_EVENTS, FACT_VISITS, Table
from tests.support.local_files import LocalFiles

DAY, DT, RUN, LEARNED = date(2026, 11, 28), "2026-11-28", "20261129T010000-aaaa", "20261129T020000-1a2b"
PLAN = f"/learning/{LEARNED}.json"
TENT, AXE = Entry("product", "tent", 0.5, "axe"), Entry("product", "axe")
_TYPES = {"bigint": "BIGINT", "int": "INTEGER", "double": "DOUBLE", "boolean": "BOOLEAN"}


class World:
    """One window of one day: Ann bought an axe and gets a tent, Ben saw the tent, and Cat denied consent."""

    def __init__(self, folder: Path) -> None:
        self.files = LocalFiles(folder)
        self._sql = duckdb.connect()
        self._sql.execute("CREATE SCHEMA footfall")
        for one in (FACT_EVENTS, FACT_VISITS, *TABLES):
            typed = [f"{column.name} {_TYPES.get(column.type, 'TEXT')}" for column in one.columns]
            self._sql.execute(f"CREATE TABLE footfall.{one.name}_runs ({', '.join(typed)}, dt TEXT, run TEXT)")
        for one, run in ((FACT_EVENTS, RUN), (FACT_VISITS, RUN), *((one, LEARNED) for one in TABLES)):
            self.files.write(f"{one.partition(DT, run)}/part-0.parquet", b"there")
        self.files.write(PLAN, json.dumps({"partitions": {DT: RUN}}).encode())
        for pointer in POINTERS:
            published.replace(self.files, {DAY: Published(DAY, LEARNED, 1, PLAN)}, pointer)
        for person, item, kind in (
            ("ann", "axe", "purchase"),
            ("ann", "axe", "page_view"),
            ("ben", "tent", "page_view"),
        ):
            self.event(person, item_id=item, event_type=kind)
        self.event("cat", item_id="tent", event_type="page_view", consent="denied")
        for person in ("ann", "ben", "cat"):
            self.add(FACT_VISITS, RUN, app_id="shop", population="people", visit_id=person, anonymous_id=person)
        for person in ("ann", "ben"):
            self.member(person)
        self.recommend("ann", "tent", 1, score=0.5, reason_item_id="axe")
        self.lists: dict[bytes, Mapping[bytes, bytes]] = {}
        self.put(table.subject_key("shop", "ann"), TENT)
        item = {"app_id": "shop", "item_type": "product", "rank": 1}
        self.add(TABLE["similar_items"], LEARNED, **item, item_id="axe", similar_item_type="product",
                 similar_item_id="tent", similarity=0.9)  # fmt: skip
        self.put(table.similar_key("shop", "product", "axe"), Entry("product", "tent", 0.9))
        self.add(TABLE["popular_items"], LEARNED, **item, item_id="tent", page_section="all")
        self.add(TABLE["popular_items"], LEARNED, **item | {"rank": 2}, item_id="axe", page_section="all")
        self.put(table.popular_key("shop"), Entry("product", "tent"), AXE)

    def add(self, into: Table, run: str, **values: Any) -> None:
        row = {"dt": DT, "run": run, **values}
        marks = ", ".join("?" * len(row))
        statement = f"INSERT INTO footfall.{into.name}_runs ({', '.join(row)}) VALUES ({marks})"
        self._sql.execute(statement, list(row.values()))

    def event(self, person: str, **values: Any) -> None:
        usual = {"app_id": "shop", "visit_id": person, "item_type": "product", "is_bot": False}
        self.add(FACT_EVENTS, RUN, **usual | values)

    def member(self, person: str, visits: int = 1) -> None:
        self.add(TABLE["segment_members"], LEARNED, subject=person, visits=visits)

    def recommend(self, person: str, item: str, rank: int, **values: Any) -> None:
        listed = {"app_id": "shop", "subject": person, "item_type": "product", "item_id": item, "rank": rank}
        self.add(TABLE["recommendations"], LEARNED, **listed, **values)

    def put(self, key: bytes, *entries: Entry) -> None:
        self.lists[key] = {table.LIST_COLUMN: table.encode_list(StoredList("m", DT, LEARNED, 1, entries))}

    def execute(self, statement: str) -> None:
        self._sql.execute(statement)

    def problems(self, with_lists: bool = True) -> dict[str, str]:
        """What `verify` says, by kind."""
        self.store = LearningStore(self.files, self._rows, self._read if with_lists else None, lambda: None)
        findings = Findings()
        self.store.compare(cast(Comparison, _Comparison(findings)))
        return {problem.kind: problem.detail for problem in findings.problems()}

    def _rows(self, select: str) -> list[tuple[Any, ...]]:
        return self._sql.execute(select).fetchall()

    def _read(self) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        yield from self.lists.items()


class _Comparison:
    """The part of a comparison that this store uses."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def say(self, _: str) -> None:
        pass


TABLE = {one.name: one for one in TABLES}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_was_learned_agrees(world: World) -> None:
    assert world.problems() == {}
    assert world.store.summarise() == {"compared": True, "members": 2, "recommendations": 1, "lists": 3}


def test_before_anything_was_learned_nothing_is_compared(world: World) -> None:
    for pointer in POINTERS:
        published.replace(world.files, {}, pointer)
    assert world.problems() == {}
    assert world.store.summarise() == {"compared": False, "reason": "nothing was learned yet"}


def test_members_that_differ_from_the_facts_are_named(world: World) -> None:
    world.member("cat")
    world.member("ann")
    world.execute("DELETE FROM footfall.segment_members_runs WHERE subject = 'ben'")
    assert world.problems() == {
        "member_twice": "1 subjects are members of several segments: ann.",
        "not_member": "1 subjects of the window are in no segment: ben.",
        "foreign_member": "1 members are no subjects of the window: cat.",
    }


def test_a_member_with_another_number_of_visits_is_named(world: World) -> None:
    world.execute("UPDATE footfall.segment_members_runs SET visits = 2 WHERE subject = 'ben'")
    assert world.problems() == {"member_visits": "1 members have another number of visits than in the facts: ben."}


def test_items_that_do_not_exist_or_were_bought_are_named(world: World) -> None:
    world.recommend("ann", "axe", 2)
    world.recommend("ben", "made-up", 1)
    assert world.problems(with_lists=False) == {
        "unknown_item": "1 recommended items do not exist on their site: shop/product/made-up.",
        "bought_item": "1 subjects get an item that they bought in the window: ann.",
    }


def test_an_item_whose_page_is_an_error_does_not_exist(world: World) -> None:
    world.event("ben", item_id="gone", event_type="page_view", http_status=404)
    world.recommend("ben", "gone", 1)
    assert "unknown_item" in world.problems()


def test_each_difference_between_hbase_and_hive_is_named(world: World) -> None:
    world.put(table.subject_key("shop", "ann"), TENT, AXE)
    world.put(table.subject_key("shop", "zoe"), TENT)
    del world.lists[table.similar_key("shop", "product", "axe")]
    world.lists[table.popular_key("shop")] = {table.LIST_COLUMN: b"\xc1"}
    assert world.problems() == {
        "not_in_hbase": "1 lists of Hive are not in HBase: shop/i/product/axe.",
        "only_in_hbase": "1 lists of HBase are not in Hive: shop/s/zoe.",
        "lists_differ": "2 lists of HBase differ from Hive: shop/p/all, shop/s/ann.",
    }


def test_the_order_of_a_list_counts(world: World) -> None:
    world.put(table.popular_key("shop"), AXE, Entry("product", "tent"))
    assert world.problems() == {"lists_differ": "1 lists of HBase differ from Hive: shop/p/all."}


def test_without_hbase_only_hive_is_compared(world: World) -> None:
    world.lists.clear()
    assert world.problems(with_lists=False) == {}
    assert "lists" not in world.store.summarise()


def test_facts_that_were_replaced_since_are_not_compared(world: World) -> None:
    world.files.delete(FACT_EVENTS.partition(DT, RUN))
    world.member("cat")
    world.recommend("ben", "made-up", 1)
    world.put(table.subject_key("shop", "ben"), Entry("product", "made-up"))
    assert world.problems() == {}


def test_deleted_files_of_what_was_learned_are_named(world: World) -> None:
    world.files.delete(TABLE["segment_members"].partition(DT, LEARNED))
    assert world.problems() == {
        "deleted": "The rows of 2026-11-28 in segment_members were deleted from HDFS. Run `./footfall learn`."
    }
