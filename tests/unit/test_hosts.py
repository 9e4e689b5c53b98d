"""Where a host is named: in the settings, and nowhere in the code or in the engines' files."""

import re
from pathlib import Path
from typing import Final

import pytest

from footfall.hosts import Hosts, daemon_of
from footfall.settings import REPOSITORY, Ports

_LOOPBACK: Final = re.compile(r"127\.0\.0\.1|localhost")
# What truly means this machine, by file: how often, and why.
_TRULY_LOCAL: Final = {
    "src/footfall/hosts.py": 3,  # the default itself, and what is recognised as loopback
    "src/footfall/setting_groups.py": 1,  # the example in a sentence
    "src/footfall/settings.py": 4,  # `bind` and `dashboard_bind`, and their defaults
    "src/footfall/host_names.py": 2,  # the name that every machine has for itself
    "src/footfall/runtime/hostname.py": 3,  # a hosts file
    "src/footfall/cluster/supervision/manager.py": 1,  # supervisord's client wants a URL beside its Unix socket
    "src/footfall/history/site.py": 3,  # headers of requests that no network carries
    "src/footfall/metrics/sources.py": 2,  # a page of this machine is no referrer
    "src/footfall/notify/mail.py": 1,  # the sender of mails that are written to a folder
    "src/footfall/cli/up.py": 1,  # what a person on this machine types into a browser
    # The name that HBase gives itself while its host is loopback: it looks up the name of a number.
    "engines/hbase/hbase-site.xml.j2": 4,
}


def _texts() -> list[Path]:
    folders = (REPOSITORY / "src" / "footfall", REPOSITORY / "engines")
    kinds = {".py", ".j2", ".yaml", ".js", ".html", ".sh", ".json"}
    return [path for folder in folders for path in folder.rglob("*") if path.suffix in kinds and path.is_file()]


def test_no_file_names_a_loopback_host_but_those_that_must() -> None:
    found = {
        path.relative_to(REPOSITORY).as_posix(): len(named)
        for path in _texts()
        if (named := _LOOPBACK.findall(path.read_text("utf-8")))
    }
    assert found == _TRULY_LOCAL, "use settings.address(), .url(), .bind_host() or .advertised_host()"


def test_each_port_belongs_to_a_daemon() -> None:
    sites = {name for name in Ports.model_fields if daemon_of(name) == "sites"}
    assert sites == {"shop", "news", "academy"}
    others = {daemon_of(name) for name in Ports.model_fields} - {"sites"}
    assert others == set(Hosts.model_fields) - {"sites"}


@pytest.mark.parametrize(
    ("name", "daemon"),
    [
        ("kafka", "kafka"),
        ("kafka_controller", "kafka"),
        ("namenode_http", "namenode"),
        ("hbase_regionserver_http", "hbase_regionserver"),
        ("yarn_http", "yarn_resourcemanager"),
        ("yarn_nodemanager_http", "yarn_nodemanager"),
        ("yarn_localizer", "yarn_nodemanager"),
        ("storm_worker", "storm_supervisor"),
        ("news", "sites"),
    ],
)
def test_the_daemon_behind_a_name(name: str, daemon: str) -> None:
    assert daemon_of(name) == daemon
