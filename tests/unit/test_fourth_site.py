"""A fourth site costs a few lines of `HOME/sites.toml`; without them again, what it had is still there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import orjson
import pyarrow as pa
import pytest

from footfall import question_registry, site_registry
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.events.rejects import Reject, reject_record
from footfall.events.stamp import Context as Request
from footfall.events.stamp import accept
from footfall.events.validate import check_sent, check_stored
from footfall.kafka.topics import Topic
from footfall.lake import window_files
from footfall.logs import retention
from footfall.questions import sources
from footfall.questions.apps import app_choices
from footfall.questions.model import UnknownValue
from footfall.questions.sources import Sources
from footfall.realtime import sweeper, topology
from footfall.realtime.alerts import past
from footfall.realtime.partition_counter import Pack, Partition
from footfall.realtime.questions import HBASE
from footfall.realtime.store import HBaseStore
from footfall.settings import Ports, Retention, Settings
from footfall.streaming import record_decoder
from footfall.verification import spools
from footfall.verification.hbase_live_tables import HBaseLiveTables
from footfall.verification.site_lines import site_files
from tests.support.events import NOW_MS, example_event, stored_event
from tests.support.local_files import LocalFiles
from tests.unit.lake.test_window_files import COMPUTED, row
from tests.unit.logs.fake_hdfs import Files
from tests.unit.realtime.memory_store import Cells, MemoryStore

WITH_BLOG = "".join(
    f'[{app}]\ntitle = "{app.title()}"\n' for app in ("shop", "news", "academy", "blog")
)  # fmt: skip
CHOICES = "shop, news, academy, all"
LIVE = ("live-active-users", "live-cities", "live-errors", "live-metrics", "live-visits")
Home = Callable[[bool], Settings]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The settings of a home in which the blog is registered, or is so no more."""
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)
    settings = Settings(home=tmp_path)

    def made(registered: bool) -> Settings:
        (tmp_path / "sites.toml").unlink(missing_ok=True)
        if registered:
            (tmp_path / "sites.toml").write_text(WITH_BLOG)
        return settings

    return made


@pytest.fixture(scope="module")
def cells() -> Cells:
    """What the counting makes of a page view and an error of the blog, a page view of the shop, and a reject."""
    found = Cells()
    place = {"country": "DE", "city": "Ulm", "latitude": 48.4, "longitude": 10.0}
    failed = {"event_type": "error", "error_code": "E", "error_message": "Oh", "seq": 4}
    visit = {name: example_event()[name] for name in ("session_id", "anonymous_id")}
    records = [
        orjson.dumps(event)
        for event in (
            stored_event(app_id="blog", page_path="/note", **place, **visit),
            stored_event(app_id="blog", page_path="/note", **place, **visit, **failed),
            stored_event(**place),
        )
    ]
    counted = Partition(Topic("events", "e", 8), 0, MemoryStore(found))
    counted.offer(Pack("0", 0, len(records), 0, None, records))
    counted.flush()
    rejected = Partition(Topic("events.rejected", "r", 1), 0, MemoryStore(found))
    reject = reject_record(Reject("not_json", "It is no JSON."), b"{", "blog", NOW_MS - 500)
    rejected.offer(Pack("0", 0, 1, 0, None, [reject]))
    rejected.flush()
    return found


def asked_now(settings: Settings, cells: Cells) -> Sources:
    return Sources(settings, {HBASE: MemoryStore(cells)}, lambda: NOW_MS)


def test_its_events_are_valid_and_taken_by_its_own_collector_alone() -> None:
    event = example_event(app_id="blog")
    assert check_sent(event) is None
    taken = accept(event, Request("blog", NOW_MS))
    assert isinstance(taken, dict)
    assert check_stored(taken) is None
    refused = accept(event, Request("shop", NOW_MS))
    assert isinstance(refused, Reject)
    assert (refused.stage, refused.reason) == ("site", "foreign_app")


@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize("question", LIVE)
@pytest.mark.parametrize("app", [None, "all", "blog"])
def test_live_questions_answer_it(home: Home, cells: Cells, registered: bool, question: str, app: str | None) -> None:
    found = question_registry.ask(asked_now(home(registered), cells), question, app=app)
    if question == "live-errors":
        assert [error["count_5m"] for error in found] == [1]
        return
    assert "blog" in {answer["app_id"] for answer in found}
    if app == "blog":
        assert {answer["app_id"] for answer in found} == {"blog"}
    if question == "live-metrics":
        of_blog = next(answer for answer in found if answer["app_id"] == "blog")
        assert (of_blog["events"], of_blog["page_views"], of_blog["errors"], of_blog["rejected"]) == (2, 1, 1, 1)
    if question == "live-active-users" and app != "blog":
        total = next(answer for answer in found if answer["app_id"] == "all")
        assert total["active_5m"] == 2


def test_a_registered_site_is_offered_before_it_has_any_data(home: Home) -> None:
    settings = home(True)
    assert app_choices(settings) == ("shop", "news", "academy", "blog", "all")
    (answer,) = question_registry.ask(asked_now(settings, Cells()), "live-active-users", app="blog")
    assert (answer["app_id"], answer["active_5m"]) == ("blog", 0)
    assert ", ".join(app_choices(home(False))) == CHOICES


@pytest.mark.parametrize("app", ["Blog", "blo", "blog\0", "", "b" * 32])
def test_a_site_that_nobody_has_heard_of_is_refused(home: Home, cells: Cells, app: str) -> None:
    for question in (*LIVE, "live-alerts"):
        with pytest.raises(UnknownValue) as told:
            question_registry.ask(asked_now(home(False), cells), question, app=app)
        assert str(told.value) == f"There is no app {app!r}; there are: {CHOICES}."


@pytest.mark.parametrize("registered", [True, False])
def test_the_archives_questions_answer_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registered: bool
) -> None:
    files = LocalFiles(tmp_path)
    monkeypatch.setattr(sources, "Hdfs", lambda _: files)
    minute = NOW_MS // 60_000
    rows = [row(minute - 1, app, 4, dimension="app", app_id=app) for app in ("blog", "shop")]
    window_files.publish(files, 1, [one["window_start"] for one in rows], pa.Table.from_pylist(rows, schema=COMPUTED))
    asked = asked_now(home(registered), Cells())
    assert [one["app_id"] for one in question_registry.ask(asked, "windowed-metrics")] == ["blog", "shop"]
    if not registered:
        # Without a file of its events it is unknown, and known with one.
        with pytest.raises(UnknownValue):
            question_registry.ask(asked, "windowed-metrics", app="blog")
    files.write("/events/app_id=blog/dt=2026-11-24/part.parquet", b"")
    assert [one["app_id"] for one in question_registry.ask(asked, "windowed-metrics", app="blog")] == ["blog"]
    assert question_registry.ask(asked, "trending-pages", app="blog") == []
    with pytest.raises(UnknownValue):
        question_registry.ask(asked, "trending-pages", app="blo")


@pytest.mark.parametrize("registered", [True, False])
def test_its_log_lines_are_shown(home: Home, monkeypatch: pytest.MonkeyPatch, registered: bool) -> None:
    files = Files()
    line = b'{"logged_at":"2026-11-24T07:59:00.000Z","app_id":"blog","request_id":"r-1","page_path":"/",'
    line += b'"status":200,"duration_us":5,"endpoint":"home"}\n'
    files.put("/logs/performance/dt=2026-11-24/box.1.log", line, NOW_MS / 1000)
    monkeypatch.setattr(sources, "Hdfs", lambda _: files.as_hdfs())
    asked = asked_now(home(registered), Cells())
    for app in (None, "all", "blog"):
        assert [one["request_id"] for one in question_registry.ask(asked, "log-tail", app=app)] == ["r-1"]
    assert question_registry.ask(asked, "log-tail", app="shop") == []
    with pytest.raises(UnknownValue):
        question_registry.ask(asked, "log-tail", app="blo")


def test_the_archive_takes_its_events_into_a_folder_of_their_own() -> None:
    values = pa.array([orjson.dumps(stored_event(app_id=app)) for app in ("blog", "shop")], pa.binary())
    places = pa.array([0, 0], pa.int32()), pa.array([0, 1], pa.int64())
    read = record_decoder.read(pa.array([True, True]), *places, values)
    assert [(app, day, len(rows)) for app, day, rows in record_decoder.by_folder(read.events)] == [
        ("blog", "2026-11-24", 1),
        ("shop", "2026-11-24", 1),
    ]


def test_the_topology_knows_no_site(home: Home) -> None:
    defined = [topology.definition(home(registered)) for registered in (True, False)]
    assert defined[0] == defined[1]
    assert "site_registry.py" not in dict(topology.sources())


def test_the_sweeper_the_watch_and_the_proof_find_it_in_the_tables(
    home: Home, cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cast(HBaseStore, MemoryStore(cells))
    blog_alone = Cells()
    for table in ("minute_metrics", "active_users"):
        for key, columns in cells.tables[table].items():
            for column, (timestamp, value) in columns.items():
                if key.startswith(b"blog\0"):
                    blog_alone.put(table, key, column, value, timestamp)
    assert sweeper.newest_minute(cast(HBaseStore, MemoryStore(blog_alone)), NOW_MS) == (NOW_MS - 500) // 60_000
    watch = past.load_watch(store, NOW_MS // 60_000 + 1)
    assert {"blog", "shop"} <= set(watch._sites)
    assert ("blog", "/note") in watch._pages
    live = HBaseLiveTables(home(False))
    monkeypatch.setattr(live, "store", _WithColumns(cells))
    read = [key for key, _ in live.cells("minute_metrics", b"f:e0", NOW_MS // 60_000 - 60)]
    assert sorted(read) == sorted(k for k, columns in cells.tables["minute_metrics"].items() if b"f:e0" in columns)


class _WithColumns(MemoryStore):
    """Scans for some columns, as `HBaseStore` does."""

    def scan(
        self, table: str, start: bytes, stop: bytes, columns: Sequence[bytes] | None = None
    ) -> list[tuple[bytes, dict[bytes, bytes]]]:
        found = super().scan(table, start, stop)
        return [(key, cells) for key, cells in found if columns is None or set(columns) <= set(cells)]


def test_its_logs_are_read_kept_and_compared_as_long_as_there_are_any(home: Home) -> None:
    settings = home(True)
    conf = configure.render(settings, BY_NAME["flume"])["flume.conf"]
    assert f"filegroups.blog-error = {settings.logs_dir}/sites/blog/error-.*[.]log" in conf
    assert "blog" not in configure.render(home(False), BY_NAME["flume"])["flume.conf"]
    folder = settings.logs_dir / "sites" / "blog"
    folder.mkdir(parents=True)
    (folder / "error-20261124T080000.000Z.log").write_bytes(b"x" * 100)
    # It was removed, and left lines behind.
    assert configure.render(settings, BY_NAME["flume"])["flume.conf"] == conf
    assert [(file.folder, file.kind) for file in site_files(settings, 0)] == [("blog", "error")]
    small = settings.model_copy(update={"retention": Retention(site_logs_gib=1e-9)})
    assert retention.sweep_site_logs(small) == "0 files deleted"


def test_the_proof_waits_for_its_spool_and_reads_its_ledger(home: Home) -> None:
    settings = home(True)
    assert spools.known_apps(settings) == ("shop", "news", "academy", "blog")
    # Nothing listens on port 1.
    settings = settings.model_copy(update={"ports": Ports(collector=1)})
    assert spools.look_at(settings, "blog") == spools.SpoolState("blog", 1, False, None, 0, "collector")
    (settings.spool_dir / "blog").mkdir(parents=True)
    (settings.spool_dir / "blog" / "1.spool").touch()
    (settings.ledger_dir / "zine").mkdir(parents=True)
    assert spools.known_apps(home(False)) == ("shop", "news", "academy", "blog", "zine")
    lag = spools.look_at(settings, "blog").lag(NOW_MS, False)
    assert lag == (
        "collector (site blog) does not run; its spool still has 1 file, and its accepted events are not compared."
    )
