"""The errors of Hive's clients, and Hive's messages as sentences."""

import re
from typing import Final

from footfall.errors import EngineUnavailable

# Sentences of Hive's errors begin after names of classes and codes.
_PREFIX: Final = re.compile(
    r"^(?:Error (?:while compiling statement|running query|while processing statement): )?(?:FAILED: )?"
    r"(?:(?:[\w$]+\.)*\w+(?:Exception|Error):? ?)*"
)

# What Hive says if something that it needs does not answer, and what that means.
_AWAY: Final = (
    (re.compile(r"Connection is not available|HikariPool|PSQLException"), "Hive's metastore cannot reach PostgreSQL"),
    (re.compile(r"HiveMetaStoreClient|Could not connect to meta ?store"), "HiveServer2 cannot reach the metastore"),
    (
        re.compile(r"(?i)metastore(?s:.*)(?:TTransportException|Connection refused)"),
        "HiveServer2 cannot reach the metastore",
    ),
    (re.compile(r"Call From \S+ to \S+ failed on|SafeModeException|No live nodes"), "HiveServer2 cannot use HDFS"),
)


class HiveUnavailable(EngineUnavailable):
    """HiveServer2 did not answer, or refused the login; the message is one sentence. The call may be retried."""


class HiveRefused(HiveUnavailable):
    """HiveServer2 could not run the statement: it is not valid, a table is missing, or the data cannot be read."""


def sentence(message: str) -> str:
    """Hive's error message as a sentence: its first line without names of classes and codes."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    first = _PREFIX.sub("", lines[0] if lines else "") or "it gave no reason"
    return first.rstrip(". ")[:300] + "."


def failure(message: str, doing: str) -> HiveUnavailable:
    """The error for Hive's message. doing: what Hive was asked for, as the beginning of a sentence."""
    for pattern, meaning in _AWAY:
        if pattern.search(message):
            return HiveUnavailable(f"{meaning}.")
    return HiveRefused(f"{doing}: {sentence(message)}")
