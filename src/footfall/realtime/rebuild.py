"""Builds the live tables anew from what Kafka holds."""

from collections.abc import Callable
from typing import Final

from footfall.realtime.deploy import deploy, stop
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings

# Making tables anew waits for regions to close and open, one table after the other.
_TABLES_WITHIN_S: Final = 120.0


def rebuild(settings: Settings, say: Callable[[str], None]) -> None:
    """Ends the topology, empties the live tables and starts counting at the beginning of Kafka's log.

    Safe to be interrupted and called again. `say` is told of each step. Raises DeployError and HBaseUnavailable.
    """
    say("Ending the topology.")
    stop(settings)
    say("Emptying the live tables.")
    store = HBaseStore(settings, _TABLES_WITHIN_S)
    try:
        store.empty_tables()
    finally:
        store.close()
    # Without progress the group is set to the beginning before the topology is submitted.
    say("Starting the topology at the beginning of Kafka's log.")
    deploy(settings)
