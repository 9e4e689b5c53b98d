"""Errors of learning. Each message is a sentence for the user."""

from footfall.errors import FootfallError


class MahoutFailed(FootfallError):
    """A program of Mahout failed, or its output cannot be read."""


class TooLittleData(FootfallError):
    """The days of a request hold too little to learn from."""


class ModelRefused(FootfallError):
    """A model did not pass its checks, so the last published one stays."""


class ModelMissing(FootfallError):
    """There is no model yet that a job needs."""
