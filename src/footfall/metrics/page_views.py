"""The definition of a page view."""

from typing import Final

PAGE_VIEW: Final = "page_view"


def is_page_view(event_type: str) -> bool:
    """Whether an event is a page view. A reload is a page view; a ping is not."""
    return event_type == PAGE_VIEW
