"""The containers of the job fit into the smallest queue of batches."""

from footfall.settings import LEAST_BATCH_MB
from footfall.warehouse.spark.memory import EXECUTOR_MB, MASTER_MB, OVERHEAD_MB


def test_the_smallest_queue_has_room_for_the_job() -> None:
    assert MASTER_MB + EXECUTOR_MB + OVERHEAD_MB <= LEAST_BATCH_MB
