"""Compares an engine's rows with the oracle's, to the digit and in order."""

from typing import Any, Final

from tests.oracle.oracle import Row, without_fingerprints

# Raw data does not know when it was published, nor what was drawn at random.
_NOT_IN_RAW_DATA: Final = {
    "daily-summary": ("published_at",),
    "recommendation-effect": ("lift_ci_low", "lift_ci_high", "p_value"),
}


def differences(question: str, oracle: list[Row], engine: list[Row], most: int = 20) -> list[str]:
    """One sentence for each row in which the engine differs from the oracle, at most `most`; empty if they agree.

    A ratio may arrive as an integer if it is whole, as JSON allows; everything else has the oracle's type.
    """
    if question == "site-errors":
        oracle, engine = without_fingerprints(oracle), without_fingerprints(engine)
    left_out = _NOT_IN_RAW_DATA.get(question, ())
    found = []
    if len(oracle) != len(engine):
        found.append(f"{question}: {len(engine)} rows instead of {len(oracle)}.")
    for number, (right, seen) in enumerate(zip(oracle, engine)):  # noqa: B905  # the first rows still tell something
        if list(right) != list(seen):
            return [*found, f"{question}: the columns are {list(seen)} instead of {list(right)}."]
        wrong = {
            name: (seen[name], right[name])
            for name in right
            if name not in left_out and not _equal(seen[name], right[name])
        }
        if wrong:
            pairs = ", ".join(f"{name} is {was!r} instead of {due!r}" for name, (was, due) in wrong.items())
            found.append(f"{question}, row {number + 1}: {pairs}.")
    return found[:most]


def _equal(seen: Any, right: Any) -> bool:
    if isinstance(right, float) and type(seen) is int:
        seen = float(seen)
    return type(seen) is type(right) and bool(seen == right)
