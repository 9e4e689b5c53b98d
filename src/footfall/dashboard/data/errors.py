"""What reading a figure can end in; both messages are one sentence for the reader."""

from footfall.errors import FootfallError


class Unavailable(FootfallError):
    """An engine does not answer."""


class NotFound(FootfallError):
    """Nothing has the name that was asked for; the message says what there is."""
