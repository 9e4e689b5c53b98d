"""Hive's services: addresses, memory, and where passwords are."""

import stat
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from footfall import postgres
from footfall.cluster.engines import hive
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import configure
from footfall.hive import login
from footfall.runtime.built_jars import HIVE_AUTHENTICATOR
from footfall.settings import HeapsMb, Settings

_SERVICES = ("hive-metastore", "hive-server2")


def _site(settings: Settings, name: str) -> dict[str, str]:
    root = ET.fromstring(configure.render(settings, BY_NAME[name])["hive-site.xml"])
    return {one.findtext("name", ""): one.findtext("value", "") for one in root.iter("property")}


@pytest.mark.parametrize("name", _SERVICES)
def test_everything_stays_on_loopback(settings: Settings, name: str) -> None:
    site = _site(settings, name)
    assert site["metastore.thrift.bind.host"] == site["hive.server2.thrift.bind.host"] == "127.0.0.1"
    assert site["hive.metastore.uris"] == "thrift://127.0.0.1:9083"
    assert site["hive.server2.webui.port"] == "0"
    assert site["tez.local.mode"] == site["tez.local.mode.without.network"] == "true"


def test_a_login_needs_the_password_and_sql_stays_in_its_bounds(settings: Settings) -> None:
    site = _site(settings, "hive-server2")
    assert site["hive.server2.authentication"] == "CUSTOM"
    # The classes exist; their own tests are in Java.
    sources = HIVE_AUTHENTICATOR.source_folder / "src" / "main" / "java"
    for key in (
        "hive.server2.custom.authentication.class",
        "hive.semantic.analyzer.hook",
        "hive.session.impl.classname",
    ):
        assert (sources / f"{site[key].replace('.', '/')}.java").is_file()
    assert site["hive.server2.enable.doAs"] == site["hive.server2.allow.user.substitution"] == "false"
    assert site["hive.security.command.whitelist"] == "set"
    assert site["hive.variable.substitute"] == "false"
    assert {"reflect", "reflect2", "java_method", "in_file", "get_splits", "xpath_string"} <= set(
        site["hive.server2.builtin.udf.blacklist"].split(",")
    )
    assert {
        "hive.semantic.analyzer.hook",
        "hive.exec.pre.hooks",
        "hive.security.command.whitelist",
        "hive.server2.builtin.udf.blacklist",
    } <= set(site["hive.conf.locked.list"].split(","))


def test_hive_server2_knows_the_user_that_reads_and_the_user_of_the_schema(settings: Settings, java: Path) -> None:
    command = BY_NAME["hive-server2"].command
    assert command is not None
    given = command(settings)
    assert login.READER.user != login.SCHEMA.user
    for prefix, one in (("footfall.hive", login.READER), ("footfall.hive.schema", login.SCHEMA)):
        file = login.password_file(settings, one)
        assert f"-D{prefix}.user={one.user}" in given
        assert f"-D{prefix}.password.file={file}" in given
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert login.password(settings) != login.password(settings, login.SCHEMA)


@pytest.mark.parametrize("name", _SERVICES)
def test_no_password_is_in_a_command_or_a_readable_file(settings: Settings, java: Path, name: str) -> None:
    service = BY_NAME[name]
    assert service.command is not None
    secrets = [login.password(settings), login.password(settings, login.SCHEMA), postgres.password(settings, "hive")]
    texts = [*service.command(settings), *configure.render(settings, service).values()]
    assert not any(secret in text for secret in secrets for text in texts)


def test_only_the_owner_can_read_the_metastores_password(settings: Settings) -> None:
    (settings.conf_dir / "hive-metastore").mkdir(parents=True)
    hive.write_database_password(settings)
    path = settings.conf_dir / "hive-metastore" / "metastore-site.xml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert postgres.password(settings, "hive") in path.read_text("utf-8")
    path.chmod(0o644)
    hive.write_database_password(settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_task_of_tez_takes_half_of_the_heap(settings: Settings) -> None:
    larger = Settings(home=settings.home, install=settings.install, heaps_mb=HeapsMb(hive_server2=2048))
    assert hive.memory(larger) == hive.Memory(task_mb=1024, sort_mb=256, join_bytes=128 * 2**20)
    site = _site(larger, "hive-server2")
    assert site["hive.tez.container.size"] == "1024"
    # Two tasks in one process would share the state of their operators.
    assert site["tez.am.inline.task.execution.max-tasks"] == "1"
