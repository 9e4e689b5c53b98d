"""What can be wrong with the archive as a whole."""

from footfall.errors import FootfallError


class ArchiveRefused(FootfallError):
    """The archive cannot go on by itself; the message is a sentence with the remedy."""
