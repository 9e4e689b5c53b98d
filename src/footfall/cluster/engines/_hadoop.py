"""The command line and configuration files that HDFS and YARN share."""

from collections.abc import Sequence
from typing import Final

from footfall.cluster.engines import _jvm, _web_hosts
from footfall.runtime.built_jars import HOST_FILTER
from footfall.runtime.jars import lib_dir
from footfall.settings import Settings

HDFS_TEMPLATES: Final = ("hadoop/core-site.xml", "hadoop/hdfs-site.xml", "hadoop/log4j.properties")
YARN_TEMPLATES: Final = (*HDFS_TEMPLATES, "hadoop/yarn-site.xml")


def hadoop(
    settings: Settings, name: str, heap_mb: int, main: str, arguments: Sequence[str] = (), more: Sequence[str] = ()
) -> list[str]:
    """Returns the command of a main class of Hadoop, with the configuration of the service `name`."""
    conf = settings.conf_dir / name
    options = [*more, *_jvm.OPEN, _jvm.log4j(conf)]
    classes = lib_dir(settings, "hadoop").parent / "classes"
    return _jvm.java(
        settings,
        "hadoop",
        name,
        heap_mb,
        main,
        [*_web_hosts.hadoop(settings, name), *arguments],
        options=options,
        before=[conf, classes],
        after=[HOST_FILTER.path(settings)],
    )
