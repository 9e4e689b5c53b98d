"""What SQL clients may do on the running platform: read the warehouse, and nothing else."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.hive import Hive, HiveRefused
from footfall.hive.login import READER, SCHEMA, password
from footfall.settings import Settings

_READS_ONLY = "SQL can only read"
_NO_COMMAND = "it only answers queries"
_NO_SETTING = "A client may not see or change"
_TABLE = "footfall.published_days"


@pytest.fixture
def secret_file() -> Iterator[Path]:
    """A file of this machine that HiveServer2's process can read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data" / "secret.txt"
        path.parent.mkdir()
        path.write_text("secret\n")
        yield path


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        f"SELECT dt, count(*) FROM {_TABLE} GROUP BY dt ORDER BY dt LIMIT 1",
        f"WITH days AS (SELECT dt FROM {_TABLE}) SELECT * FROM days WHERE dt IN (SELECT dt FROM {_TABLE})",
        f"SELECT dt FROM {_TABLE} UNION ALL SELECT run FROM {_TABLE}",
        f"SELECT e FROM (SELECT array(1, 2) a FROM {_TABLE}) t LATERAL VIEW explode(t.a) x AS e",
        "SELECT 'INSERT INTO t', get_json_object('{}', '$.a')",
        "EXPLAIN SELECT count(*) FROM footfall.day_sections",
        f"EXPLAIN EXTENDED SELECT * FROM {_TABLE}",
        "SHOW DATABASES",
        "SHOW TABLES IN footfall",
        "SHOW VIEWS IN footfall",
        "SHOW FUNCTIONS LIKE 'concat*'",
        f"SHOW COLUMNS IN {_TABLE}",
        f"SHOW CREATE TABLE {_TABLE}",
        "SHOW CREATE TABLE footfall.day_sections",
        "SHOW PARTITIONS footfall.day_sections_runs",
        f"SHOW TBLPROPERTIES {_TABLE}",
        f"DESCRIBE FORMATTED {_TABLE}",
        "DESCRIBE footfall.day_sections",
        "DESCRIBE DATABASE footfall",
        "DESCRIBE FUNCTION upper",
        "USE footfall",
        "SET hive.query.name=figures",
        "SET TIME ZONE UTC",
    ],
)
def test_sql_guard_lets_clients_read(hive: Hive, statement: str) -> None:
    hive.rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        f"LOAD DATA LOCAL INPATH '/etc/passwd' INTO TABLE {_TABLE}",
        f"LOAD DATA INPATH '/warehouse' OVERWRITE INTO TABLE {_TABLE}",
        "CREATE EXTERNAL TABLE footfall.zz_guard (line string) LOCATION 'file:///etc'",
        "CREATE TEMPORARY TABLE zz_guard (line string) LOCATION 'file:///etc'",
        "CREATE TABLE footfall.zz_guard (line string)",
        "CREATE TABLE footfall.zz_guard AS SELECT 1 AS a",
        "CREATE VIEW footfall.zz_guard AS SELECT 1",
        "CREATE DATABASE zz_guard LOCATION 'file:///tmp/zz_guard'",
        f"INSERT OVERWRITE DIRECTORY '/tmp/zz_guard' SELECT * FROM {_TABLE}",
        f"INSERT OVERWRITE DIRECTORY 'file:///tmp/zz_guard' SELECT * FROM {_TABLE}",
        f"INSERT INTO {_TABLE} SELECT * FROM {_TABLE}",
        f"INSERT OVERWRITE TABLE {_TABLE} SELECT * FROM {_TABLE} WHERE 1 = 0",
        f"FROM {_TABLE} INSERT OVERWRITE LOCAL DIRECTORY '/tmp/zz_guard' SELECT dt",
        f"EXPLAIN ANALYZE INSERT INTO {_TABLE} SELECT * FROM {_TABLE}",
        f"EXPORT TABLE {_TABLE} TO '/tmp/zz_guard'",
        "IMPORT FROM '/tmp/zz_guard'",
        f"ALTER TABLE {_TABLE} SET LOCATION 'file:///etc'",
        f"ALTER TABLE {_TABLE} ADD COLUMNS (another string)",
        "ALTER TABLE footfall.day_sections_runs ADD PARTITION (dt='x', run='y') LOCATION 'file:///etc'",
        f"TRUNCATE TABLE {_TABLE}",
        f"DROP TABLE {_TABLE}",
        "DROP VIEW footfall.day_sections",
        "DROP DATABASE footfall CASCADE",
        f"ANALYZE TABLE {_TABLE} COMPUTE STATISTICS",
        "MSCK REPAIR TABLE footfall.day_sections_runs",
        "CREATE TEMPORARY FUNCTION r AS 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFReflect'",
        "CREATE FUNCTION footfall.r AS 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFReflect'",
        "CREATE TEMPORARY MACRO m(a string) a",
        "PREPARE p FROM SELECT 1",
        "SET ROLE admin",
    ],
)
def test_sql_guard_refuses_what_does_not_read(hive: Hive, statement: str) -> None:
    with pytest.raises(HiveRefused, match=rf"^Hive refused the statement: {_READS_ONLY}: .*\.$"):
        hive.rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "dfs -ls /",
        "ADD JAR /tmp/x.jar",
        "add file /etc/passwd",
        "LIST JARS",
        "RESET",
        "reload",
        "compile `x` AS groovy",
    ],
)
def test_sql_guard_refuses_commands(hive: Hive, statement: str) -> None:
    with pytest.raises(HiveRefused, match=rf"^Hive refused the statement: .*{_NO_COMMAND}\.$"):
        hive.rows(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "set",
        "SET -v",
        "set env:PATH",
        "set system:user.name",
        "-- a comment\nset system:footfall.hive.schema.user=footfall",
        "set hivevar:mode=HPLSQL",
        "set metaconf:hive.metastore.uris",
        "set fs.defaultFS=file:///",
        "set hiveconf:hive.semantic.analyzer.hook=",
        "set hive.exec.post.hooks=java.lang.Object",
        "set hive.security.command.whitelist=set,dfs",
        "set javax.jdo.option.ConnectionURL",
    ],
)
def test_sql_guard_refuses_settings(hive: Hive, statement: str) -> None:
    with pytest.raises(HiveRefused, match=rf"^Hive refused the statement: {_NO_SETTING} .*\.$"):
        hive.rows(statement)
    assert hive.rows("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT reflect('java.lang.System', 'getProperty', 'user.name')", "SQL may not call reflect"),
        ("SELECT Java_Method('java.lang.System', 'getenv', 'HOME')", "SQL may not call java_method"),
        ("SELECT `reflect2`(1, 'toString')", "SQL may not call reflect2"),
        ("SELECT in_file('root', '/etc/passwd')", "SQL may not call in_file"),
        (f"SELECT 1 FROM {_TABLE} WHERE in_file(dt, '/etc/passwd')", "SQL may not call in_file"),
        ("EXPLAIN SELECT reflect('java.lang.System', 'lineSeparator')", "SQL may not call reflect"),
        ("SELECT get_splits('SELECT 1', 1)", "SQL may not call get_splits"),
        (
            f"SELECT * FROM {_TABLE}('avro.schema.url' = 'file:///etc/passwd')",
            "SQL may not give a table other properties",
        ),
        ("SELECT TRANSFORM(1) USING 'cat' AS x", "SQL can run no programs"),
        (f"FROM {_TABLE} MAP dt USING 'cat' AS x", "SQL can run no programs"),
    ],
)
def test_sql_guard_refuses_java_and_programs(hive: Hive, statement: str, reason: str) -> None:
    with pytest.raises(HiveRefused, match=rf"^Hive refused the statement: {reason}.*\.$"):
        hive.rows(statement)


def test_sql_guard_lets_no_file_of_this_machine_in_or_out(hive: Hive, schema_user: Hive, secret_file: Path) -> None:
    out = secret_file.parent.parent / "out"
    with pytest.raises(HiveRefused, match=_READS_ONLY):
        hive.run(f"INSERT OVERWRITE LOCAL DIRECTORY '{out}' SELECT 'stolen'")
    assert not out.exists()
    with pytest.raises(HiveRefused, match=_READS_ONLY):
        hive.run(f"LOAD DATA LOCAL INPATH '{secret_file}' INTO TABLE {_TABLE}")
    assert secret_file.read_text() == "secret\n"
    # Not even for the user of the schema, nor as the DTD of an XML document.
    for location in (f"file://{secret_file.parent}", f"file:{secret_file.parent}"):
        with pytest.raises(HiveRefused, match="location is a path in HDFS"):
            schema_user.run(f"CREATE EXTERNAL TABLE footfall.zz_guard (line string) LOCATION '{location}'")
    with pytest.raises(HiveRefused, match="SQL may not call xpath_string"):
        hive.rows("SELECT xpath_string(%s, 'a')", [f'<!DOCTYPE a SYSTEM "file://{secret_file}"><a>b</a>'])


@pytest.mark.parametrize(
    "settings",
    [
        {"set:hivevar:mode": "HPLSQL"},
        {"set:system:footfall.hive.schema.user": "footfall"},
        {"set:hiveconf:hive.semantic.analyzer.hook": ""},
        {"hive.exec.post.hooks": "java.lang.Object"},
        {"fs.defaultFS": "file:///"},
        {"set:metaconf:hive.metastore.uris": "thrift://127.0.0.1:1"},
    ],
)
def test_sql_guard_opens_no_session_with_other_settings(platform: Settings, settings: dict[str, str]) -> None:
    with pytest.raises(Exception, match=_NO_SETTING):
        _cursor(platform, {"use:database": "footfall", **settings})


def test_sql_guard_opens_no_session_for_somebody_else(platform: Settings) -> None:
    with pytest.raises(Exception, match="Proxy user substitution is not allowed"):
        _cursor(platform, {"hive.server2.proxy.user": SCHEMA.user})
    # The name in the request says nothing; the login does.
    cursor = _cursor(platform, {"use:database": "footfall"}, user=SCHEMA.user)
    with pytest.raises(Exception, match=_READS_ONLY):
        cursor.execute("DROP VIEW IF EXISTS zz_guard")  # type: ignore[attr-defined]


def test_sql_guard_takes_no_other_settings_with_a_statement(platform: Settings) -> None:
    cursor = _cursor(platform, {"use:database": "footfall"})
    with pytest.raises(Exception, match=_NO_SETTING):
        cursor.execute("SELECT 1", configuration={"hive.exec.pre.hooks": ""})  # type: ignore[attr-defined]
    cursor.execute("SELECT 1", configuration={"hive.query.name": "one"})  # type: ignore[attr-defined]
    assert cursor.fetchall() == [(1,)]  # type: ignore[attr-defined]


def test_sql_guard_lets_the_schema_user_change_the_schema_only(hive: Hive, schema_user: Hive) -> None:
    try:
        schema_user.run(
            "CREATE EXTERNAL TABLE IF NOT EXISTS footfall.zz_guard (a string COMMENT 'b') COMMENT 'c' "
            "PARTITIONED BY (dt string) STORED AS PARQUET LOCATION '/tmp/zz_guard'"
        )
        schema_user.run("ALTER TABLE footfall.zz_guard ADD COLUMNS (d string COMMENT 'e') CASCADE")
        schema_user.run("CREATE OR REPLACE VIEW footfall.zz_guard_view (a) AS SELECT a FROM footfall.zz_guard")
        assert hive.rows("SELECT count(*) FROM footfall.zz_guard_view") == [(0,)]
        for statement in (
            "INSERT INTO footfall.zz_guard PARTITION (dt = 'x') SELECT 'a', 'd'",
            "ALTER TABLE footfall.zz_guard SET LOCATION '/warehouse'",
            "CREATE TEMPORARY FUNCTION r AS 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFReflect'",
        ):
            with pytest.raises(HiveRefused, match=_READS_ONLY):
                schema_user.run(statement)
    finally:
        schema_user.run("DROP VIEW IF EXISTS footfall.zz_guard_view")
        schema_user.run("DROP TABLE IF EXISTS footfall.zz_guard")


def _cursor(platform: Settings, settings: dict[str, str], user: str = READER.user) -> object:
    """A session of a client that is not Footfall's. user: as its request names it."""
    from impala.hiveserver2 import HiveServer2Connection, connect

    host, port = platform.address("hive_server2")
    service = connect(host, port, user=READER.user, password=password(platform), auth_mechanism="PLAIN")
    return HiveServer2Connection(service).cursor(user=user, configuration=settings)
