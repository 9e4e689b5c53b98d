"""Rebuilds the live tables from the records in Kafka."""

from collections.abc import Callable
from typing import Final

from footfall.realtime.deploy import deploy, stop
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings

# Recreating tables waits for regions to close and open, one table after the other.
_TABLES_TIMEOUT_S: Final = 120.0


def rebuild(settings: Settings, say: Callable[[str], None]) -> None:
    """Stops the topology, empties the live tables and starts counting at the beginning of Kafka's log.

    It may be interrupted and called again. `say` is called with a sentence before each step. Raises DeployError and
    HBaseUnavailable.
    """
    say("Ending the topology.")
    stop(settings)
    say("Emptying the live tables.")
    store = HBaseStore(settings, _TABLES_TIMEOUT_S)
    try:
        store.empty_tables()
    finally:
        store.close()
    # Without progress, deploying sets the consumer group to the beginning of the log.
    say("Starting the topology at the beginning of Kafka's log.")
    deploy(settings)
