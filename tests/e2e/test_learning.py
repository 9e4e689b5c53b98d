"""Learning from two past days through Airflow: segments and recommendations, their readers, and runs in trouble."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from footfall.hdfs import Hdfs
from footfall.hive import Hive
from footfall.jobs.model import tag
from footfall.learning import extracts, preferences, ranking, recommender, runs
from footfall.learning.clients.recommendations import NAME as RECOMMENDATIONS_JOB
from footfall.learning.ids import Item, User
from footfall.learning.mahout import Mahout
from footfall.learning.places import InProcess
from footfall.learning.tables import (
    POINTERS,
    RECOMMENDATIONS,
    RECOMMENDATIONS_POINTER,
    RECOMMENDER_MODELS,
    SEGMENT_MEMBERS,
    SEGMENTS_POINTER,
)
from footfall.names import TABLE_RECOMMENDATIONS
from footfall.realtime.store import HBaseStore
from footfall.recommendations import table
from footfall.verification.cut import Cut
from footfall.verification.findings import Findings
from footfall.verification.report import Tally
from footfall.verification.stores import stores_of
from footfall.verification.stores.store import Comparison
from footfall.warehouse import published
from footfall.yarn import Yarn
from tests.e2e.conftest import LEARNING_S
from tests.support.browser import chromium
from tests.support.long_tests import only_in_all
from tests.support.past_days import PastDays
from tests.support.platform import await_true


class Learned(NamedTuple):
    """A published run of learning, and what `learn` printed."""

    run: str
    dt: str
    outcome: dict[str, Any]


@pytest.fixture(scope="module")
def learned(past: PastDays, learning: "Future[subprocess.CompletedProcess[str]]") -> Learned:
    done = learning.result()
    assert done.returncode == 0, done.stderr[-4000:]
    newest = published.read(past.hdfs, SEGMENTS_POINTER)
    day = max(newest)
    return Learned(newest[day].run, str(day), json.loads(done.stdout))


@pytest.fixture
def hbase(past: PastDays) -> Iterator[HBaseStore]:
    store = HBaseStore(past.platform.settings)
    yield store
    store.close()


pytestmark = pytest.mark.timeout(LEARNING_S)


def test_every_kind_is_published_for_the_newest_day(past: PastDays, learned: Learned) -> None:
    assert learned.outcome["succeeded"]
    for pointer in POINTERS:
        known = published.read(past.hdfs, pointer)
        assert known[past.days[1]].run == learned.run, pointer


def test_segments_have_names_and_cover_all_members(past: PastDays, learned: Learned) -> None:
    rows = past.platform.query("segments")
    sizes = {row["segment_id"]: row["size"] for row in rows}
    assert all(row["name"] for row in rows)
    members = runs.table_rows(past.hdfs, learned.run, SEGMENT_MEMBERS, learned.dt)
    assert sum(sizes.values()) == len(members) > 0


def test_members_are_easy_to_join(past: PastDays, learned: Learned) -> None:
    select = (
        "SELECT sum(m.visits), count(*) FROM (SELECT DISTINCT coalesce(v.user_id, v.anonymous_id) AS subject "
        "FROM footfall.fact_visits v WHERE v.population = 'people') s JOIN footfall.segment_members m "
        f"ON m.subject = s.subject WHERE m.dt = '{learned.dt}'"
    )
    members = runs.table_rows(past.hdfs, learned.run, SEGMENT_MEMBERS, learned.dt)
    with Hive(past.platform.settings) as hive:
        [(visits, count)] = hive.rows(select)
    assert (visits, count) == (sum(row["visits"] for row in members), len(members))


def test_recommendations_made_on_yarn_are_those_of_one_process(
    past: PastDays, learned: Learned, tmp_path: Path
) -> None:
    uses = extracts.uses_of(runs.rows(past.hdfs, learned.run, "uses"))
    liked = preferences.preferences(uses)
    model = runs.own_model(past.hdfs, learned.run, RECOMMENDER_MODELS)
    assert model is not None
    mahout = Mahout(past.platform.settings, InProcess(tmp_path), 512)
    own = recommender.learn(mahout, liked, "own", model["method"])
    sections = extracts.sections_of(runs.rows(past.hdfs, learned.run, "items"))
    wanted = [
        (user, rank, one.item, one.reason)
        for user, items in recommender.lists(own, liked, uses, sections, model["method"]).items()
        for rank, one in enumerate(items, 1)
    ]
    rows = runs.table_rows(past.hdfs, learned.run, RECOMMENDATIONS, learned.dt)
    assert len(rows) == len(wanted) > 0
    stored = {
        (User(row["app_id"], row["subject"]), row["rank"]): (
            Item(row["app_id"], row["item_type"], row["item_id"]),
            row["reason_item_id"],
        )
        for row in rows
    }
    for user, rank, item, reason in wanted:
        assert stored[user, rank] == (item, None if reason is None else reason.item_id)


def test_a_user_has_the_same_list_in_the_question_and_in_hbase(
    past: PastDays, learned: Learned, hbase: HBaseStore
) -> None:
    row = runs.table_rows(past.hdfs, learned.run, RECOMMENDATIONS, learned.dt)[0]
    cells = hbase.read_row(TABLE_RECOMMENDATIONS, table.subject_key(row["app_id"], row["subject"]))
    stored = table.decode_list(cells[table.LIST_COLUMN])
    asked = past.platform.query("recommendations", "--user", row["subject"], "--app", row["app_id"])
    assert [one["item_id"] for one in asked] == [entry.item_id for entry in stored.entries]
    assert [one["score"] for one in asked] == [entry.score for entry in stored.entries]
    assert stored.run == learned.run
    assert stored.used
    # A course and its quiz have one id.
    assert not {*stored.used} & {(entry.item_type, entry.item_id) for entry in stored.entries}


def test_a_stranger_gets_what_is_popular(past: PastDays, learned: Learned, hbase: HBaseStore) -> None:
    asked = past.platform.query("recommendations", "--user", "nobody-knows-me", "--app", "shop")
    assert {row["user_or_fallback"] for row in asked} == {"fallback"}
    cells = hbase.read_row(TABLE_RECOMMENDATIONS, table.popular_key("shop"))
    entries = table.decode_list(cells[table.LIST_COLUMN]).entries
    assert [row["item_id"] for row in asked] == [entry.item_id for entry in entries[: ranking.MOST]]


def test_similar_items_lead_to_each_other(past: PastDays, learned: Learned) -> None:
    popular = past.platform.query("recommendations", "--user", "nobody-knows-me")
    found = [past.platform.run("query", "similar-items", "--item", row["item_id"], "--json") for row in popular[:5]]
    answers = [json.loads(done.stdout) for done in found if done.returncode == 0]
    assert answers
    assert all(row["cooccurrences"] > 0 and 0 < row["similarity"] <= 1 for rows in answers for row in rows)


def _problems(past: PastDays) -> list[str]:
    """What `verify` says of learning."""
    findings, settings = Findings(), past.platform.settings
    for store in stores_of(settings, None):
        if store.name == "learning":
            store.compare(Comparison(Cut(0, {}, {}, {}), 0, findings, Tally(), lambda _: None))
        store.close()
    return [problem.detail for problem in findings.problems()]


def test_verify_compares_learning_and_names_a_damaged_list(past: PastDays, learned: Learned, hbase: HBaseStore) -> None:
    document = past.platform.verify()
    totals = document["stores"]["learning"]
    assert [one for one in document["problems"] if one["store"] == "learning"] == []
    assert min(totals["members"], totals["recommendations"], totals["lists"]) > 0
    key = table.popular_key("shop")
    [(_, cells)] = hbase.read_rows(TABLE_RECOMMENDATIONS, [key])
    at_ms = int(time.time() * 1000)
    hbase.write(TABLE_RECOMMENDATIONS, {key: {table.LIST_COLUMN: b"\x00"}}, at_ms)
    try:
        assert _problems(past) == ["1 lists of HBase differ from Hive: shop/p/all."]
    finally:
        hbase.write(TABLE_RECOMMENDATIONS, {key: cells}, at_ms + 1)
    assert _problems(past) == []


def test_the_page_shows_segments_and_items(past: PastDays, learned: Learned) -> None:
    settings = past.platform.settings
    row = runs.table_rows(past.hdfs, learned.run, RECOMMENDATIONS, learned.dt)[0]
    address = f"http://127.0.0.1:{settings.port('dashboard')}/?view=learning&app={row['app_id']}&user={row['subject']}"
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1360, "height": 1000})
        page.goto(address)
        for title in ("Segments of visitors", "Recommendations"):
            expect(page.get_by_role("region", name=title).locator("tbody tr").first).to_be_visible(timeout=30_000)
        expect(page.locator(".ff-trouble")).to_have_count(0, timeout=30_000)
        page.get_by_role("region", name="Recommendations").locator("tbody a").first.click()
        expect(page.get_by_role("region", name="Similar items")).to_be_visible(timeout=30_000)
        assert Axe().run(page).response["violations"] == []


def test_a_window_that_cannot_be_learned_from_is_a_sentence(past: PastDays, learned: Learned) -> None:
    day = past.days[0] - timedelta(days=30)
    refused = past.platform.run("learn", "--date", str(day))
    assert refused.returncode == 2
    assert f"{day} is not published, so nothing can be learned up to that day." in refused.stderr
    assert "started the workflow" not in refused.stderr
    assert "Traceback" not in refused.stderr
    assert published.read(past.hdfs, SEGMENTS_POINTER)[past.days[1]].run == learned.run


def _prepared(past: PastDays, *options: str) -> tuple[str, list[str]]:
    """A new run, and the options that name it and its days."""
    done = past.platform.run("learn", "prepare", *options)
    assert done.returncode == 0, done.stderr[-4000:]
    made = json.loads(done.stdout)
    return made["run"], ["--run", made["run"], "--from", made["from"], "--to", made["to"]]


@only_in_all
@pytest.mark.timeout(3600)
def test_a_run_that_is_killed_at_each_step_is_finished_by_repeating_the_step(past: PastDays, learned: Learned) -> None:
    run, of_run = _prepared(past, "--models", "new")
    client = Yarn(past.platform.settings)
    rows = runs.table_rows(past.hdfs, learned.run, RECOMMENDATIONS, learned.dt)

    def on_yarn(job: str) -> Callable[[], bool]:
        return lambda: bool(client.applications(tag(job, run)))

    def works() -> bool:
        return bool(past.platform.processes(run))

    steps = {
        "learning-inputs": works,
        "segment-model": works,
        "segments": on_yarn("segments"),
        "recommender-model": works,
        RECOMMENDATIONS_JOB: on_yarn(RECOMMENDATIONS_JOB),
        "learning-publish": works,
    }
    for job, is_under_way in steps.items():
        line = [sys.executable, "-m", "footfall", "job", "run", job, *of_run]
        with subprocess.Popen(line, cwd=past.platform.clone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            await_true(is_under_way, f"{job} to be under way", 120, every=0.2)
            for process in past.platform.processes(run):
                past.platform.kill(process.pid)
        if job != "learning-publish":
            assert published.read(past.hdfs, RECOMMENDATIONS_POINTER)[past.days[1]].run == learned.run
        done = past.platform.run("job", "run", job, *of_run, timeout=LEARNING_S)
        assert done.returncode == 0, (job, done.stderr[-4000:])
    again = runs.table_rows(Hdfs(past.platform.settings), run, RECOMMENDATIONS, learned.dt)
    # One seed gives one result.
    assert [_figures(row) for row in again] == [_figures(row) for row in rows]
    assert _problems(past) == []


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row if name not in ("model_id", "computed_ms")}
