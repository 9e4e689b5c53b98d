"""What can go wrong with the live path as a whole."""

from footfall.errors import FootfallError


class DeployError(FootfallError):
    """The topology could not be brought into the wanted state; the message is a sentence for the user."""
