"""What can go wrong with the live path as a whole."""


class DeployError(Exception):
    """The topology could not be brought into the wanted state; the message is a sentence for the user."""
