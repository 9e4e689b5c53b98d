"""The command line and configuration files that HDFS and YARN share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from footfall.cluster.engines import _jvm, _web_hosts
from footfall.runtime.built_jars import HOST_FILTER
from footfall.runtime.jars import lib_dir
from footfall.settings import Settings

HDFS_TEMPLATES: Final = ("hadoop/core-site.xml", "hadoop/hdfs-site.xml", "hadoop/log4j.properties")
YARN_TEMPLATES: Final = (*HDFS_TEMPLATES, "hadoop/yarn-site.xml")


def hadoop(
    settings: Settings,
    name: str,
    heap_mb: int,
    main: str,
    arguments: Sequence[str] = (),
    more: Sequence[str] = (),
    after: Sequence[Path] = (),
) -> list[str]:
    """Returns the command of a main class of Hadoop, with the configuration of the service `name`.

    more: options of its JVM. after: class path entries after Hadoop's jars.
    """
    conf = settings.conf_dir / name
    options = [*more, *_jvm.OPEN, _jvm.log4j(conf)]
    before = [conf, lib_dir(settings, "hadoop").parent / "classes"]
    return _jvm.java(settings, "hadoop", name, heap_mb, main, arguments, options=options, before=before, after=after)


def daemon(
    settings: Settings, name: str, heap_mb: int, main: str, arguments: Sequence[str] = (), more: Sequence[str] = ()
) -> list[str]:
    """As `hadoop`, for a daemon with a web port, which then answers requests for its own hosts only."""
    filtered = [*_web_hosts.hadoop(settings, name), *arguments]
    return hadoop(settings, name, heap_mb, main, filtered, more, [HOST_FILTER.path(settings)])
