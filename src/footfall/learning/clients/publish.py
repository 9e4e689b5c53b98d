"""The client of the job `learning-publish`: makes what a run learned the one that questions and sites read."""

import sys
import time
from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Final

from footfall.hdfs import Hdfs
from footfall.hive.metastore import Metastore
from footfall.jobs.execution import executions
from footfall.learning import extracts, hbase, lists, runs
from footfall.learning.clients import _client
from footfall.learning.errors import ModelMissing, ModelRefused
from footfall.learning.runs import Plan, Verdict
from footfall.learning.tables import (
    MODEL_JOBS,
    POINTERS,
    POPULAR_ITEMS,
    RECOMMENDATIONS,
    RECOMMENDATIONS_POINTER,
    SEGMENTS_POINTER,
    SIMILAR_ITEMS,
    tables_of,
)
from footfall.realtime.store import WRITER_TIMEOUT_S, HBaseStore
from footfall.runtime import requested
from footfall.settings import Settings
from footfall.warehouse import published, registration
from footfall.warehouse.publish import alone
from footfall.warehouse.published import Published

# What every run makes, by the job that makes it. Models come on top if they are due.
_RESULTS: Final = {SEGMENTS_POINTER: "segments", RECOMMENDATIONS_POINTER: "recommendations"}


def publish(settings: Settings, files: Hdfs, plan: Plan) -> str:
    """Publishes what passed its checks, each kind in one atomic step.

    Raises ModelRefused if something did not pass or was not made; what passed is published nevertheless. Raises
    ModelMissing if the run has learned nothing, HBaseUnavailable, HdfsUnavailable, HiveUnavailable and
    PostgresUnavailable.
    """
    verdicts = [one for pointer in POINTERS if (one := runs.verdict(files, plan.run, pointer)) is not None]
    if not verdicts:
        raise ModelMissing(f"The run {plan.run} has learned nothing yet, so there is nothing to publish.")
    metastore, notes = Metastore(settings), []
    good = [one for one in verdicts if not one.problems]
    for verdict in good:
        registration.register(metastore, files, plan.run, [verdict.dt], tables_of(verdict.pointer))
    with alone(settings):
        for verdict in good:
            known = published.read(files, verdict.pointer)
            day = date.fromisoformat(verdict.dt)
            new = Published(day, plan.run, int(time.time() * 1000), runs.plan_path(plan.run))
            if day in known and known[day].run > plan.run:
                notes.append(f"{_kind(verdict.pointer)} of the newer run {known[day].run} stay.")
                continue
            if day in known and known[day].run == plan.run:
                new = known[day]  # An earlier attempt published it, and may not have reached what follows.
            if verdict.pointer == RECOMMENDATIONS_POINTER and day >= max(known, default=day):
                notes.append(_publish_lists(settings, files, plan, {**known, day: new}))
            else:
                published.replace(files, {**known, day: new}, verdict.pointer)
    refused = [_refusal(files, one) for one in verdicts if one.problems]
    if bad := [*refused, *_not_made(settings, files, plan, verdicts)]:
        raise ModelRefused(" ".join(bad))
    return " ".join([f"Published for {plan.dt}: {', '.join(_kind(one.pointer) for one in good)}.", *notes])


def _publish_lists(settings: Settings, files: Hdfs, plan: Plan, known: dict[date, Published]) -> str:
    """Publishes recommendations, and gives the sites their lists. Returns a sentence about the lists.

    Lists are written before the pointer is replaced: if HBase is away, nothing is published, and a retry does it all.
    """
    if "hbase-thrift" not in requested.read(settings):
        published.replace(files, known, RECOMMENDATIONS_POINTER)
        return "HBase does not run in this profile, so the sites keep the lists that they have."
    made = lists.lists(
        plan,
        runs.table_rows(files, plan.run, RECOMMENDATIONS, plan.dt),
        runs.table_rows(files, plan.run, SIMILAR_ITEMS, plan.dt),
        runs.table_rows(files, plan.run, POPULAR_ITEMS, plan.dt),
        extracts.latest_first(runs.rows(files, plan.run, "uses")),
    )
    store = HBaseStore(settings, WRITER_TIMEOUT_S)
    try:
        hbase.write(store, made)
        published.replace(files, known, RECOMMENDATIONS_POINTER)
        deleted = hbase.delete_others(store, made)
    finally:
        store.close()
    return f"The sites have {len(made)} lists; {deleted} old ones were deleted."


def _kind(pointer: str) -> str:
    return pointer.removeprefix("published_").replace("_", " ")


def _refusal(files: Hdfs, verdict: Verdict) -> str:
    what = f"The {_kind(verdict.pointer)} of {verdict.dt} were not published:"
    return " ".join([what, *verdict.problems, _last(files, verdict.pointer)])


def _not_made(settings: Settings, files: Hdfs, plan: Plan, verdicts: Sequence[Verdict]) -> list[str]:
    """Sentences about what the run should have made and has not."""
    made = {one.pointer for one in verdicts}
    wanted = {pointer: MODEL_JOBS[pointer] for pointer in plan.train} | _RESULTS
    why = {one.job: one.sentence for one in executions(settings) if one.run == plan.run}
    return [
        f"The {_kind(pointer)} of {plan.dt} were not made: "
        f"{why.get(job) or f'the job {job} did not run.'} {_last(files, pointer)}"
        for pointer, job in wanted.items()
        if pointer not in made
    ]


def _last(files: Hdfs, pointer: str) -> str:
    """Says what readers get instead, and since when."""
    known = published.read(files, pointer)
    if not known:
        return "None were published before."
    newest = known[max(known)]
    since = datetime.fromtimestamp(newest.published_ms / 1000, timezone.utc)
    return f"Those of {newest.day} stay, published on {since:%Y-%m-%d at %H:%M} UTC."


if __name__ == "__main__":
    sys.exit(_client.run(sys.argv[1:], publish))
