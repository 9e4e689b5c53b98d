"""Errors of the job `logs`."""

from footfall.errors import FootfallError


class PigFailed(FootfallError):
    """The tables were not made; the message is one sentence. No partition has changed, unless it says so."""
