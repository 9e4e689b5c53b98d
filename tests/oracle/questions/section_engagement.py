"""Sections by engaged time. A section without a page view has no row."""

from typing import Any, Final

PARAMETERS: Final[dict[str, Any]] = {}
SQL: Final = """
with viewed as (
  select app_id, page_section,
    count(*) as page_views,
    count(distinct visit_id) as visits,
    count(distinct anonymous_id) as visitors,
    count(*) filter (is_exit) as exits,
    sum(depth)::bigint as depths,
    count(depth) as deep_views
  from view where dt between $from_dt and $to_dt group by app_id, page_section
), read as (
  select app_id, page_section, sum(engaged_ms)::bigint as engaged_ms
  from event where event_type = 'page_ping' and dt between $from_dt and $to_dt group by app_id, page_section
)
select $from_dt as from_dt, $to_dt as to_dt, app_id, page_section, page_views, visits, visitors,
  coalesce(engaged_ms, 0) as engaged_ms, ratio(coalesce(engaged_ms, 0), page_views) as engaged_ms_per_view,
  ratio(depths, deep_views) as avg_scroll_pct, ratio(exits, page_views) as exit_rate
from viewed left join read using (app_id, page_section)
where $app is null or app_id = $app
order by engaged_ms desc, app_id, page_section
"""
