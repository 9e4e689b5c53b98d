"""Makes the tables of a run known to Hive: the client `python -m footfall.warehouse.register RUN DAY…` of a job."""

import sys
from collections.abc import Sequence

from footfall.errors import FootfallError
from footfall.hdfs import Hdfs
from footfall.hive.metastore import Metastore
from footfall.jobs.model import request_of
from footfall.settings import load_settings
from footfall.warehouse import registration
from footfall.warehouse.tables import TABLES


def main(arguments: Sequence[str]) -> int:
    """Runs the job. Returns the exit status."""
    try:
        run, days = request_of(arguments)
        settings = load_settings()
        files, metastore = Hdfs(settings), Metastore(settings)
        # The audit writes and registers its own tables.
        tables = [table for table in TABLES if table.writer != "audit"]
        registration.register(metastore, files, run, map(str, days), tables)
        registration.register_profiles(metastore, files)
    except FootfallError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Hive knows the tables of {len(days)} days of the run {run}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
