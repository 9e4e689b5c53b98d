"""Figures of windows by DuckDB over the archive's files, written from their definitions alone; slow and plain."""

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

_LONGEST_MS = 600_000
# In fractions, so that the oracle does not share float rounding with the code; 1.02^672 is beyond the last.
_BOUNDS = sorted({0, _LONGEST_MS, *(b for k in range(680) if (b := round(Fraction(102, 100) ** k)) < _LONGEST_MS)})

_FIGURES = """
with bounds as (
  select unnest($bounds::bigint[]) as bound
), identities as (
  select distinct on (session_id, event_id) * from read_parquet($files, hive_partitioning = true, union_by_name = true)
), people as (
  select *, epoch_ms(event_time) // 60000 as minute,
    -- Of page views alone, and of those that were measured.
    (select min(bound) from bounds where bound >= response_ms and event_type = 'page_view') as bound,
    event_type = 'web_vitals' as felt,
    (select min(bound) from bounds where bound >= lcp_ms and event_type = 'web_vitals') as lcp,
    (select min(bound) from bounds where bound >= inp_ms and event_type = 'web_vitals') as inp,
    -- A shift beyond the last bound is in the last bucket.
    (select min(bound) from bounds where bound >= case when cls_milli > $longest then $longest else cls_milli end
      and event_type = 'web_vitals') as cls,
    (select min(bound) from bounds where bound >= ttfb_ms and event_type = 'web_vitals') as ttfb
  from identities where not is_bot
), everything as (
  select *, 'app' as dimension, app_id as value from people
  union all select *, 'page', page_path from people where page_path is not null
  union all select *, 'section', page_section from people where page_path is not null
  union all select *, 'country', country from people
  union all select *, 'device', device_type from people
), ranked as (
  -- Of a minute's pages and sections, the thousand with the most events keep their rows.
  select app_id, dimension, minute, value,
    row_number() over (partition by app_id, dimension, minute order by count(*) desc, value nulls last) as place
  from everything where dimension in ('page', 'section') group by app_id, dimension, minute, value
), placed as (
  select e.* replace (case when r.place > $most then '(other)' else e.value end as value)
  from everything e left join ranked r on r.app_id = e.app_id and r.dimension = e.dimension and r.minute = e.minute
    and r.value is not distinct from e.value
), windows as (
  select 1 as length, unnest($minutes::bigint[]) as start
  union all select 5, unnest($fives::bigint[])
)
select length as window_minutes, start as window_start, app_id, dimension, value,
  (max({'at': event_time, 'title': page_title}) filter (
    dimension = 'page' and value <> '(other)' and event_type = 'page_view' and page_title is not null
  )).title as page_title,
  count(*) as events,
  count(*) filter (event_type = 'page_view') as page_views,
  count(distinct session_id) as visits,
  count(distinct anonymous_id) as visitors,
  coalesce(sum(engaged_ms) filter (event_type = 'page_ping'), 0)::bigint as engaged_ms,
  count(*) filter (event_type = 'error' or (event_type = 'page_view' and http_status >= 500)) as errors,
  count(*) filter (event_type in ('page_view', 'error')) as error_n,
  quantile_disc(bound, 0.5) as p50_ms, quantile_disc(bound, 0.95) as p95_ms, quantile_disc(bound, 0.99) as p99_ms,
  count(*) filter (felt) as vital_views,
  quantile_disc(lcp, 0.75) as lcp_p75_ms, count(lcp) as lcp_n,
  count(*) filter (felt and lcp_ms <= 2500) as lcp_good, count(*) filter (felt and lcp_ms > 4000) as lcp_poor,
  quantile_disc(inp, 0.75) as inp_p75_ms, count(inp) as inp_n,
  count(*) filter (felt and inp_ms <= 200) as inp_good, count(*) filter (felt and inp_ms > 500) as inp_poor,
  quantile_disc(cls, 0.75) as cls_p75_milli, count(cls) as cls_n,
  count(*) filter (felt and cls_milli <= 100) as cls_good, count(*) filter (felt and cls_milli > 250) as cls_poor,
  quantile_disc(ttfb, 0.75) as ttfb_p75_ms, count(ttfb) as ttfb_n,
  count(*) filter (felt and ttfb_ms <= 800) as ttfb_good, count(*) filter (felt and ttfb_ms > 1800) as ttfb_poor
from windows join placed on minute >= start and minute < start + length
group by all
"""


def figures(
    root: Path, minutes: Collection[int], fives: Collection[int], most_values: int = 1_000
) -> list[dict[str, Any]]:
    """The rows that `windows` owes for the archive below ROOT, in any order. most_values: pages or sections of a minute
    with rows of their own."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        parameters = {
            "files": f"{root}/*/*/*.parquet",
            "minutes": sorted(minutes),
            "fives": sorted(fives),
            "bounds": _BOUNDS,
            "longest": _LONGEST_MS,
            "most": most_values,
        }
        answer = connection.execute(_FIGURES, parameters)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
