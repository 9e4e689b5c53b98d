"""Times the questions about past days, beside DuckDB on the same raw files: `python -m bench.warehouse.questions`."""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from footfall import question_registry
from footfall.cluster.supervision import run as supervision
from footfall.hdfs import Hdfs
from footfall.questions.sources import Sources
from footfall.warehouse import manifest, profiles, published
from tests.oracle.comparison import differences
from tests.oracle.oracle import Oracle
from tests.support.past_days import QUESTIONS
from tests.support.raw_days import download

_RANGE_DAYS = 7


def main() -> None:
    """Prints one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="how often each question is asked")
    times: int = parser.parse_args().times
    settings = supervision.recall()
    hdfs = Hdfs(settings)
    known = published.read(hdfs)
    days = sorted(known)[-_RANGE_DAYS:]
    in_use = profiles.published_run(hdfs)
    folder = None if in_use is None else profiles.PROFILES_HISTORY.partition(in_use)
    with tempfile.TemporaryDirectory() as scratch:
        manifests = {str(day): manifest.load(hdfs, known[day].run) for day in days}
        raw = download(hdfs, Path(scratch), manifests, folder)
        with Oracle(raw.events, raw.logs, raw.profiles, raw.archive_ends) as oracle, Sources(settings) as sources:
            print(
                json.dumps(
                    {
                        "day": _measured(sources, oracle, days[-1:], times),
                        f"{len(days)} days": _measured(sources, oracle, days, times),
                    },
                    indent=1,
                )
            )


def _measured(sources: Sources, oracle: Oracle, days: list[date], times: int) -> dict[str, Any]:
    first, last = str(days[0]), str(days[-1])
    found: dict[str, Any] = {}
    for question, asked in QUESTIONS:
        answers: dict[str, list[dict[str, Any]]] = {}

        def hive(question: str = question, asked: dict[str, Any] = asked, answers: dict[str, Any] = answers) -> None:
            rows = question_registry.ask(sources, question, **{"from": first, "to": last}, **asked)
            answers["hive"] = orjson.loads(orjson.dumps(rows))

        def duckdb(question: str = question, asked: dict[str, Any] = asked, answers: dict[str, Any] = answers) -> None:
            answers["duckdb"] = oracle.answer(question, first, last, **asked)

        seconds = {"hive": [_timed(hive) for _ in range(times)], "duckdb": [_timed(duckdb) for _ in range(times)]}
        found[" ".join([question, *map(str, asked.values())])] = {
            **{engine: _percentiles(taken) for engine, taken in seconds.items()},
            "rows": len(answers["hive"]),
            "agree": not differences(question, answers["duckdb"], answers["hive"]),
        }
    return found


def _timed(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    rank = max(0, -(-len(ordered) * 95 // 100) - 1)
    return {"p50": round(ordered[len(ordered) // 2], 3), "p95": round(ordered[rank], 3), "max": round(ordered[-1], 3)}


if __name__ == "__main__":
    main()
