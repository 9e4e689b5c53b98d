"""Errors of the archive as a whole."""

from footfall.errors import FootfallError


class ArchiveRefused(FootfallError):
    """The archive cannot continue without an operator; the message is a sentence with the remedy."""
