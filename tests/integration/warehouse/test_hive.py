"""Hive on the running platform: logins, what SQL clients see, registered partitions, and what is refused."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.cluster.engines.hive import create_metastore_schema, tables
from footfall.hdfs import Hdfs
from footfall.hive import Hive, HiveRefused, HiveUnavailable
from footfall.hive.login import READER, password
from footfall.hive.metastore import Metastore
from footfall.postgres import connect
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings
from footfall.warehouse import published, registration
from footfall.warehouse.arrow_schema import schema_of
from footfall.warehouse.hive import ddl, schema
from footfall.warehouse.partitions import with_partitions
from footfall.warehouse.published import Published
from footfall.warehouse.tables import DATABASE, DAY_PATHS, DAY_SECTIONS, Column, Table

# Long before any day of the platform. Two runs of one day.
_DAY = "2001-01-02"
_OLD, _NEW = "20010103T000000-0001", "20010103T000000-0002"
_TABLES = (DAY_SECTIONS, DAY_PATHS)


@pytest.fixture(scope="module")
def metastore(platform: Settings) -> Metastore:
    return Metastore(platform)


@pytest.fixture(scope="module")
def day(platform: Settings, metastore: Metastore) -> Iterator[str]:
    """A day with an old and a new run, of which the new one is published."""
    hdfs = Hdfs(platform)
    before = published.read(hdfs)
    for run, views, codec in ((_OLD, 1, "snappy"), (_NEW, 2, "zstd")):
        _write(
            hdfs, DAY_SECTIONS, run, [{"population": "people", "app_id": "shop", "page_views": views}] * views, codec
        )
        _write(hdfs, DAY_PATHS, run, [{"app_id": "shop", "path": ["home", 'a "b"', "ü"], "visits": views}], codec)
        registration.register(metastore, hdfs, run, [_DAY], _TABLES)
    new = Published(date.fromisoformat(_DAY), _NEW, 978_480_000_000, "/none")
    published.replace(hdfs, {**before, new.day: new})
    yield _DAY
    published.replace(hdfs, before)
    for table in _TABLES:
        registration.drop(metastore, table, [(_DAY, _OLD), (_DAY, _NEW)])
        hdfs.delete(f"{table.folder}/dt={_DAY}")


def _write(hdfs: Hdfs, table: Table, run: str, rows: list[dict[str, object]], codec: str) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema_of(table)), buffer, compression=codec)
    hdfs.write(f"{table.partition(_DAY, run)}/part-0.parquet", buffer.getvalue())


def test_a_view_shows_the_published_run_and_its_table_every_run(hive: Hive, day: str) -> None:
    assert hive.rows("SELECT sum(page_views), count(*) FROM day_sections WHERE dt = %s", [day]) == [(4, 2)]
    runs = hive.rows("SELECT run, sum(page_views) FROM day_sections_runs WHERE dt = %s GROUP BY run", [day])
    assert sorted(runs) == [(_OLD, 1), (_NEW, 4)]


def test_a_question_about_a_day_starts_no_job(hive: Hive, day: str) -> None:
    select = with_partitions("SELECT app_id, path, visits FROM day_paths WHERE app_id = 'shop'", {day: _NEW})
    plan = "\n".join(row[0] for row in hive.rows(f"EXPLAIN {select}"))
    assert "Fetch Operator" in plan
    assert "Tez" not in plan
    assert hive.rows(select) == [("shop", ["home", 'a "b"', "ü"], 2)]


def test_hostile_texts_come_back_as_they_were(hive: Hive) -> None:
    texts = [
        "a'b",
        "\\",
        "\\'",
        "' OR '1'='1",
        "${env:HOME}",
        "nul\0",
        "\\u0041",
        "%s",
        "a;b -- c",
        "ü€😀",
        "\n\r\t",
        "",
    ]
    for text in texts:
        assert hive.rows("SELECT %s", [text]) == [(text,)]


def test_a_partition_is_registered_once_and_can_be_dropped(platform: Settings, metastore: Metastore, day: str) -> None:
    registration.register(metastore, Hdfs(platform), _OLD, [day], [DAY_SECTIONS])
    known = {run for dt, run in registration.registered(metastore, DAY_SECTIONS) if dt == day}
    assert known == {_OLD, _NEW}
    registration.drop(metastore, DAY_SECTIONS, [(day, _OLD), (day, "20010103T000000-ffff")])
    assert (day, _OLD) not in registration.registered(metastore, DAY_SECTIONS)
    assert Hdfs(platform).exists(f"{DAY_SECTIONS.partition(day, _OLD)}/part-0.parquet")
    registration.register(metastore, Hdfs(platform), _OLD, [day], [DAY_SECTIONS])


def test_every_table_and_column_has_a_comment(hive: Hive) -> None:
    for table in tables():
        described = hive.rows(f"DESCRIBE {DATABASE}.{table.name}")
        assert [row[0] for row in described[: len(table.columns)]] == [column.name for column in table.columns]
        assert all(row[2] for row in described)


def test_a_new_column_is_null_in_old_partitions(
    platform: Settings, hive: Hive, schema_user: Hive, metastore: Metastore
) -> None:
    old = Table("zz_growing", "Grows.", "spark", ("a",), (Column("a", "string", "first"),))
    new = replace(old, columns=(*old.columns, Column("b", "array<string>", "second")))
    hdfs = Hdfs(platform)
    try:
        rows: tuple[tuple[Table, str, dict[str, object]], ...] = (
            (old, _OLD, {"a": "x"}),
            (new, _NEW, {"a": "y", "b": ["z"]}),
        )
        for table, run, row in rows:
            present = metastore.columns(DATABASE, ddl.runs(table))
            schema_user.run(ddl.create_table(table) if present is None else ddl.add_columns(table, present) or "")
            schema_user.run(ddl.create_view(table))
            _write(hdfs, table, run, [row], "snappy")
            registration.register(metastore, hdfs, run, [_DAY], [table])
        assert sorted(hive.rows("SELECT a, b FROM zz_growing_runs"), key=str) == [("x", None), ("y", ["z"])]
    finally:
        schema_user.run(f"DROP VIEW IF EXISTS {DATABASE}.zz_growing")
        schema_user.run(f"DROP TABLE IF EXISTS {DATABASE}.zz_growing_runs")
        hdfs.delete(old.folder)


def test_the_schema_is_up_to_date_and_a_second_start_changes_nothing(platform: Settings) -> None:
    assert schema.migrate(platform, tables()) is False
    create_metastore_schema(platform)


def test_a_metastore_of_another_version_is_refused(platform: Settings) -> None:
    with connect(platform, "metastore") as connection:
        connection.execute("""UPDATE "VERSION" SET "SCHEMA_VERSION" = '9.9.9'""")
    try:
        with pytest.raises(ClusterError, match=r"has the schema 9\.9\.9 in PostgreSQL"):
            create_metastore_schema(platform)
    finally:
        with connect(platform, "metastore") as connection:
            connection.execute("""UPDATE "VERSION" SET "SCHEMA_VERSION" = '4.0.0'""")


@pytest.mark.parametrize("given", ["", "wrong"])
def test_a_wrong_password_is_refused(platform: Settings, given: str) -> None:
    from impala.hiveserver2 import connect as login
    from thrift.transport.TTransport import TTransportException

    host, port = platform.address("hive_server2")
    with pytest.raises(TTransportException, match="Error validating the login"):
        login(host, port, user=READER.user, password=given, auth_mechanism="PLAIN")
    with pytest.raises(TTransportException, match="Error validating the login"):
        login(host, port, user="root", password=password(platform), auth_mechanism="PLAIN")


@pytest.mark.parametrize(
    "statement",
    [
        "dfs -ls /",
        "DROP TABLE published_days",
        "SELEC 1",
        "SELECT * FROM no_such_table",
    ],
)
def test_a_statement_that_may_not_run_is_refused_and_the_client_goes_on(hive: Hive, statement: str) -> None:
    with pytest.raises(HiveRefused, match=r"^Hive refused the statement: .*\.$"):
        hive.rows(statement)
    assert hive.rows("SELECT 1") == [(1,)]


def test_threads_share_a_client(hive: Hive) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda n: hive.rows("SELECT %s", [n]), range(12))) == [[(n,)] for n in range(12)]


def test_a_closed_session_is_replaced(platform: Settings) -> None:
    with Hive(platform) as client:
        client.rows("SELECT 1")
        # What HiveServer2 does to a session that was idle for too long.
        client._idle[-1].connection._cursor.session.close()
        assert client.rows("SELECT 2") == [(2,)]


def test_a_statement_that_takes_too_long_is_given_up(platform: Settings, day: str) -> None:
    with Hive(platform, timeout_s=0.1) as client, pytest.raises(HiveUnavailable, match=r"within 0\.1 s"):
        client.rows("SELECT count(*) FROM day_sections_runs WHERE dt = %s", [day])


def test_a_damaged_file_is_a_sentence_and_other_days_stay_readable(
    platform: Settings, hive: Hive, metastore: Metastore, day: str
) -> None:
    hdfs, other = Hdfs(platform), "20010103T000000-0003"
    _write(hdfs, DAY_SECTIONS, other, [{"app_id": "shop"}], "snappy")
    registration.register(metastore, hdfs, other, [day], [DAY_SECTIONS])
    try:
        hdfs.write(f"{DAY_SECTIONS.partition(day, other)}/part-0.parquet", b"garbage" * 100)
        with pytest.raises(HiveRefused, match="not a Parquet file"):
            hive.rows(with_partitions("SELECT app_id FROM day_sections", {day: other}))
        assert len(hive.rows(with_partitions("SELECT app_id FROM day_sections", {day: _NEW}))) == 2
    finally:
        registration.drop(metastore, DAY_SECTIONS, [(day, other)])
        hdfs.delete(DAY_SECTIONS.partition(day, other))
