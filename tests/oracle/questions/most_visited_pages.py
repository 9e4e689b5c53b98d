"""Pages by their page views. A page that was only left open from the day before has no row."""

from typing import Any, Final

PARAMETERS: Final[dict[str, Any]] = {}
SQL: Final = """
with viewed as (
  select view.app_id, page_path,
    arg_max({'title': page_title, 'type': page_type},
      {'at': at_ms, 'session': view.session_id, 'event': event_id}) as latest,
    count(*) as page_views,
    count(distinct visit_id) as visits,
    count(distinct anonymous_id) as visitors,
    count(*) filter (is_entry) as entries,
    count(*) filter (is_exit) as exits,
    count(*) filter (is_entry and not is_engaged) as bounces,
    sum(depth)::bigint as depths,
    count(depth) as deep_views
  from view join visit using (visit_id) where view.dt between $from_dt and $to_dt group by view.app_id, page_path
), read as (
  select app_id, page_path, sum(engaged_ms)::bigint as engaged_ms
  from event where event_type = 'page_ping' and dt between $from_dt and $to_dt group by app_id, page_path
)
select $from_dt as from_dt, $to_dt as to_dt, app_id, page_path, latest.title as page_title, latest.type as page_type,
  page_views, visits, visitors, coalesce(engaged_ms, 0) as engaged_ms,
  entries, exits, ratio(exits, page_views) as exit_rate, bounces, ratio(bounces, entries) as bounce_rate,
  ratio(depths, deep_views) as avg_scroll_pct
from viewed left join read using (app_id, page_path)
where $app is null or app_id = $app
order by page_views desc, app_id, page_path
"""
