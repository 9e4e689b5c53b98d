"""The memory of the job's processes, MiB. Apart from the session, so that a list of jobs need not import Spark."""

from typing import Final

# The heap of the client. Spark starts with no less than 472 MB; plans and the profiles, which it broadcasts, fit.
DRIVER_MB: Final = 512
# A JVM needs memory besides its heap: classes, generated code, threads, buffers.
BESIDE_HEAP_MB: Final = 256
# The heap of the executor: sorts and groups take up to 0.6 of what is left after 300 MB, then they spill to disk.
EXECUTOR_MB: Final = 1024
# 384 MB for the executor's JVM outside its heap, and the rest for two Python workers. Each imports Arrow and NumPy
# (110 MB) and holds one batch of events several times, or one very long session.
OVERHEAD_MB: Final = 768
# The container of the application's master, as in `streaming.spark_session`.
MASTER_MB: Final = 512
# The client and its containers.
TOTAL_MB: Final = DRIVER_MB + BESIDE_HEAP_MB + MASTER_MB + EXECUTOR_MB + OVERHEAD_MB
