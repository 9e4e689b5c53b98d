"""The report of `doctor`: facts about this machine and platform, and problems with their remedies."""

import getpass
import shutil
import sys
from typing import Any, TypedDict

import psutil

from footfall.cluster.health import preflight, root_user
from footfall.cluster.health.disk import Disk
from footfall.cluster.health.status import status
from footfall.cluster.services import BY_NAME, SERVICES, logins, profile_of
from footfall.cluster.supervision import lifecycle, under_way
from footfall.cluster.supervision.manager import Manager
from footfall.runtime import jars, java
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


class Report(TypedDict):
    """The JSON document of `./footfall doctor`."""

    facts: dict[str, str]
    problems: list[str]


def diagnose(settings: Settings) -> Report:
    """Checks the machine, the installation and the services. Changes nothing."""
    problems: list[str] = []
    found = status(settings)
    facts = {"python": sys.version.split()[0], **_machine(settings, Disk(**found["disk"]))}
    facts["user"] = root_user.warning() or getpass.getuser()
    try:
        facts["java"] = str(java.java_home(settings))
    except ClusterError as error:
        problems.append(str(error))
    facts["maven"] = shutil.which("mvn") or "not installed (needed only to download or build jars)"
    for engine in jars.engines():
        absent = jars.missing(settings, engine)
        if absent:
            problems.append(f"{len(absent)} jars of {engine} are missing. `./footfall up` downloads them.")
    problems += filter(
        None, (part.problem(settings) for part in dict.fromkeys(p for s in SERVICES for p in s.installed))
    )
    wanted = lifecycle.requested(settings)
    running = {name for name, p in Manager(settings).processes().items() if p.pid is not None}
    services = [service for service in SERVICES if service.name in wanted] or list(SERVICES)
    problems += preflight.check(settings, profile_of(wanted), services, running)
    if not wanted:
        is_coming = bool(under_way.services(settings))
        facts["platform"] = under_way.INSTALLING if is_coming else "not running; `./footfall up` starts it"
        return {"facts": facts, "problems": problems}
    facts["platform"] = f"services: {', '.join(wanted)}"
    facts |= {f"login {port}": login for port, login in logins(settings, wanted).items()}
    for line in found["services"]:
        if line["state"] in ("failed", "stopped"):
            detail = f": {line['detail']}" if line["detail"] else ""
            problems.append(f"{line['name']} is {line['state']}{detail} (`./footfall logs {line['name']}`)")
    for name in wanted:
        advise = BY_NAME[name].advice
        # The probe may already have reported it.
        if advise and (advice := advise(settings)) and not any(advice in problem for problem in problems):
            problems.append(advice)
    starting = {line["name"] for line in found["services"] if line["state"] == "starting"}
    problems += _lags(found["lags"], starting, facts)
    return {"facts": facts, "problems": problems}


def _machine(settings: Settings, stored: Disk) -> dict[str, str]:
    memory = psutil.virtual_memory()
    return {
        "memory": f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free",
        "disk": f"{stored.free_gib:.1f} GiB free at {settings.home}",
        "data": stored.growth,
    }


def _lags(lags: list[dict[str, Any]], starting: set[str], facts: dict[str, str]) -> list[str]:
    """Returns the problems with these lags, and adds a fact for each. starting: services that may still lag."""
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
                f"{limit.subject} {age_s:.0f} s old ({waiting}the limit is {limit.most_s:.0f} s). "
                f"{service.name} is catching up or stuck; see `./footfall logs {service.name}`."
            )
    return problems
