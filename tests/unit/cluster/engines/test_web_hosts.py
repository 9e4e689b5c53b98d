"""Each daemon of Hadoop and HBase with a web port gets the filter of hosts, its jar, and the names of its own hosts."""

import pytest

from footfall.cluster.services import BY_NAME, SERVICES
from footfall.hosts import Hosts
from footfall.runtime.built_jars import HOST_FILTER
from footfall.settings import Settings

_WEB = [one.name for one in SERVICES if one.engine in ("hadoop", "hbase") and any("_http" in p for p in one.ports)]


@pytest.mark.parametrize("name", _WEB)
def test_a_daemon_with_a_web_port_filters_hosts(settings: Settings, name: str) -> None:
    # Without checks: several NameNodes would need several hosts of others.
    hosts = Hosts.model_construct(**{daemon: (f"{daemon.replace('_', '-')}-1",) for daemon in Hosts.model_fields})
    service, own = BY_NAME[name], settings.model_copy(update={"hosts": hosts})
    assert service.command is not None
    command = service.command(own)
    initializers = next(word for word in command if ".http.filter.initializers=" in word)
    # The filter that Hadoop and HBase have by default would be lost if it were not named.
    assert "StaticUserWebFilter,footfall.http." in initializers
    assert f"-Dfootfall.http.names={name}-1" in command
    assert str(HOST_FILTER.path(own)) in command[command.index("-cp") + 1].split(":")
    assert HOST_FILTER.problem in [part.problem for part in service.installed]


def test_the_datanodes_web_port_keeps_its_other_handler(settings: Settings) -> None:
    service = BY_NAME["datanode"]
    assert service.command is not None
    (handlers,) = (word for word in service.command(settings) if "httpserver.filter.handlers=" in word)
    assert handlers.endswith(".RestCsrfPreventionFilterHandler,footfall.http.HostHandler")
