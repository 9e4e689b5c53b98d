"""What the three sites' searches share: the term as asked, what the tracker is told, and guesses when nothing fits."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from flask import request

_LONGEST_TERM: Final = 200
# Control characters and separators of lines: no event may hold them.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# A long text is no slip of the finger, and comparing it with everything takes long.
_LONGEST_GUESSED: Final = 40


def term_of_request() -> str:
    """What is searched for: the parameter `q` as one line, cut at 200 characters; empty if nothing."""
    return _UNPRINTABLE.sub(" ", request.args.get("q", ""))[:_LONGEST_TERM].strip()


def told(term: str, results: int) -> list[dict[str, Any]]:
    """The event of a search and how much it found."""
    return [{"event_type": "search", "search_term": term, "results_count": results}] if term else []


def did_you_mean(term: str, titles: Iterable[str]) -> list[str]:
    """Up to three words of the titles that look like `term`, the most similar first.

    Each word is compared with it, so a search that finds nothing is the slowest page of a site.
    """
    words = {word for title in titles for word in re.findall(r"[a-z]{4,}", title.lower())}
    return get_close_matches(term.lower()[:_LONGEST_GUESSED], sorted(words), n=3, cutoff=0.6)
