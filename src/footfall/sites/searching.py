"""Shared by the search pages of the three sites: the search term, the search event, and suggestions."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from flask import request

_LONGEST_TERM: Final = 200
# Control characters, line separators and surrogates, which no event may contain.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# Longer terms are cut before comparing: a long text is not a typing error, and comparing it takes long.
_LONGEST_GUESSED: Final = 40


def term_of_request() -> str:
    """The search term, from the parameter `q`, as one line of at most 200 characters; empty if there is none."""
    return _UNPRINTABLE.sub(" ", request.args.get("q", ""))[:_LONGEST_TERM].strip()


def search_events(term: str, results: int) -> list[dict[str, Any]]:
    """The event of a search with its number of results; empty if nothing was searched for."""
    return [{"event_type": "search", "search_term": term, "results_count": results}] if term else []


def did_you_mean(term: str, titles: Iterable[str]) -> list[str]:
    """Up to three words of the titles that look like `term`, the most similar first.

    The term is compared with every word of the titles, so a search without results is the slowest page of a site.
    """
    words = {word for title in titles for word in re.findall(r"[a-z]{4,}", title.lower())}
    return get_close_matches(term.lower()[:_LONGEST_GUESSED], sorted(words), n=3, cutoff=0.6)
