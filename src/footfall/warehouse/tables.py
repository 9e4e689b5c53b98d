"""The tables of the warehouse as data: columns, types, comments, and the job that writes each. Pure.

Hive's tables, Spark's and Pig's writers and the checks are made of this list. A table `NAME` of days is stored in
`ROOT/NAME/dt=YYYY-MM-DD/run=RUN/` as Parquet. Hive sees it twice: `NAME_runs` with every run's partitions, and the view
`NAME` with the published ones.

Times are ms since 1970 UTC. Text compares by code point. A `population` is `people`, `bots` or `all`: visits are cut
for each of them separately, so the figures of `all` are not the sum of the others.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Writer = Literal["pig", "spark", "audit", "mahout"]
Type = Literal["string", "int", "bigint", "double", "boolean", "array<string>"]

DATABASE: Final = "footfall"
ROOT: Final = "/warehouse/footfall"
POPULATIONS: Final = ("people", "bots", "all")


class Column(NamedTuple):
    """One column. comment: one line for SQL users."""

    name: str
    type: Type
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table that has one partition for each day and run.

    key: the columns that identify a row within its partition. fact: whether it holds single events, lines or visits;
    other tables hold figures that were aggregated from facts. pointer: the table in Hive that names the published run
    of each day.
    """

    name: str
    comment: str
    writer: Writer
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    fact: bool = False
    pointer: str = "published_days"

    @property
    def folder(self) -> str:
        """Its folder in HDFS."""
        return f"{ROOT}/{self.name}"

    def partition(self, dt: str, run: str) -> str:
        """The folder of one run's rows of a day."""
        return f"{self.folder}/dt={dt}/run={run}"


def parsed_columns(text: str) -> tuple[Column, ...]:
    """Parses lines of the form `name type: comment`."""
    found = []
    for line in text.strip().splitlines():
        head, _, comment = line.strip().partition(": ")
        name, _, kind = head.partition(" ")
        found.append(Column(name, kind, comment))  # type: ignore[arg-type]  # checked by a test
    return tuple(found)


_POPULATION: Final = "population string: people, bots or all"
_APP: Final = "app_id string: site"
# The figures M of `docs/questions.md`.
_M: Final = """
page_views bigint: page views
visits bigint: visits with at least one of these page views
visitors bigint: distinct visitors (anonymous_id) with at least one of these page views
engaged_ms bigint: engaged time, ms
"""
_PLACE: Final = """
country string: ISO 3166-1 country
region string: ISO 3166-2 region
city string: city
latitude double: latitude of the city, to 0.1 degree
longitude double: longitude of the city, to 0.1 degree
"""
_DEVICE: Final = """
device_type string: mobile, tablet, desktop or other
browser string: browser
os string: operating system
"""
_CAMPAIGN: Final = """
utm_source string: campaign's source
utm_medium string: campaign's medium
utm_campaign string: campaign's name
"""
_PROFILE: Final = """
profile_plan string: plan of the user at that time; null without a user or a profile
profile_country string: country in the user's profile at that time
profile_age_band string: age band of the user on that day: 18-24, 25-34, 35-44, 45-54, 55-64, 65+ or unknown
profile_company_size string: company size in the user's profile at that time
"""

FACT_EVENTS: Final = Table(
    "fact_events",
    "Each archived event once, bots included, with the user's profile at the time of the event.",
    "spark",
    ("session_id", "event_id"),
    parsed_columns(
        f"""
        {_APP}
        session_id string: visit session of the browser
        event_id string: UUIDv7; (session_id, event_id) identifies an event
        schema_version string: version of the event's schema
        event_type string: page_view, page_ping, click, search and so on
        event_ms bigint: when it happened (event_time), ms since 1970
        received_ms bigint: when the site received it, ms since 1970
        anonymous_id string: browser
        user_id string: user who was logged in
        seq int: position in the visit
        page_view_id string: page view that it belongs to
        page_path string: path without query
        page_section string: section of the page
        page_type string: type of the page
        request_id string: HTTP request of the page
        page_title string: title of the page
        previous_path string: page before, on the same site
        referrer string: referring URL
        element string: element that was used
        search_term string: search term
        results_count bigint: number of search results
        item_id string: item
        item_type string: type of the item
        quantity bigint: quantity
        value_cents bigint: value, cents
        currency string: currency
        order_id string: order
        list_id string: list that showed the item
        variant string: variant of an experiment
        engaged_ms int: engaged time since the last ping, ms
        scroll_pct int: scroll depth, percent
        response_ms int: response time of the page, ms
        http_status int: HTTP status of the page
        error_code string: code of an error
        error_message string: message of an error
        {_DEVICE.strip()}
        language string: language of the browser
        timezone string: time zone of the browser
        viewport_w int: width of the window, pixels
        viewport_h int: height of the window, pixels
        consent string: granted, denied or null
        {_CAMPAIGN.strip()}
        utm_term string: campaign's term
        utm_content string: campaign's content
        properties string: further properties, JSON
        ip_prefix string: network of the address
        {_PLACE.strip()}
        is_bot boolean: whether it is a bot's
        bot_reason string: why it is a bot's
        backfill boolean: whether it was made for a past day
        kafka_partition int: Kafka partition
        kafka_offset bigint: Kafka offset
        is_late boolean: whether it was received more than 60 s after it happened
        visit_id string: visit in its own population (people or bots); also runs of events without a page view have one
        visit_id_all string: visit in the population all
        {_PROFILE.strip()}
        """
    ),
    fact=True,
)

FACT_VISITS: Final = Table(
    "fact_visits",
    "Each visit with at least one page view, for each population.",
    "spark",
    ("population", "visit_id"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}
        visit_id string: app_id:session_id:dt:n, n from 1
        session_id string: session
        anonymous_id string: browser of the first event
        user_id string: last user of the visit; null if an event was sent without consent
        started_ms bigint: first event, ms since 1970
        ended_ms bigint: last event, ms since 1970
        duration_ms bigint: from the first to the last event, ms
        events bigint: events
        page_views bigint: page views
        engaged_ms bigint: engaged time, ms
        conversions bigint: conversions by the site's rule
        revenue_cents bigint: value of purchases, cents
        errors bigint: failed page views and error events
        attempts bigint: page views and error events
        is_engaged boolean: at least 2 page views, or 10,000 engaged ms, or a conversion
        entry_path string: page of the first page view
        exit_path string: page of the last page view
        source string: campaign, search, social, referral or direct
        {_CAMPAIGN.strip()}
        {_PLACE.strip()}
        {_DEVICE.strip()}
        path_types array<string>: page types in order, repeats collapsed, the first 6
        path_pages array<string>: page paths in order, repeats collapsed, the first 6
        {_PROFILE.strip()}
        """
    ),
    fact=True,
)

FACT_PAGE_VIEWS: Final = Table(
    "fact_page_views",
    "Each page view with its visit, the time and depth of reading, and the server's own measurement.",
    "spark",
    ("session_id", "event_id"),
    parsed_columns(
        f"""
        {_APP}
        session_id string: session
        event_id string: event
        event_ms bigint: when, ms since 1970
        anonymous_id string: browser
        is_bot boolean: whether it is a bot's
        page_view_id string: page view
        page_path string: path
        page_section string: section
        page_type string: type of the page
        page_title string: title
        request_id string: HTTP request
        http_status int: HTTP status
        response_ms int: response time seen by the browser, ms
        server_us bigint: duration in the site's performance log, microseconds; null without a line
        scroll_pct int: largest scroll depth of this page view, percent; null if unknown
        visit_id string: visit in its own population
        visit_id_all string: visit in the population all
        is_entry boolean: first page view of the visit in its own population
        is_exit boolean: last page view of the visit in its own population
        is_entry_all boolean: first page view of the visit in the population all
        is_exit_all boolean: last page view of the visit in the population all
        is_engaged boolean: whether that visit in its own population is engaged
        is_engaged_all boolean: whether that visit in the population all is engaged
        previous_view_path string: page view before it in the visit of its own population; null for the first
        previous_view_path_all string: page view before it in the visit of the population all
        """
    ),
    fact=True,
)

FACT_ERRORS: Final = Table(
    "fact_errors",
    "Each error: error events of browsers and the failures in the sites' error logs.",
    "spark",
    ("origin", "error_key"),
    parsed_columns(
        f"""
        origin string: client or server
        error_key string: session_id/event_id of the event, or request_id of the log line
        {_APP}
        fingerprint string: identifies errors of one kind
        error_code string: code; of a server error the exception's class
        message string: message
        page_path string: page
        at_ms bigint: when, ms since 1970
        request_id string: HTTP request
        is_bot boolean: whether it is a bot's; a line without an event is a person's
        anonymous_id string: browser; null for a line without an event
        visit_id string: visit in its own population; null for a line without an event
        visit_id_all string: visit in the population all
        """
    ),
    fact=True,
)

VISITOR_DAYS: Final = Table(
    "visitor_days",
    "Each visitor of a day, with all events.",
    "spark",
    ("app_id", "anonymous_id"),
    parsed_columns(
        f"""
        {_APP}
        anonymous_id string: browser
        has_people_events boolean: whether at least one event is no bot's
        has_bot_events boolean: whether at least one event is a bot's
        consent_denied boolean: whether an event was sent without consent
        first_ms bigint: first event, ms since 1970
        user_id string: last user
        events bigint: events
        page_views bigint: page views
        """
    ),
    fact=True,
)

DAY_SUMMARY: Final = Table(
    "day_summary",
    "The day in one row for each population and site; the site `all` sums them up.",
    "spark",
    ("population", "app_id"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}, or all
        page_views bigint: page views
        visits bigint: visits with at least one page view
        visitors bigint: distinct visitors (app_id, anonymous_id) with at least one event
        engaged_ms bigint: engaged time, ms
        events bigint: events
        users bigint: distinct last users of visits
        bounces bigint: visits that are not engaged
        median_visit_ms bigint: median duration of a visit, ms (nearest rank)
        conversions bigint: conversions
        revenue_cents bigint: value of purchases, cents
        errors bigint: failed page views and error events
        attempts bigint: page views and error events
        p95_ms bigint: 95th percentile of response_ms of page views (nearest rank)
        bot_events bigint: events of bots, whatever the population
        late_events bigint: events that were received more than 60 s after they happened
        """
    ),
)

DAY_PAGES: Final = Table(
    "day_pages",
    "The day by page: use, reading, speed.",
    "spark",
    ("population", "app_id", "page_path"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}
        page_path string: path
        page_title string: title of the latest page view
        page_type string: type of the latest page view
        title_ms bigint: event_ms of that page view
        {_M.strip()}
        entries bigint: visits whose first page view it is
        exits bigint: visits whose last page view it is
        bounces bigint: entries whose visit is not engaged
        scroll_sum bigint: sum of the largest scroll_pct of page views
        scroll_views bigint: page views with a known scroll_pct
        p50_ms bigint: median of response_ms (nearest rank)
        p95_ms bigint: 95th percentile of response_ms
        p99_ms bigint: 99th percentile of response_ms
        server_p95_ms bigint: 95th percentile of the server's duration, each rounded half up to ms
        timed_views bigint: page views with a response_ms
        slow_views bigint: page views with response_ms > 1000
        slow_exits bigint: exits among the slow page views
        fast_exits bigint: exits among the other page views with a response_ms
        """
    ),
)

DAY_SECTIONS: Final = Table(
    "day_sections",
    "The day by section.",
    "spark",
    ("population", "app_id", "page_section"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}
        page_section string: section
        {_M.strip()}
        exits bigint: visits whose last page view is in the section
        scroll_sum bigint: sum of the largest scroll_pct of page views
        scroll_views bigint: page views with a known scroll_pct
        """
    ),
)

DAY_PATHS: Final = Table(
    "day_paths",
    "The first pages of visits, repeats collapsed.",
    "spark",
    ("population", "app_id", "path_of", "length", "path", "ends_in_exit"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}
        path_of string: page_type or page_path
        length int: number of steps, 2 to 5
        path array<string>: the steps
        ends_in_exit boolean: whether the visit ended there
        visits bigint: visits
        conversions bigint: conversions of these visits
        """
    ),
)

DAY_TRANSITIONS: Final = Table(
    "day_transitions",
    "Consecutive page views in a visit, self-loops included.",
    "spark",
    ("population", "app_id", "from_page", "to_page"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}
        from_page string: path
        to_page string: path of the next page view
        transitions bigint: number of such pairs
        """
    ),
)

DAY_GEOGRAPHY: Final = Table(
    "day_geography",
    "Visits by the place of their first event.",
    "spark",
    ("population", "app_id", "place_level", "country", "region", "city"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}
        place_level string: country, region or city
        {_PLACE.strip()}
        page_views bigint: page views of these visits
        visits bigint: visits
        visitors bigint: distinct visitors with a page view in these visits
        engaged_ms bigint: engaged time of these visits, ms
        bounces bigint: visits that are not engaged
        errors bigint: failed page views and error events of these visits
        attempts bigint: page views and error events of these visits
        """
    ),
)

DAY_PROFILES: Final = Table(
    "day_profiles",
    "Visits of users by an attribute of their profile.",
    "spark",
    ("population", "app_id", "dimension", "value"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}
        dimension string: plan, country, age_band or company_size
        value string: value, or unknown
        users bigint: distinct users
        page_views bigint: page views of these visits
        visits bigint: visits with a user
        visitors bigint: distinct visitors with a page view in these visits
        engaged_ms bigint: engaged time of these visits, ms
        conversions bigint: conversions of these visits
        revenue_cents bigint: value of purchases of these visits, cents
        """
    ),
)

DAY_ERRORS: Final = Table(
    "day_errors",
    "Errors by fingerprint.",
    "spark",
    ("population", "app_id", "fingerprint"),
    parsed_columns(
        f"""
        {_POPULATION}
        {_APP}
        fingerprint string: identifies errors of one kind
        origin string: client or server
        error_code string: code of the latest
        message string: message of the latest
        page_path string: page with most of them, the first of equals
        errors bigint: number
        visitors bigint: distinct visitors
        visits bigint: distinct visits
        first_ms bigint: first, ms since 1970
        last_ms bigint: last, ms since 1970
        sample_request_id string: HTTP request of the latest
        """
    ),
)

FACT_REQUESTS: Final = Table(
    "fact_requests",
    "Each request in the sites' access logs.",
    "pig",
    ("request_id",),
    parsed_columns(
        f"""
        {_APP}
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
        {_APP}
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
        {_APP}
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
        {_APP}
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
        {_APP}
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

DATA_QUALITY: Final = Table(
    "data_quality",
    "The checks of a run before it is published.",
    "audit",
    ("check_name", "table_name"),
    parsed_columns(
        """
        check_name string: check
        table_name string: table that was checked
        observed double: number of offending rows, or the share that was found
        threshold double: largest accepted value
        status string: ok, warning or failed; a failed check keeps the day from being published
        checked_ms bigint: ms since 1970
        """
    ),
)

OFFENDING_ROWS: Final = Table(
    "offending_rows",
    "Rows that made a check fail, at most 1,000 of each check.",
    "audit",
    ("check_name", "table_name", "row_key"),
    parsed_columns(
        """
        check_name string: check
        table_name string: table that was checked
        row_key string: values of the row's key, separated by slashes
        detail string: what is wrong with it
        """
    ),
)

# All tables of days. A new one is defined above and added here.
TABLES: Final[tuple[Table, ...]] = (
    FACT_EVENTS,
    FACT_VISITS,
    FACT_PAGE_VIEWS,
    FACT_ERRORS,
    VISITOR_DAYS,
    DAY_SUMMARY,
    DAY_PAGES,
    DAY_SECTIONS,
    DAY_PATHS,
    DAY_TRANSITIONS,
    DAY_GEOGRAPHY,
    DAY_PROFILES,
    DAY_ERRORS,
    FACT_REQUESTS,
    FACT_LOG_ERRORS,
    FACT_PERFORMANCE,
    ENDPOINT_HOURLY,
    FACT_REJECTED_EVENTS,
    LOG_LINES_SET_APART,
    LOG_COUNTS,
    DATA_QUALITY,
    OFFENDING_ROWS,
)


def table(name: str) -> Table:
    """The table with this name. Raises KeyError."""
    return {one.name: one for one in TABLES}[name]
