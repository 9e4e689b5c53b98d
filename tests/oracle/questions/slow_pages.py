"""Response times of pages, in the browser and on the server."""

from typing import Any, Final

PARAMETERS: Final[dict[str, Any]] = {"min_views": 20}
# Shares are taken of page views whose time is known.
SQL: Final = """
with line as (
  select dt, request_id, min(duration_us) as duration_us from main.performance group by dt, request_id
), timed as (
  select view.*, (duration_us + 500) // 1000 as server_ms
  from view left join line on line.request_id = view.request_id and line.dt = view.dt
  where view.dt between $from_dt and $to_dt
)
select $from_dt as from_dt, $to_dt as to_dt, app_id, page_path, count(*) as page_views,
  nearest_rank(list(response_ms), 50) as p50_ms,
  nearest_rank(list(response_ms), 95) as p95_ms,
  nearest_rank(list(response_ms), 99) as p99_ms,
  nearest_rank(list(server_ms), 95) as server_p95_ms,
  count(*) filter (response_ms > 1000) as slow_views,
  ratio(count(*) filter (response_ms > 1000), count(response_ms)) as slow_rate,
  ratio(count(*) filter (response_ms > 1000 and is_exit), count(*) filter (response_ms > 1000)) as slow_exit_rate,
  ratio(count(*) filter (response_ms <= 1000 and is_exit), count(*) filter (response_ms <= 1000)) as fast_exit_rate
from timed
where $app is null or app_id = $app
group by app_id, page_path
having count(*) >= $min_views
order by p95_ms desc nulls last, app_id, page_path
"""
