"""The division behind every rate and share."""


def ratio(part: int, whole: int) -> float | None:
    """`part` divided by `whole`, unrounded; None if `whole` is 0."""
    return part / whole if whole else None
