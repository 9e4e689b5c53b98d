"""The errors of the live path as a whole."""

from footfall.errors import FootfallError


class DeployError(FootfallError):
    """The topology could not be submitted, started or stopped; the message is a sentence for the user."""
