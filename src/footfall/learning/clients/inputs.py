"""The client of the job `learning-inputs`: reads the facts of the window once, for all other jobs of the run."""

import sys

from footfall.hdfs import Hdfs
from footfall.hive import Hive
from footfall.learning import extracts, runs
from footfall.learning.clients import _client
from footfall.learning.errors import TooLittleData
from footfall.learning.runs import Plan
from footfall.settings import Settings

# A month of a hundred thousand events a day, in HiveServer2 beside the live path.
_STATEMENT_S = 900.0


def extract(settings: Settings, files: Hdfs, plan: Plan) -> str:
    """Does the job. Raises TooLittleData, HiveUnavailable and HdfsUnavailable."""
    with Hive(settings, _STATEMENT_S) as hive:
        subjects = extracts.subjects(hive.rows, plan.partitions)
        items = extracts.items(hive.rows, plan.partitions)
        uses = extracts.of_known(extracts.uses(hive.rows, plan.partitions), items)
    if not subjects:
        raise TooLittleData(f"Nobody visited from {plan.first} to {plan.dt}, or all are bots or denied consent.")
    runs.put_rows(files, plan.run, "subjects", subjects, extracts.SUBJECTS_SCHEMA)
    runs.put_rows(files, plan.run, "uses", uses, extracts.USES_SCHEMA)
    runs.put_rows(files, plan.run, "items", items, extracts.ITEMS_SCHEMA)
    return f"{len(subjects)} subjects, {len(items)} items and {len(uses)} uses of items on a day were extracted."


if __name__ == "__main__":
    sys.exit(_client.run(sys.argv[1:], extract))
