"""Errors of one kind together: `error` events of browsers, and lines of the sites' error logs.

The fingerprint here is the text that engines hash: an exception's class and frame, or a code and its message without
digits and ids. An error is new if its site had none of the kind on an earlier day.
"""

from typing import Any, Final

PARAMETERS: Final[dict[str, Any]] = {}
SQL: Final = r"""
with client as (
  select 'client' as origin, app_id, dt, at_ms, session_id || '/' || event_id as key,
    coalesce(error_code, '') || ' ' || regexp_replace(regexp_replace(regexp_replace(coalesce(error_message, ''),
      '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}', '#', 'g'),
      '\b(0x)?[0-9a-fA-F]{8,}\b', '#', 'g'), '[0-9]+', '#', 'g') as fingerprint,
    error_code, error_message as message, page_path, request_id, anonymous_id, visit_id
  from event where event_type = 'error'
), server as (
  select 'server' as origin, line.app_id, line.dt, line.at_ms, line.request_id as key,
    coalesce(line.error_code, '') || ' ' || coalesce(own_frame, '') as fingerprint,
    line.error_code, message, line.page_path, line.request_id, line.anonymous_id, visit_id
  from server_error as line left join event using (session_id, event_id)
), error as (
  select * from client union all select * from server
), asked as (
  select error.*, visit.visit_id as counted_visit_id from error left join visit using (visit_id)
  where error.dt between $from_dt and $to_dt and ($app is null or error.app_id = $app)
), page as (
  select origin, app_id, fingerprint, page_path, count(*) as n from asked group by all
), frequent as (
  select distinct on (origin, app_id, fingerprint) origin, app_id, fingerprint, page_path
  from page order by n desc, page_path
), kind as (
  select origin, app_id, fingerprint,
    arg_max({'code': error_code, 'message': message, 'request': request_id}, {'at': at_ms, 'key': key}) as latest,
    count(*) as count, count(distinct anonymous_id) as visitors, count(distinct counted_visit_id) as visits,
    min(at_ms) as first_ms, max(at_ms) as last_ms
  from asked group by origin, app_id, fingerprint
)
select $from_dt as from_dt, $to_dt as to_dt, app_id, fingerprint, origin, latest.code as error_code,
  latest.message as message, page_path, count, visitors, visits, moment(first_ms) as first_at,
  moment(last_ms) as last_at,
  not exists (from error where error.origin = kind.origin and error.app_id = kind.app_id
    and error.fingerprint = kind.fingerprint and error.dt < $from_dt) as is_new,
  latest.request as sample_request_id
from kind join frequent using (origin, app_id, fingerprint)
order by count desc, app_id, fingerprint
"""
