"""Errors of the warehouse. Each message is a sentence for the user."""

from footfall.errors import FootfallError


class DaysRefused(FootfallError):
    """These days cannot be run, such as a day that is not over."""


class NothingArrived(DaysRefused):
    """None of these days has events or log lines."""


class NotSettled(FootfallError):
    """The data of a day did not arrive completely in time; a later run may succeed."""


class PublishRefused(FootfallError):
    """A run cannot be published."""


class PartitionDamaged(FootfallError):
    """A file of a run cannot be read; the message is one sentence."""
