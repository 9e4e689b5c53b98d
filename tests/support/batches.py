"""The progress of the running platform's archive, batch by batch."""

from footfall.hdfs import Hdfs
from footfall.lake.progress import Journal, Progress
from footfall.settings import Settings
from tests.support.platform import await_true

# One batch every 15 s. On a busy machine a batch may take just as long.
_BATCHES_S = 120.0


def latest(settings: Settings) -> Progress:
    """The last archived batch."""
    journal = Journal(Hdfs(settings))
    current = journal.current()
    assert current is not None
    found = journal.latest(current.checkpoint)
    assert found is not None
    return found


def await_more(settings: Settings, count: int = 2, seconds: float = _BATCHES_S) -> None:
    """Waits until this many more batches are archived."""
    before = latest(settings)

    def archived() -> bool:
        now = latest(settings)
        return now.checkpoint != before.checkpoint or now.batch >= before.batch + count

    await_true(archived, f"{count} more batches", seconds, every=1)


def await_archived(settings: Settings, count: int, seconds: float = _BATCHES_S) -> None:
    """Waits until this many events are archived. A new checkpoint may have no batch yet."""
    journal = Journal(Hdfs(settings))

    def archived() -> bool:
        current = journal.current()
        found = None if current is None else journal.latest(current.checkpoint)
        return found is not None and found.totals.archived >= count

    await_true(archived, f"{count} archived events", seconds, every=1)
