"""Cuts the events of a population into visits.

Its tables `event`, `view`, `visit` and `server_error` are in a schema that is named after the population.
"""

from typing import Final

import duckdb

POPULATION_OF: Final = {"exclude": "people", "only": "bots", "include": "all_events"}
_CHOSEN: Final = {"people": "not is_bot", "bots": "is_bot", "all_events": "true"}

# place: the event's position in the visit. A run of events is a visit if it holds a page view.
_EVENTS = """
create table event as
with gap as (
  select *, coalesce(at_ms - lag(at_ms) over run > 1800000, true) as begins
  from main.event where {chosen}
  window run as (partition by app_id, session_id, dt order by at_ms)
), numbered as (
  -- The frame includes events of the same moment, so these are in one run, whichever of them begins it.
  select * exclude (begins), sum(begins::int) over (
    partition by app_id, session_id, dt order by at_ms range between unbounded preceding and current row) as n
  from gap
), named as (
  select *, app_id || ':' || session_id || ':' || dt || ':' || n as visit_id from numbered
)
select *, row_number() over (partition by visit_id order by seq, event_id) as place from named
"""
_VIEWS = """
create table view as
select event.*, depth.depth,
  lag(page_path) over visit as previous_path,
  lag(place) over visit is null as is_entry,
  lead(place) over visit is null as is_exit
from event left join main.depth as depth using (app_id, session_id, page_view_id, dt)
where event_type = 'page_view'
window visit as (partition by visit_id order by place)
"""
_VISITS = """
create table visit as
with run as (
  select visit_id, app_id, dt,
    max(at_ms) - min(at_ms) as duration_ms,
    count(*) filter (event_type = 'page_view') as page_views,
    coalesce(sum(engaged_ms) filter (event_type = 'page_ping'), 0)::bigint as engaged_ms,
    {conversions} as conversions,
    coalesce(sum(value_cents) filter (event_type = 'purchase'), 0)::bigint as revenue_cents,
    {errors} as errors,
    {attempts} as attempts,
    coalesce(bool_or(consent = 'denied'), false) as is_denied,
    arg_max(user_id, place) filter (user_id is not null) as last_user_id,
    arg_max(at_ms, place) filter (user_id is not null) as user_at_ms,
    max(country) filter (place = 1) as country,
    max(region) filter (place = 1) as region,
    max(city) filter (place = 1) as city,
    max(latitude) filter (place = 1) as latitude,
    max(longitude) filter (place = 1) as longitude
  from event group by visit_id, app_id, dt
), counted as (
  select *, if(is_denied, null, last_user_id) as user_id,
    page_views >= 2 or engaged_ms >= 10000 or conversions >= 1 as is_engaged
  from run where page_views >= 1
), aged as (
  select counted.*, plan, profile.country as profile_country, company_size,
    year(counted.dt::date) - birth_year as age
  from counted left join main.profile as profile on profile.user_id = counted.user_id
    and not deleted and valid_from_ms <= user_at_ms and (valid_to_ms is null or user_at_ms < valid_to_ms)
)
select *, case
    when age is null or age < 18 then 'unknown' when age < 25 then '18-24' when age < 35 then '25-34'
    when age < 45 then '35-44' when age < 55 then '45-54' when age < 65 then '55-64' else '65+' end as age_band
from aged
"""
# Figures of a group of events.
ERRORS: Final = "count(*) filter (event_type = 'error' or (event_type = 'page_view' and http_status >= 500))"
ATTEMPTS: Final = "count(*) filter (event_type in ('page_view', 'error'))"
# The rule of each demo site, for the events of one run. Other sites have none.
CONVERSIONS: Final = """
    case app_id
      when 'shop' then count(distinct order_id) filter (event_type = 'purchase')
      when 'news' then count(*) filter (event_type = 'form_submit' and element = 'newsletter')
      when 'academy' then count(*) filter (event_type = 'form_submit' and element = 'quiz')
      else 0 end
"""


def build(connection: duckdb.DuckDBPyConnection, population: str) -> None:
    """Builds the tables of a population."""
    connection.execute(f"create schema {population}")
    choose(connection, population)
    connection.execute(_EVENTS.format(chosen=_CHOSEN[population]))
    connection.execute(f"create table server_error as select * from main.server_error where {_CHOSEN[population]}")
    connection.execute(_VIEWS)
    connection.execute(_VISITS.format(conversions=CONVERSIONS, errors=ERRORS, attempts=ATTEMPTS))


def choose(connection: duckdb.DuckDBPyConnection, population: str) -> None:
    """Lets unqualified names mean this population's tables, and otherwise those of `main`."""
    connection.execute(f"set search_path = '{population},main'")
