"""Output shared by all verbs: a JSON document or a table on stdout, progress and errors on stderr."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from footfall.cli.encoding import json_for
from footfall.runtime.console import stderr as stderr
from footfall.runtime.console import stdout as stdout

# A message that names a command says itself what to do.
_COMMAND: Final = re.compile(r"`\./footfall |`(status|up|down)`")
# From here on, decimals of a figure say nothing.
_LARGE: Final = 1000


def print_json(document: Any) -> None:
    """Writes one JSON document to stdout."""
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    sys.stdout.write(json_for(text, sys.stdout.encoding or "utf-8") + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], when_empty: str = "") -> None:
    """Writes rows as a table. Values are printed as plain text, without control characters or markup.

    Without a row, it says so on stderr instead. when_empty: sentences that explain it.
    """
    if not rows:
        report(f"No rows. {when_empty}".rstrip())
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        numeric = any(isinstance(row.get(column), int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    stdout.print(table)


def report(sentence: str) -> None:
    """Prints a sentence about the progress on stderr, as plain text."""
    stderr.print(sentence, markup=False, soft_wrap=True)


def fail(sentence: str) -> NoReturn:
    """Prints the sentence and ends the verb with exit status 1: the verb failed."""
    stderr.print(escape(sentence), style="red", soft_wrap=True)
    raise typer.Exit(1)


def wrong_use(sentence: str) -> NoReturn:
    """Prints the sentence and ends the verb with exit status 2: its arguments are wrong."""
    stderr.print(escape(sentence), style="red", soft_wrap=True)
    raise typer.Exit(2)


def remedied(error: Exception) -> str:
    """The sentence of an engine that is away, and what to do: most messages leave that to this function."""
    text = str(error)
    return text if _COMMAND.search(text) else f"{text} See `./footfall status`."


def check_known(what: str, given: str | None, known: Iterable[str]) -> None:
    """Ends the verb with exit status 2 and a list of `known`, unless `given` is None or one of them."""
    names = list(known)
    if given is not None and given not in names:
        wrong_use(f"There is no {what} {given!r}; there are: {', '.join(names)}.")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= _LARGE else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return " → ".join(map(_cell, value))
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)))
