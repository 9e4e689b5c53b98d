"""The figures of one- and five-minute windows, exact, as one Spark plan over the archived events.

Five-minute windows slide by one minute, and a visit that is there in each minute belongs to five of them. Instead of
multiplying events by windows, each minute counts its visits by how long they had not been seen: a visit whose last
minute lies more than j minutes back is new to the window that began j minutes ago. So a window is the sum over its
minutes of those new to it, which is the exact number of distinct ones; and so it is with visitors.
"""

from collections.abc import Collection, Iterable
from math import log
from typing import Final

from pyspark.sql import DataFrame

from footfall.realtime.histogram import BOUNDS_MS, LONGEST_MS

FIVE: Final = 5

# Rounded powers of 1.02 below the last bound, by their exponent; small ones repeat.
_POWERS: Final = tuple(round(1.02**k) for k in range(int(log(LONGEST_MS) / log(1.02)) + 1))
_AGES: Final = range(FIVE)


def windows(events: DataFrame, minutes: Collection[int], fives: Collection[int]) -> DataFrame:
    """The figures of people in the 1-minute windows that start at `minutes`, the 5-minute ones that start at `fives`.

    events: archived events, at least all of these windows; what else is there changes nothing, nor does a row that is
    there twice. minutes, fives: minutes since 1970. Returns a row for each window, app, dimension and value with at
    least one event: window_minutes (1 or 5), window_start (minutes since 1970), app_id, dimension, value, page_title,
    then as long events, page_views, visits, visitors, engaged_ms, errors, error_n (what could fail: the error rate's
    divisor), and as int p50_ms, p95_ms, p99_ms, null without a measured page view. value: of the dimension `app` the
    app's own name; null where it is not known. page_title: the newest of a `page`, null of other dimensions.
    """
    needed = {*minutes, *(start + age for start in fives for age in _AGES)}
    first = min(needed, default=0)
    text = _PLAN.format(
        first=first,
        needed=_among("unix_seconds(event_time) div 60", needed),
        bound_ms=bound_ms("response_ms"),
        minutes=_among("start", (start - first for start in minutes)),
        fives=_among("start", (start - first for start in fives)),
        events="{events}",
    )
    # Text, since a plan of a hundred columns costs half a second to make column by column.
    return events.sparkSession.sql(text, events=events)


def bound_ms(response_ms: str) -> str:
    """SQL: the upper bound of the histogram's bucket that holds a response time, both in ms; null of null.

    The same integers as `realtime.histogram`: the logarithm only says where to look.
    """
    powers = f"array({', '.join(map(str, (*_POWERS, LONGEST_MS)))})"
    near = f"greatest(0, cast(ceil(ln({response_ms} - 0.5D) / ln(1.02D)) as int))"
    candidates = ", ".join(f"get({powers}, {near} {shift})" for shift in ("- 1", "", "+ 1"))
    return (
        f"case when {response_ms} <= 0 then 0 when {response_ms} > {BOUNDS_MS[-2]} then {LONGEST_MS} "
        f"else array_min(filter(array({candidates}), bound -> bound >= {response_ms})) end"
    )


def _among(number: str, values: Iterable[int]) -> str:
    """SQL: whether a number is one of these, told by their runs: a day's minutes are one."""
    runs: list[tuple[int, int]] = []
    for value in sorted(set(values)):
        if runs and value == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return f"({' or '.join(f'{number} between {first} and {last}' for first, last in runs) or 'false'})"


def _percentile(percent: int) -> str:
    """SQL: the nearest rank ⌈p·n⌉ of `measured`, with integers: 0.95 × 20 as a float may round up to 20."""
    return f"get(measured, cast((size(measured) * {percent} + 99) div 100 as int) - 1) as p{percent}_ms"


def _gap(who: str, other: str) -> str:
    """SQL: since how many minutes `who` was not there; 0 of all but one row of a minute."""
    # The identifier leads: it tells rows apart by its first bytes, which makes the sort fast.
    seen = f"(partition by {who}, app_id, dimension, value order by minute, {other})"
    return f"coalesce(minute - lag(minute) over {seen}, {FIVE})"


def _new(gap: str) -> str:
    """SQL: how many are new to the window that began 0, 1, … 4 minutes ago."""
    return f"array({', '.join(f'count_if({gap} > {age})' for age in _AGES)})"


def _added(counts: str) -> str:
    """SQL: arrays added up, position by position."""
    return f"array({', '.join(f'sum({counts}[{age}])' for age in _AGES)}) as {counts}"


_MEASURES: Final = "events, page_views, engaged_ms, errors, error_n"
_SUMS: Final = ", ".join(f"sum({name}) as {name}" for name in _MEASURES.split(", "))
_PERCENTILES: Final = ", ".join(_percentile(percent) for percent in (50, 95, 99))

_PLAN: Final = f"""
-- Minutes are told from the first one, so that the generated code is the same from minute to minute.
with people as (
  -- Each event once. A session's are all in one partition.
  select distinct * from (
    select /*+ repartition(session_id) */
      session_id, event_id, app_id, anonymous_id, country, device_type, page_path,
      unix_seconds(event_time) div 60 - {{first}} as minute,
      unix_millis(event_time) as at_ms,
      if(page_path is null, null, page_section) as page_section,
      event_type = 'page_view' as is_view,
      if(event_type = 'page_view', page_title, null) as page_title,
      if(event_type = 'page_view', {{bound_ms}}, null) as bound_ms,
      if(event_type = 'page_ping', engaged_ms, null) as engaged_ms,
      event_type = 'error' or event_type = 'page_view' and coalesce(http_status, 0) >= 500 as is_error,
      event_type in ('error', 'page_view') as could_fail
    from {{events}} where not is_bot and {{needed}})
), together as (
  -- What a visit did in a minute at one place: most events are pings, and become one.
  select app_id, session_id, anonymous_id, minute, page_path, page_section, country, device_type, page_title, bound_ms,
    count(*) as events, count_if(is_view) as page_views, coalesce(sum(engaged_ms), 0) as engaged_ms,
    count_if(is_error) as errors, count_if(could_fail) as error_n, max(at_ms) as at_ms
  from people group by all
), places as (
  select * from (
    select app_id, session_id, anonymous_id, minute, page_path, bound_ms, at_ms, {_MEASURES},
      stack(5, 'app', app_id, null, 'page', page_path, page_title, 'section', page_section, null,
        'country', country, null, 'device', device_type, null) as (dimension, value, page_title)
    from together)
  where page_path is not null or dimension not in ('page', 'section')
), visits as (
  select *, {_gap("session_id", "anonymous_id")} as visit_gap from places
), visitors as (
  -- One visitor has several sessions, so these are parted anew.
  select *, {_gap("anonymous_id", "session_id")} as visitor_gap
  from (select /*+ repartition(anonymous_id) */ * from visits)
), counted as (
  select app_id, dimension, value, minute, bound_ms, page_title, max(at_ms) as at_ms, {_SUMS},
    {_new("visit_gap")} as new_visits, {_new("visitor_gap")} as new_visitors
  from visitors group by app_id, dimension, value, minute, bound_ms, page_title
), a_minute as (
  -- Each view of a bucket's response times is one of its bounds.
  select app_id, dimension, value, minute, {_SUMS},
    max(if(page_title is null, null, struct(at_ms, page_title))) as titled,
    flatten(collect_list(if(bound_ms is null, null, array_repeat(bound_ms, int(page_views))))) as measured,
    {_added("new_visits")}, {_added("new_visitors")}
  from (select /*+ repartition(app_id, dimension, value) */ * from counted)
  group by app_id, dimension, value, minute
), spread as (
  select *, stack({1 + FIVE}, 1, 0, {", ".join(f"{FIVE}, {age}" for age in _AGES)}) as (window_minutes, age)
  from a_minute
), grouped as (
  select window_minutes, start, app_id, dimension, value, {_SUMS},
    sum(visits) as visits, sum(visitors) as visitors, max(titled).page_title as page_title,
    sort_array(flatten(collect_list(measured))) as measured
  from (select *, minute - age as start, new_visits[age] as visits, new_visitors[age] as visitors from spread)
  where window_minutes = 1 and {{minutes}} or window_minutes = {FIVE} and {{fives}}
  group by window_minutes, start, app_id, dimension, value
)
select window_minutes, start + {{first}} as window_start, app_id, dimension, value, page_title,
  events, page_views, visits, visitors, engaged_ms, errors, error_n, {_PERCENTILES}
from grouped
"""  # noqa: S608 - of these constants and of integers
