"""What `doctor` says: facts about this machine and platform, and a remedy for each thing that is wrong."""

import shutil
import sys
from typing import Any, TypedDict

import psutil

from footfall.cluster.health import hdfs_capacity, preflight
from footfall.cluster.health.disk import Disk
from footfall.cluster.health.status import status
from footfall.cluster.services import SERVICES, profile_of
from footfall.cluster.setup import topology_built
from footfall.cluster.supervision import lifecycle, under_way
from footfall.cluster.supervision.manager import Manager
from footfall.events import city_database
from footfall.runtime import jars, java
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings

# Beyond these ages, in seconds, somebody should look; each is several times the usual.
_MOST_S = {"live": 5.0, "archive": 60.0, "windows": 240.0, "logs": 60.0}
_NAMED = {
    "live": "The live figures are",
    "archive": "The newest archived events are",
    "windows": "The newest windows are",
    "logs": "Log lines that Flume has not read are",
}
# Whose service it is, and so whose log says more.
_LOGS = {"live": "topology", "archive": "spark-streaming", "windows": "spark-streaming", "logs": "flume"}


class Report(TypedDict):
    """The document of `footfall doctor`."""

    facts: dict[str, str]
    problems: list[str]


def diagnose(settings: Settings) -> Report:
    """Looks everywhere; changes nothing."""
    problems: list[str] = []
    found = status(settings)
    facts = {"python": sys.version.split()[0], **_machine(settings, Disk(**found["disk"]))}
    try:
        facts["java"] = str(java.java_home(settings))
    except ClusterError as error:
        problems.append(str(error))
    facts["maven"] = shutil.which("mvn") or "not installed (only needed to fetch or build jars)"
    for engine in jars.engines():
        absent = jars.missing(settings, engine)
        if absent:
            problems.append(f"{len(absent)} jars of {engine} are missing; `./footfall up` fetches them.")
    if not topology_built(settings):
        problems.append("The Storm topology is not built from the present sources; `./footfall up` builds it.")
    if not city_database.installed(settings):
        problems.append("The city database is missing, so places stay unknown; `./footfall up` fetches it.")
    wanted = lifecycle.wanted(settings)
    running = {name for name, p in Manager(settings).processes().items() if p.pid is not None}
    services = [service for service in SERVICES if service.name in wanted] or list(SERVICES)
    problems += preflight.check(settings, profile_of(wanted), services, running)
    if not wanted:
        is_coming = bool(under_way.services(settings))
        facts["platform"] = under_way.INSTALLING if is_coming else "not running; `./footfall up` starts it"
        return {"facts": facts, "problems": problems}
    facts["platform"] = f"asked for: {', '.join(wanted)}"
    for line in found["services"]:
        if line["state"] in ("failed", "stopped"):
            detail = f": {line['detail']}" if line["detail"] else ""
            problems.append(f"{line['name']} is {line['state']}{detail} (`./footfall logs {line['name']}`)")
    # Said of the DataNode too, once it has been up for a while.
    lack = hdfs_capacity.lack(settings) if "datanode" in wanted else ""
    if lack and not any(lack in problem for problem in problems):
        problems.append(lack)
    starting = {line["name"] for line in found["services"] if line["state"] == "starting"}
    problems += _lags(found["lags"], starting, facts)
    return {"facts": facts, "problems": problems}


def _machine(settings: Settings, stored: Disk) -> dict[str, str]:
    memory = psutil.virtual_memory()
    return {
        "memory": f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB are free",
        "disk": f"{stored.free_gib:.1f} GiB are free at {settings.home}",
        "data": stored.growth,
    }


def _lags(lags: list[dict[str, Any]], starting: set[str], facts: dict[str, str]) -> list[str]:
    """What is wrong with them; adds a fact for each. starting: services that need not have caught up yet."""
    problems = []
    for lag in lags:
        name, age_s, most_s = lag["name"], lag["age_s"], _MOST_S[lag["name"]]
        if _LOGS[name] in starting:
            facts[f"{name} lag"] = f"not known yet: {_LOGS[name]} is starting"
            continue
        if lag["trouble"]:
            problems.append(lag["trouble"])
            continue
        waiting = "" if lag["waiting"] is None else f"{lag['waiting']} {lag['unit']} wait; "
        facts[f"{name} lag"] = f"{waiting}the newest is {'of unknown age' if age_s is None else f'{age_s:.1f} s old'}"
        if age_s is not None and age_s > most_s:
            problems.append(
                f"{_NAMED[name]} {age_s:.0f} s old ({waiting}usual are {most_s:.0f} s at most): what makes them is "
                f"catching up or stuck: see `./footfall logs {_LOGS[name]}`."
            )
    return problems
