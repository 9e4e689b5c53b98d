"""The client of the job `events`: `python -m footfall.warehouse.spark.run RUN DAY…`.

It exits with 0 if all tables of all days are in place. Otherwise the last line of its stderr says what failed.
"""

import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from footfall import site_registry
from footfall.errors import FootfallError
from footfall.hdfs import Hdfs
from footfall.jobs.errors import WrongRequest
from footfall.jobs.model import request_of, tag
from footfall.settings import Settings, load_settings
from footfall.streaming.errors import original_error
from footfall.streaming.spark_failures import name_damaged_files
from footfall.warehouse import manifest
from footfall.warehouse.spark import pipeline, session
from footfall.warehouse.spark.job import NAME

log = logging.getLogger("events")


def run(settings: Settings, run_id: str, days: Sequence[str]) -> None:
    """Makes the tables of a run for some of its days (YYYY-MM-DD, ascending), and reports their rows.

    Raises FootfallError, and Spark's errors.
    """
    files = Hdfs(settings)
    plan = manifest.load(files, run_id)
    if missing := sorted(set(days) - set(plan.days)):
        raise WrongRequest(f"The run {run_id} has no manifest for {', '.join(missing)}, so it cannot make these days.")
    base = settings.hdfs_uri
    parent = settings.run_dir / "tmp"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="events-", dir=parent) as temporary:
        spark = session.start(settings, tag(NAME, run_id), Path(temporary))
        log.info("the application %s runs", spark.sparkContext.applicationId)
        try:
            with name_damaged_files(files, base):
                pipeline.make(spark, files, lambda path: f"{base}{path}", plan, days, _own_hosts(settings), _report)
        finally:
            spark.stop()


def _own_hosts(settings: Settings) -> dict[str, frozenset[str]]:
    """By site: the hosts of its pages. The addresses of this machine are no referrers of any site."""
    found = {}
    for site in site_registry.sites(settings):
        hosts = {urlsplit(origin).hostname for origin in site.origins} | set(settings.hosts.sites)
        found[site.app_id] = frozenset(host for host in hosts if host)
    return found


def _report(what: str, seconds: float) -> None:
    log.info("%s: %.1f s", what, seconds)


def _sentence(error: Exception) -> str:
    """The last line of stderr: Footfall's own sentence, or the first line of Spark's complaint."""
    found = original_error(error)
    if isinstance(found, FootfallError):
        return str(found)
    lines = [line.strip() for line in str(found).splitlines() if line.strip()] or [type(found).__name__]
    return f"Spark failed: {lines[0][:500]}"


def main(arguments: Sequence[str]) -> int:
    """Runs the job. arguments: the run's id and the days. Returns the exit code."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        request = request_of(arguments)
        run(load_settings(), request.run, [day.isoformat() for day in request.days])
    except (FootfallError, PySparkException, Py4JError) as error:
        print(_sentence(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
