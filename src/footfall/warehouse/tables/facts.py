"""The facts that Spark makes of archived events: single events, visits, page views, errors, and visitors of a day."""

from typing import Final

from footfall.warehouse.tables.columns import APP, CAMPAIGN, DEVICE, PLACE, POPULATION, PROFILE
from footfall.warehouse.tables.model import Table, parsed_columns

FACT_EVENTS: Final = Table(
    "fact_events",
    "Each archived event once, bots included, with the user's profile at the time of the event.",
    "spark",
    ("session_id", "event_id"),
    parsed_columns(
        f"""
        {APP}
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
        {DEVICE.strip()}
        language string: language of the browser
        timezone string: time zone of the browser
        viewport_w int: width of the window, pixels
        viewport_h int: height of the window, pixels
        consent string: granted, denied or null
        {CAMPAIGN.strip()}
        utm_term string: campaign's term
        utm_content string: campaign's content
        properties string: further properties, JSON
        ip_prefix string: network of the address
        {PLACE.strip()}
        is_bot boolean: whether it is a bot's
        bot_reason string: why it is a bot's
        backfill boolean: whether it was made for a past day
        kafka_partition int: Kafka partition
        kafka_offset bigint: Kafka offset
        is_late boolean: whether it was received more than 60 s after it happened
        visit_id string: visit in its own population (people or bots); also runs of events without a page view have one
        visit_id_all string: visit in the population all
        {PROFILE.strip()}
        event_name string: name of an event of the site's own type (custom)
        via string: server if a server sent it, null for a browser
        lcp_ms int: largest contentful paint, ms
        inp_ms int: interaction to next paint, ms
        ttfb_ms int: time to first byte, ms
        cls_milli int: cumulative layout shift, thousandths
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
        {POPULATION}
        {APP}
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
        {CAMPAIGN.strip()}
        {PLACE.strip()}
        {DEVICE.strip()}
        path_types array<string>: page types in order, repeats collapsed, the first 6
        path_pages array<string>: page paths in order, repeats collapsed, the first 6
        {PROFILE.strip()}
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
        {APP}
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
        {APP}
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
        {APP}
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
