"""How a rate or a share is formed."""


def ratio(part: int, whole: int) -> float | None:
    """One division of two integers, unrounded; None if there is nothing to divide by."""
    return part / whole if whole else None
