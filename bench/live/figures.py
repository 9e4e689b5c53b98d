"""Percentiles as Footfall defines them: the nearest rank."""

from collections.abc import Sequence


def percentile(values: Sequence[float], percent: int) -> float:
    """The ⌈p·n⌉-th smallest value of at least one."""
    return sorted(values)[max(1, -(-percent * len(values) // 100)) - 1]


def spread_ms(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the maximum, in ms; empty without values."""
    if not seconds:
        return {}
    percentiles = {f"p{percent}_ms": round(percentile(seconds, percent) * 1000, 1) for percent in (50, 95, 99)}
    return {**percentiles, "max_ms": round(max(seconds) * 1000, 1)}
