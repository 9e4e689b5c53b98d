"""The errors of the cluster layer; each message is a sentence for the user."""


class ClusterError(Exception):
    """Something could not be installed, started, asked or stopped."""


class Refused(ClusterError):
    """It may not be done as things are; trying again would not help."""


class Unhealthy(Exception):
    """A probe's finding: what the service did not do. Expected while a service starts."""
