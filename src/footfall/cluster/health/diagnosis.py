"""What `doctor` says: facts about this machine and platform, and a remedy for each thing that is wrong."""

import shutil
import sys
from typing import Any, TypedDict

import psutil

from footfall.cluster.health import preflight
from footfall.cluster.health.disk import Disk
from footfall.cluster.health.status import status
from footfall.cluster.services import BY_NAME, SERVICES, profile_of
from footfall.cluster.supervision import lifecycle, under_way
from footfall.cluster.supervision.manager import Manager
from footfall.runtime import jars, java
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


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
    problems += filter(None, (part.lack(settings) for part in dict.fromkeys(p for s in SERVICES for p in s.parts)))
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
    for name in wanted:
        advise = BY_NAME[name].advice
        # Its probe may have found the same.
        if advise and (advice := advise(settings)) and not any(advice in problem for problem in problems):
            problems.append(advice)
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
    unusual = {lag.name: (lag, service) for service in SERVICES for lag in service.lags}
    for lag in lags:
        name, age_s = lag["name"], lag["age_s"]
        limit, service = unusual[name]
        if service.name in starting:
            facts[f"{name} lag"] = f"not known yet: {service.name} is starting"
            continue
        if lag["trouble"]:
            problems.append(lag["trouble"])
            continue
        waiting = "" if lag["waiting"] is None else f"{lag['waiting']} {lag['unit']} wait; "
        facts[f"{name} lag"] = f"{waiting}the newest is {'of unknown age' if age_s is None else f'{age_s:.1f} s old'}"
        if age_s is not None and age_s > limit.most_s:
            problems.append(
                f"{limit.subject} {age_s:.0f} s old ({waiting}usual are {limit.most_s:.0f} s at most): what makes them "
                f"is catching up or stuck: see `./footfall logs {service.name}`."
            )
    return problems
