"""Visits of users by an attribute of the user's profile at that time."""

from typing import Any, Final

# by: plan, country, age_band or company_size.
PARAMETERS: Final[dict[str, Any]] = {"by": ...}
SQL: Final = """
with known as (
  select *, coalesce(case $by when 'plan' then plan when 'country' then profile_country
    when 'age_band' then age_band when 'company_size' then company_size end, 'unknown') as value
  from visit where user_id is not null and dt between $from_dt and $to_dt
), visitor as (
  select known.app_id, value, count(distinct anonymous_id) as visitors
  from known join view using (visit_id) group by known.app_id, value
), attribute as (
  select app_id, value, count(distinct user_id) as users, sum(page_views)::bigint as page_views, count(*) as visits,
    sum(engaged_ms)::bigint as engaged_ms, sum(conversions)::bigint as conversions,
    sum(revenue_cents)::bigint as revenue_cents
  from known group by app_id, value
)
select $from_dt as from_dt, $to_dt as to_dt, app_id, $by as dimension, value, users, page_views, visits, visitors,
  engaged_ms, conversions, revenue_cents, ratio(engaged_ms, users) as engaged_ms_per_user
from attribute join visitor using (app_id, value)
where $app is null or app_id = $app
order by users desc, app_id, value
"""
