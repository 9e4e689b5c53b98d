"""What reading a figure can end in; both messages are one sentence for the reader."""


class Unavailable(Exception):
    """An engine does not answer."""


class NotFound(Exception):
    """Nothing has the name that was asked for; the message says what there is."""
