"""Output shared by all verbs: a JSON document or a table on stdout, progress and errors on stderr."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from footfall.cli.encoding import json_for
from footfall.runtime.console import stderr as stderr
from footfall.runtime.console import stdout as stdout


def print_json(document: Any) -> None:
    """Writes one JSON document to stdout."""
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    sys.stdout.write(json_for(text, sys.stdout.encoding or "utf-8") + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows as a table. Values are printed as plain text, without control characters or markup."""
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


def check_known(what: str, given: str | None, known: Iterable[str]) -> None:
    """Ends the verb with exit status 2 and a list of `known`, unless `given` is None or one of them."""
    names = list(known)
    if given is not None and given not in names:
        wrong_use(f"There is no {what} {given!r}; there are: {', '.join(names)}.")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)))
