"""The first steps of visits. A visit with fewer steps than asked for is in no row, but in what shares are taken of."""

from typing import Any, Final

# by: page_type or page_path. length: 2 to 5.
PARAMETERS: Final[dict[str, Any]] = {"by": ..., "length": ...}
SQL: Final = """
with step as (
  select visit_id, place, if($by = 'page_type', page_type, page_path) as step,
    lag(if($by = 'page_type', page_type, page_path)) over (partition by visit_id order by place) as step_before
  from view
), sequence as (
  select visit_id, list(step order by place) as steps
  from step where step_before is null or step <> step_before group by visit_id
), asked as (
  select * from visit join sequence using (visit_id) where dt between $from_dt and $to_dt
), site as (
  select app_id, count(*) as all_visits from asked group by app_id
), path as (
  select app_id, steps[1:$length] as path, len(steps) = $length as ends_in_exit,
    count(*) as visits, sum(conversions)::bigint as conversions
  from asked where len(steps) >= $length group by all
)
select $from_dt as from_dt, $to_dt as to_dt, app_id, path, $length as length, ends_in_exit,
  visits, ratio(visits, all_visits) as visit_share, conversions
from path join site using (app_id)
where $app is null or app_id = $app
order by visits desc, app_id, path, ends_in_exit
"""
