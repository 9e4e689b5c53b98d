"""Names that the workflows and their client share. Imported on both sides, so it imports nothing."""

from typing import Final

DAILY: Final = "daily"
HOURLY: Final = "hourly"
BACKFILL: Final = "backfill"
LEARNING: Final = "learning"
WORKFLOWS: Final = (DAILY, HOURLY, BACKFILL, LEARNING)

# Heavy tasks take its only slot, because the memory of the machine suffices for one of them.
HEAVY_POOL: Final = "heavy"
# The asset that stands for published days. Other workflows can be scheduled by it.
DAY_ASSET: Final = "footfall.day"

# The XCom in which a failed task leaves its sentence.
FAILURE: Final = "failure"

# The environment variable with the Python that has our dependencies, for tasks.
PYTHON_VARIABLE: Final = "WORKFLOW_PYTHON"
# Set for the scheduler and everything that it starts, so that its tasks can be found when it is gone.
TASKS_VARIABLE: Final = "WORKFLOW_TASKS"
