"""Errors of installing, starting and probing services. Each message is a sentence for the user."""

from footfall.errors import FootfallError


class ClusterError(FootfallError):
    """Something could not be installed, started, queried or stopped."""


class RetryUseless(ClusterError):
    """The action is not possible in the current state, and a retry would not help."""


class Unhealthy(FootfallError):
    """The fault that a probe found. Expected while a service starts."""
