"""What Pig makes of the sites' log lines and of rejected events."""

from typing import Final

from footfall.warehouse.tables.columns import APP
from footfall.warehouse.tables.model import Table, parsed_columns

FACT_REQUESTS: Final = Table(
    "fact_requests",
    "Each request in the sites' access logs.",
    "pig",
    ("request_id",),
    parsed_columns(
        f"""
        {APP}
        request_id string: HTTP request
        logged_ms bigint: beginning of the request, ms since 1970
        address string: network of the client
        method string: HTTP method
        page_path string: path without query
        query_names string: names of the query parameters as logged; empty without a query
        protocol string: HTTP version
        status int: HTTP status
        bytes_sent bigint: bytes sent
        referrer string: referrer as logged; null if none
        agent string: user agent as logged; null if none
        duration_us bigint: duration, microseconds
        """
    ),
    fact=True,
)

FACT_LOG_ERRORS: Final = Table(
    "fact_log_errors",
    "Each failure in the sites' error logs.",
    "pig",
    ("request_id",),
    parsed_columns(
        f"""
        {APP}
        request_id string: HTTP request
        logged_ms bigint: ms since 1970
        level string: level
        page_path string: path
        user_action string: what the visitor did
        status int: HTTP status of the answer
        error_class string: class of the exception
        message string: message
        own_frame string: topmost frame in the site's own package, as file:function
        fingerprint string: hash of error_class and own_frame
        """
    ),
    fact=True,
)

FACT_PERFORMANCE: Final = Table(
    "fact_performance",
    "Each request in the sites' performance logs.",
    "pig",
    ("request_id",),
    parsed_columns(
        f"""
        {APP}
        request_id string: HTTP request
        logged_ms bigint: ms since 1970
        method string: HTTP method
        endpoint string: view that answered
        page_path string: path
        status int: HTTP status
        duration_us bigint: duration, microseconds
        queue_us bigint: time spent waiting for a thread, microseconds
        bytes_sent bigint: bytes sent
        memory_bytes bigint: memory of the process
        cpu_us bigint: processor time, microseconds
        """
    ),
    fact=True,
)

ENDPOINT_HOURLY: Final = Table(
    "endpoint_hourly",
    "Requests by hour and endpoint, from the performance logs.",
    "pig",
    ("app_id", "endpoint", "hour_ms"),
    parsed_columns(
        f"""
        {APP}
        endpoint string: view that answered
        hour_ms bigint: beginning of the hour, ms since 1970
        requests bigint: requests
        failures bigint: requests with a status of 500 or more
        duration_us_sum bigint: sum of durations, microseconds
        duration_us_max bigint: longest duration, microseconds
        bytes_sent bigint: bytes sent
        cpu_us_sum bigint: processor time, microseconds
        """
    ),
)

FACT_REJECTED_EVENTS: Final = Table(
    "fact_rejected_events",
    "Each event that failed validation.",
    "pig",
    ("kafka_partition", "kafka_offset"),
    parsed_columns(
        f"""
        {APP}
        event_id string: event, if it could be read
        rejected_ms bigint: ms since 1970
        reason string: reason
        stage string: stage that rejected it
        original_bytes bigint: size of the original
        kafka_partition int: Kafka partition
        kafka_offset bigint: Kafka offset
        """
    ),
    fact=True,
)

LOG_LINES_SET_APART: Final = Table(
    "log_lines_set_apart",
    "Distinct log lines that are not valid.",
    "pig",
    ("log_kind", "line_sha256"),
    parsed_columns(
        """
        log_kind string: access, error or performance
        line_sha256 string: SHA-256 of the line
        line string: the line, at most 2,000 characters
        reason string: why it was set apart
        """
    ),
    fact=True,
)

LOG_COUNTS: Final = Table(
    "log_counts",
    "The lines of a day by kind: distinct lines are typed rows plus lines set apart.",
    "pig",
    ("log_kind",),
    parsed_columns(
        """
        log_kind string: access, error or performance
        lines bigint: lines read
        distinct_lines bigint: distinct lines
        typed_rows bigint: rows of the kind's fact table
        set_apart bigint: lines set apart
        """
    ),
)
