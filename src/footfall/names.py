"""The names that engines, programs and people share. A name stands here once; nothing spells it out elsewhere."""

from typing import Final, Literal, get_args

# How a site may be called, in events, row keys, folders and style sheets. `site_registry.py` knows which there are.
APP_ID: Final = "[a-z][a-z0-9-]{0,30}"
# Stands for all sites in questions and answers, so no site may be called that.
ALL_APPS: Final = "all"

LogKind = Literal["access", "error", "performance"]
LOG_KINDS: Final[tuple[LogKind, ...]] = get_args(LogKind)
# In the names of log files that `history` made, after the kind: they come whole, and no site writes them.
MADE_LOG: Final = "-history-"

# Hadoop's web ends change nothing for a request without it. A page of another site cannot send it: the browser would
# first have to ask, and no engine allows it.
CSRF_HEADER: Final = "X-XSRF-HEADER"

TOPIC_EVENTS: Final = "events"
TOPIC_REJECTED: Final = "events.rejected"
TOPIC_ALERTS: Final = "alerts"
# Fixed for ever: identity is per partition, so another count would split one session's records over two.
EVENTS_PARTITIONS: Final = 8
REJECTED_PARTITIONS: Final = 1
# librdkafka's own default hashes keys otherwise than Java's producers do; one key must always meet one partition.
PARTITIONER: Final = "murmur2_random"

CONSUMER_GROUP_LIVE: Final = "footfall-live"
TOPOLOGY: Final = "footfall-live"

TABLE_ACTIVE_USERS: Final = "active_users"
TABLE_SESSIONS: Final = "sessions"
TABLE_USER_PAGES: Final = "user_pages"
TABLE_MINUTE_METRICS: Final = "minute_metrics"
TABLE_PROGRESS: Final = "progress"
TABLE_ALERTS: Final = "alerts"
# What is counted from Kafka, and can be counted anew.
LIVE_TABLES: Final = (TABLE_ACTIVE_USERS, TABLE_SESSIONS, TABLE_USER_PAGES, TABLE_MINUTE_METRICS, TABLE_PROGRESS)
