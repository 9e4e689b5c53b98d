"""The errors of the cluster layer; each message is a sentence for the user."""

from footfall.errors import FootfallError


class ClusterError(FootfallError):
    """Something could not be installed, started, asked or stopped."""


class RetryUseless(ClusterError):
    """It may not be done as things are; trying again would not help."""


class Unhealthy(FootfallError):
    """A probe's finding: what the service did not do. Expected while a service starts."""
