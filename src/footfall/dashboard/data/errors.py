"""Errors of reading an answer. Each message is one sentence for the user of the page."""

from footfall.errors import FootfallError


class Unavailable(FootfallError):
    """An engine does not answer."""


class NotFound(FootfallError):
    """Nothing has the requested name. The message says which names exist."""
