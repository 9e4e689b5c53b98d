"""Each day in one row for each site, and one for all of them."""

from typing import Any, Final

from tests.oracle.visits import ATTEMPTS, CONVERSIONS, ERRORS

PARAMETERS: Final[dict[str, Any]] = {}
# `shown` is the row's site: the site itself, and `all` if no site was asked for. What happens outside of visits counts
# in all figures but those of visits; conversions are counted in each run of events, whether it is a visit or not.
# Events of bots do not depend on the population. A new visitor is no bot, so there is none in a population of bots.
SQL: Final = f"""
with scope as (
  select distinct app_id, app_id as shown from main.event where $app is null or app_id = $app
  union select distinct app_id, 'all' from main.event where $app is null
), happened as (
  select dt, shown,
    count(*) filter (event_type = 'page_view') as page_views,
    count(distinct (app_id, anonymous_id)) as visitors,
    coalesce(sum(engaged_ms) filter (event_type = 'page_ping'), 0)::bigint as engaged_ms,
    count(*) as events,
    coalesce(sum(value_cents) filter (event_type = 'purchase'), 0)::bigint as revenue_cents,
    {ERRORS} as errors,
    {ATTEMPTS} as attempts,
    nearest_rank(list(response_ms) filter (event_type = 'page_view'), 95) as p95_ms,
    count(*) filter (is_late) as late_events
  from event join scope using (app_id) where dt between $from_dt and $to_dt group by dt, shown
), run as (
  select dt, app_id, visit_id, {CONVERSIONS} as conversions from event group by dt, app_id, visit_id
), converted as (
  select dt, shown, sum(conversions)::bigint as conversions from run join scope using (app_id) group by dt, shown
), visited as (
  select dt, shown, count(*) as visits, count(distinct user_id) as users,
    count(*) filter (not is_engaged) as bounces, nearest_rank(list(duration_ms), 50) as median_visit_ms
  from visit join scope using (app_id) group by dt, shown
), first_seen as (
  select app_id, anonymous_id, min(dt) filter (not is_bot) as dt from main.event
  where (app_id, anonymous_id) in (select (app_id, anonymous_id) from event where not is_bot)
  group by app_id, anonymous_id having not bool_or(coalesce(consent = 'denied', false))
), arrived as (
  select dt, shown, count(*) as new_visitors from first_seen join scope using (app_id) group by dt, shown
), by_bots as (
  select dt, shown, count(*) as bot_events from main.event join scope using (app_id) where is_bot group by dt, shown
)
select dt, shown as app_id, page_views, coalesce(visits, 0) as visits, visitors, engaged_ms, events,
  coalesce(new_visitors, 0) as new_visitors, coalesce(users, 0) as users,
  ratio(bounces, visits) as bounce_rate, median_visit_ms, conversions, revenue_cents,
  errors, ratio(errors, attempts) as error_rate, p95_ms, coalesce(bot_events, 0) as bot_events, late_events,
  null as published_at
from happened left join converted using (dt, shown) left join visited using (dt, shown)
  left join arrived using (dt, shown) left join by_bots using (dt, shown)
order by dt, app_id
"""
