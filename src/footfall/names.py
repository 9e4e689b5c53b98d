"""Names that several programs share: topics, tables, groups and formats. Each is defined only here."""

from typing import Final, Literal, get_args

# The form of a site's name, in events, row keys, folders and style sheets. `site_registry.py` lists the sites.
APP_ID: Final = "[a-z][a-z0-9-]{0,30}"
# Means all sites in questions and answers, so no site may have this name.
ALL_APPS: Final = "all"

LogKind = Literal["access", "error", "performance"]
LOG_KINDS: Final[tuple[LogKind, ...]] = get_args(LogKind)
# Follows the kind in the names of log files that `history` generated. They are complete, and no site appends to them.
MADE_LOG: Final = "-history-"

# Stands for all NameNodes in URIs of HDFS, if there are several.
NAMESERVICE: Final = "footfall"
# Hadoop's web services change nothing for a request without this header. A page of another site cannot send it,
# because the browser would need a CORS preflight, and no engine allows one.
CSRF_HEADER: Final = "X-XSRF-HEADER"

TOPIC_EVENTS: Final = "events"
TOPIC_REJECTED: Final = "events.rejected"
TOPIC_ALERTS: Final = "alerts"
REJECTED_PARTITIONS: Final = 1
# One key must always go to the same partition, but librdkafka's default hashes keys differently from Java's producers.
PARTITIONER: Final = "murmur2_random"

CONSUMER_GROUP_LIVE: Final = "footfall-live"
TOPOLOGY: Final = "footfall-live"

TABLE_ACTIVE_USERS: Final = "active_users"
TABLE_SESSIONS: Final = "sessions"
TABLE_USER_PAGES: Final = "user_pages"
TABLE_MINUTE_METRICS: Final = "minute_metrics"
TABLE_PROGRESS: Final = "progress"
TABLE_ALERTS: Final = "alerts"
# Learning writes it, and the sites read it.
TABLE_RECOMMENDATIONS: Final = "recommendations"
# Tables that are counted from Kafka and can be rebuilt from it.
LIVE_TABLES: Final = (TABLE_ACTIVE_USERS, TABLE_SESSIONS, TABLE_USER_PAGES, TABLE_MINUTE_METRICS, TABLE_PROGRESS)
