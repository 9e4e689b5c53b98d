"""The web ports of Hadoop and HBase answer requests for this platform's own hosts only.

The options are arguments and not in `core-site.xml`, because clients and containers read that file, too, and most of
them have no filter on their class path.
"""

from typing import Final

from footfall.settings import Settings

# The filters that Hadoop and HBase have by default stay, and the DataNode's against requests of foreign pages.
_HADOOP: Final = {
    "hadoop.http.filter.initializers": "org.apache.hadoop.http.lib.StaticUserWebFilter,footfall.http.HadoopHosts",
    "dfs.datanode.httpserver.filter.handlers": (
        "org.apache.hadoop.hdfs.server.datanode.web.RestCsrfPreventionFilterHandler,footfall.http.HostHandler"
    ),
}
_HBASE: Final = {
    "hbase.http.filter.initializers": "org.apache.hadoop.hbase.http.lib.StaticUserWebFilter,footfall.http.HBaseHosts",
}


def hadoop(settings: Settings, name: str) -> list[str]:
    """Arguments of a daemon of Hadoop. name: its service."""
    return _arguments(settings, name, _HADOOP)


def hbase(settings: Settings, name: str) -> list[str]:
    """Arguments of a daemon of HBase. name: its service."""
    return _arguments(settings, name, _HBASE)


def names(settings: Settings, name: str) -> str:
    """The hosts of a service as the filter takes them, separated by commas."""
    return ",".join(settings.hosts.of(name.replace("-", "_")))


def _arguments(settings: Settings, name: str, filters: dict[str, str]) -> list[str]:
    return [f"-D{key}={value}" for key, value in {**filters, "footfall.http.names": names(settings, name)}.items()]
