"""Percentiles as Footfall defines them: the nearest rank."""

from collections.abc import Sequence


def percentile(values: Sequence[float], percent: int) -> float:
    """The ⌈p·n⌉-th smallest of at least one value."""
    return sorted(values)[max(1, -(-percent * len(values) // 100)) - 1]


def spread_ms(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the largest, in ms; empty if there is nothing."""
    if not seconds:
        return {}
    told = {f"p{percent}_ms": round(percentile(seconds, percent) * 1000, 1) for percent in (50, 95, 99)}
    return {**told, "max_ms": round(max(seconds) * 1000, 1)}
