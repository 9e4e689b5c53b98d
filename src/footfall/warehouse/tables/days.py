"""The figures of a day that Spark adds up from facts, by page, section, path, place, profile and error."""

from typing import Final

from footfall.warehouse.tables.columns import APP, PLACE, POPULATION, M
from footfall.warehouse.tables.model import Table, parsed_columns

DAY_SUMMARY: Final = Table(
    "day_summary",
    "The day in one row for each population and site; the site `all` sums them up.",
    "spark",
    ("population", "app_id"),
    parsed_columns(
        f"""
        {POPULATION}
        {APP}, or all
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
        {POPULATION}
        {APP}
        page_path string: path
        page_title string: title of the latest page view
        page_type string: type of the latest page view
        title_ms bigint: event_ms of that page view
        {M.strip()}
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
        {POPULATION}
        {APP}
        page_section string: section
        {M.strip()}
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
        {POPULATION}
        {APP}
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
        {POPULATION}
        {APP}
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
        {POPULATION}
        {APP}
        place_level string: country, region or city
        {PLACE.strip()}
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
        {POPULATION}
        {APP}
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
        {POPULATION}
        {APP}
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
