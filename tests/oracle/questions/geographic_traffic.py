"""Visits by the place of their first event. Only cities have coordinates: the smallest pair of these events."""

from typing import Any, Final

# by: country, region or city.
PARAMETERS: Final[dict[str, Any]] = {"by": ...}
SQL: Final = """
with placed as (
  select visit_id, app_id, country,
    if($by = 'country', null, region) as region,
    if($by = 'city', city, null) as city,
    if($by = 'city' and city is not null and latitude is not null and longitude is not null,
      {'latitude': latitude, 'longitude': longitude}, null) as coordinates,
    page_views, engaged_ms, is_engaged, errors, attempts
  from visit where dt between $from_dt and $to_dt
), visitor as (
  select distinct placed.app_id, placed.country, placed.region, placed.city, anonymous_id
  from placed join view using (visit_id)
), site as (
  select app_id, count(*) as all_visits from placed group by app_id
), place as (
  select app_id, country, region, city, min(coordinates) as coordinates,
    sum(page_views)::bigint as page_views, count(*) as visits, sum(engaged_ms)::bigint as engaged_ms,
    count(*) filter (not is_engaged) as bounces, sum(errors)::bigint as errors, sum(attempts)::bigint as attempts
  from placed group by app_id, country, region, city
)
select $from_dt as from_dt, $to_dt as to_dt, app_id, country, region, city,
  coordinates.latitude as latitude, coordinates.longitude as longitude, page_views, visits,
  (select count(*) from visitor where visitor.app_id = place.app_id
    and visitor.country is not distinct from place.country and visitor.region is not distinct from place.region
    and visitor.city is not distinct from place.city) as visitors,
  engaged_ms, ratio(visits, all_visits) as visit_share, ratio(bounces, visits) as bounce_rate,
  ratio(errors, attempts) as error_rate
from place join site using (app_id)
where $app is null or app_id = $app
order by visits desc, app_id, country nulls last, region nulls last, city nulls last
"""
