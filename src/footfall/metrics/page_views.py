"""What a page view is."""

from typing import Final

PAGE_VIEW: Final = "page_view"


def is_page_view(event_type: str) -> bool:
    """Whether an event is a page view. A reload is one; a ping never is."""
    return event_type == PAGE_VIEW
