"""The root of Footfall's errors, so that a caller catches what it means and lists no classes.

    FootfallError               anything that Footfall says in a sentence for its user
    ├─ EngineUnavailable        an engine does not answer; trying again later may help
    │  ├─ HdfsUnavailable · YarnUnavailable · KafkaUnavailable · HBaseUnavailable · LagUnknown · …
    ├─ ClusterError             something could not be installed, started or stopped
    └─ SettingsError · ArchiveRefused · HistoryError · …

Each station defines its own beside what raises it. What only steers the flow inside a module is no FootfallError.
"""


class FootfallError(Exception):
    """Something is not as it should be; the message is one sentence for the user, with a remedy where there is one."""


class EngineUnavailable(FootfallError):
    """An engine does not answer, or not in a form that can be used."""
