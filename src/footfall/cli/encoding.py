"""Prints text on terminals with a narrow encoding such as ASCII: replaces other characters instead of failing."""

import codecs
import io
import json
import re
import sys
import unicodedata
from typing import Final

_NEAREST: Final = "footfall-nearest"
# Characters that Unicode decomposition does not turn into ASCII.
_ALIKE: Final = {
    **dict.fromkeys("\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}\N{HYPHEN}\N{MIDDLE DOT}", "-"),
    # A progress bar draws these.
    **dict.fromkeys("\N{BOX DRAWINGS HEAVY HORIZONTAL}\N{BOX DRAWINGS HEAVY LEFT}\N{BOX DRAWINGS HEAVY RIGHT}", "-"),
    **dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    **dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"'),
    "\N{BALLOT X}": "x",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LATIN SMALL LETTER SHARP S}": "ss",
}


def make_safe() -> None:
    """Makes stdout and stderr replace characters that they cannot encode, instead of raising UnicodeEncodeError."""
    codecs.register_error(_NEAREST, _nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_NEAREST)


def json_for(text: str, encoding: str) -> str:
    """Returns the same JSON document with escapes for what `encoding` cannot represent."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        # Outside strings JSON is ASCII, and inside strings every character may be escaped.
        return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found.group())[1:-1], text)
    return text


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(character: str) -> str:
    if character in _ALIKE:
        return _ALIKE[character]
    apart = unicodedata.normalize("NFKD", character)
    return "".join(part for part in apart if part.isascii()) or "?"
