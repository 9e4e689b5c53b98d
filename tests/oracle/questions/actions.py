"""What people did: events by type, element, type of the page and, of a site's own types, name."""

from typing import Any, Final

PARAMETERS: Final[dict[str, Any]] = {}
SQL: Final = """
select $from_dt as from_dt, $to_dt as to_dt, event.app_id, event_type, element, page_type,
  count(*) as events,
  count(distinct visit.visit_id) as visits,
  count(distinct anonymous_id) as visitors,
  event_name
from event left join visit using (visit_id)
where event.dt between $from_dt and $to_dt and ($app is null or event.app_id = $app)
group by event.app_id, event_type, element, page_type, event_name
order by events desc, app_id, event_type, element, page_type, event_name
"""
