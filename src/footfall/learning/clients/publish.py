"""The client of the job `learning-publish`: makes what a run learned the one that questions read, if it is good."""

import sys
import time
from datetime import date

from footfall.hdfs import Hdfs
from footfall.hive.metastore import Metastore
from footfall.learning import runs
from footfall.learning.clients import _client
from footfall.learning.errors import ModelMissing, ModelRefused
from footfall.learning.runs import Plan, Verdict
from footfall.learning.tables import POINTERS, tables_of
from footfall.settings import Settings
from footfall.warehouse import published, registration
from footfall.warehouse.publish import alone
from footfall.warehouse.published import Published


def publish(settings: Settings, files: Hdfs, plan: Plan) -> str:
    """Publishes what passed its checks, each kind in one atomic step.

    Raises ModelRefused if something did not pass; what did is published nevertheless. Raises ModelMissing if the run
    has learned nothing, HdfsUnavailable, HiveUnavailable and PostgresUnavailable.
    """
    verdicts = [one for pointer in POINTERS if (one := runs.verdict(files, plan.run, pointer)) is not None]
    if not verdicts:
        raise ModelMissing(f"The run {plan.run} has learned nothing yet, so there is nothing to publish.")
    metastore = Metastore(settings)
    good = [one for one in verdicts if not one.problems]
    for verdict in good:
        registration.register(metastore, files, plan.run, [verdict.dt], tables_of(verdict.pointer))
    with alone(settings):
        for verdict in good:
            known = published.read(files, verdict.pointer)
            day = date.fromisoformat(verdict.dt)
            if day not in known or known[day].run != plan.run:
                new = Published(day, plan.run, int(time.time() * 1000), runs.plan_path(plan.run))
                published.replace(files, {**known, day: new}, verdict.pointer)
    if bad := [_refusal(files, verdict) for verdict in verdicts if verdict.problems]:
        raise ModelRefused(" ".join(bad))
    return f"Published for {plan.dt}: {', '.join(one.pointer.removeprefix('published_') for one in good)}."


def _refusal(files: Hdfs, verdict: Verdict) -> str:
    kind = verdict.pointer.removeprefix("published_").replace("_", " ")
    stays = [str(day) for day in published.read(files, verdict.pointer)]
    last = f"Those of {stays[-1]} stay." if stays else "None were published before."
    return f"The {kind} of {verdict.dt} were not published: {' '.join(verdict.problems)} {last}"


if __name__ == "__main__":
    sys.exit(_client.run(sys.argv[1:], publish))
