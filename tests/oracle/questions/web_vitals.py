"""How fast pages felt, as browsers measured it: percentile 75, share of good values, and what the percentile is."""

from typing import Any, Final

PARAMETERS: Final[dict[str, Any]] = {"by": "app"}


def _vital(name: str, good: int, poor: int) -> tuple[str, str, str]:
    """The percentile, the share of good values, and the rating of the percentile."""
    percentile = f"nearest_rank(list({name}), 75)"
    return (
        percentile,
        f"ratio(count(*) filter ({name} <= {good}), count({name}))",
        f"case when {percentile} <= {good} then 'good' when {percentile} <= {poor} then 'needs improvement' "
        f"when {percentile} > {poor} then 'poor' end",
    )


_LCP: Final = _vital("lcp_ms", 2500, 4000)
_INP: Final = _vital("inp_ms", 200, 500)
_CLS: Final = _vital("cls_milli", 100, 250)
_TTFB: Final = _vital("ttfb_ms", 800, 1800)
SQL: Final = f"""
select $from_dt as from_dt, $to_dt as to_dt, app_id, $by as dimension,
  case $by when 'app' then app_id when 'page' then page_path else device_type end as value,
  count(*) as views,
  {_LCP[0]} as lcp_p75_ms, {_INP[0]} as inp_p75_ms, {_CLS[0]} / 1000::double as cls_p75, {_TTFB[0]} as ttfb_p75_ms,
  {_LCP[1]} as lcp_good_share, {_INP[1]} as inp_good_share, {_CLS[1]} as cls_good_share,
  {_TTFB[1]} as ttfb_good_share,
  {_LCP[2]} as lcp_rating, {_INP[2]} as inp_rating, {_CLS[2]} as cls_rating, {_TTFB[2]} as ttfb_rating
from event
where event_type = 'web_vitals' and dt between $from_dt and $to_dt and ($app is null or app_id = $app)
group by app_id, value
order by views desc, app_id, value nulls last
"""
