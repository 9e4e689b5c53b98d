"""The base classes of Footfall's errors, so that a caller can catch a whole kind of error.

    FootfallError               any error whose message is a sentence for the user
    ├─ EngineUnavailable        an engine does not answer; a later retry may succeed
    │  ├─ HdfsUnavailable · YarnUnavailable · KafkaUnavailable · HBaseUnavailable · LagUnknown · …
    ├─ ClusterError             something could not be installed, started or stopped
    └─ SettingsError · ArchiveRefused · HistoryError · …

Each package defines its errors next to the code that raises them. An exception that only controls the flow inside a
module is not a FootfallError.
"""

from collections.abc import Sequence


class FootfallError(Exception):
    """An error to show to the user. The message is one sentence, with the remedy if there is one."""


class EngineUnavailable(FootfallError):
    """An engine does not answer, or its answer cannot be understood."""


def first_of(names: Sequence[object], most: int = 3) -> str:
    """The first of these names for a sentence, which says if there are more."""
    return ", ".join(map(str, names[:most])) + (" and more" if len(names) > most else "")
