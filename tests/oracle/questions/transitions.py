"""Consecutive page views."""

from typing import Any, Final

PARAMETERS: Final[dict[str, Any]] = {}
SQL: Final = """
with pair as (
  select app_id, previous_path as from_page, page_path as to_page, count(*) as count
  from view where not is_entry and dt between $from_dt and $to_dt group by all
)
select $from_dt as from_dt, $to_dt as to_dt, app_id, from_page, to_page, count,
  ratio(count, sum(count) over (partition by app_id, from_page)) as from_share
from pair
where $app is null or app_id = $app
order by count desc, app_id, from_page, to_page
"""
