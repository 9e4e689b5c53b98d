"""The two arms of the experiment with recommended lists. A visitor of an arm has at least one impression with it.

`lift_ci_low`, `lift_ci_high` and `p_value` are null here: they come from random draws, which have a test of their own.
"""

from typing import Any, Final

PARAMETERS: Final[dict[str, Any]] = {}
SQL: Final = """
with visitor as (
  select app_id, variant, anonymous_id,
    count(*) filter (event_type = 'impression') as impressions,
    count(*) filter (event_type = 'click') as clicks
  from event
  where dt between $from_dt and $to_dt and list_id = 'for-you' and variant in ('popular', 'recommended')
    and consent is distinct from 'denied'
  group by all having impressions > 0
), converted as (
  -- A visit belongs to the visitor of its first event.
  select visit.app_id, first_event.anonymous_id, sum(visit.conversions)::bigint as conversions
  from visit join event as first_event on first_event.visit_id = visit.visit_id and first_event.place = 1
  where visit.dt between $from_dt and $to_dt group by all
), arm as (
  select app_id, variant, count(*) as visitors, sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks,
    coalesce(sum(conversions), 0)::bigint as conversions
  from visitor left join converted using (app_id, anonymous_id) group by all
)
select $from_dt as from_dt, $to_dt as to_dt, arm.app_id, arm.variant, arm.visitors, arm.impressions, arm.clicks,
  ratio(arm.clicks, arm.impressions) as ctr_rate, arm.conversions,
  case when arm.variant = 'recommended' and control.clicks > 0
    then ratio(arm.clicks, arm.impressions) / ratio(control.clicks, control.impressions) - 1 end as ctr_lift,
  null::double as lift_ci_low, null::double as lift_ci_high, null::double as p_value
from arm left join arm as control on control.app_id = arm.app_id and control.variant = 'popular'
where $app is null or arm.app_id = $app
order by arm.variant, arm.app_id
"""
