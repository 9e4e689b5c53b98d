"""Errors of batch jobs. Each message is a sentence for the user."""

from footfall.errors import FootfallError


class JobFailed(FootfallError):
    """A job ended without success."""


class JobBusy(FootfallError):
    """A job cannot start now, because it or another heavy job is running."""


class WrongRequest(FootfallError):
    """The arguments of a job's client are wrong."""
