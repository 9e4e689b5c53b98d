"""`footfall rejects list|show`: events that failed validation, with the bytes that were sent."""

import base64
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from typing import Annotated, Any, Final

import typer

from footfall.cli.output import check_known, fail, print_json, print_table, stderr, stdout
from footfall.cluster import run
from footfall.events.rejects import REASONS
from footfall.events.times import format_rfc3339_ms
from footfall.names import APP_IDS
from footfall.verification import rejects_log
from footfall.verification.kafka_log import KafkaLog, LogUnavailable
from footfall.verification.rejects_log import Kept, Log

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_COLUMNS: Final = ("offset", "rejected_at", "app_id", "reason", "stage", "event_id", "original")
_SHOWN: Final = 60


@app.callback()
def main() -> None:
    """Events that failed validation."""


@app.command("list")
def list_rejects(
    app_id: Annotated[str | None, typer.Option("--app", help="shop, news or academy; all three if not given")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="only those rejected for this reason")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="how many of the newest")] = 50,
    json: Annotated[bool, typer.Option("--json", help="as one JSON document")] = False,
) -> None:
    """List the newest rejects."""
    check_known("app", app_id, APP_IDS)
    check_known("reason", reason, REASONS)

    def newest(log: Log) -> list[Kept]:
        wanted = (
            kept
            for kept in rejects_log.newest_first(log, _unreadable)
            if app_id in (None, kept.reject.app_id) and reason in (None, kept.reject.reason)
        )
        return list(islice(wanted, limit))

    found = _ask(newest)
    if json:
        print_json([row(kept) for kept in found])
    elif found:
        print_table(_COLUMNS, [row(kept) | {"original": _short(visible(kept.reject.original))} for kept in found])
    else:
        stderr.print("Kafka holds no such reject.")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="EVENT_ID|OFFSET", help="as in `footfall rejects list`")],
    json: Annotated[bool, typer.Option("--json", help="as one JSON document")] = False,
) -> None:
    """Show a reject whole; of an event_id that was rejected several times, each."""
    found = _ask(lambda log: rejects_log.find(log, name, _unreadable))
    if not found:
        fail(f"Kafka holds no reject {name}; see `./footfall rejects list`.")
    if json:
        print_json([row(kept) for kept in found])
        return
    for number, kept in enumerate(found):
        if number:
            stdout.print()
        fields = row(kept) | {"detail": kept.reject.detail, "original": visible(kept.reject.original)}
        columns = (*_COLUMNS[:-1], "detail", "original")
        print_table(("field", "value"), [{"field": column, "value": _text(fields[column])} for column in columns])


def row(kept: Kept) -> dict[str, Any]:
    """What `--json` says of a reject; `original` is the bytes in base64."""
    return {
        "event_id": kept.reject.event_id,
        "app_id": kept.reject.app_id,
        "reason": kept.reject.reason,
        "stage": kept.reject.stage,
        "rejected_at": format_rfc3339_ms(kept.reject.rejected_at_ms),
        "original": base64.b64encode(kept.reject.original).decode("ascii"),
        "offset": kept.offset,
    }


def visible(original: bytes) -> str:
    """Bytes as a terminal may be given them: UTF-8 as text; what is none, or controls, as `\\xNN`, `\\uNNNN`."""
    text = original.decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _text(value: Any) -> str | None:
    # A number would be set to the right, away from its name.
    return None if value is None else str(value)


def _ask(question: Callable[[Log], list[Kept]]) -> list[Kept]:
    try:
        with closing(KafkaLog(run.recall().kafka_bootstrap)) as log:
            return question(log)
    except LogUnavailable as error:
        fail(f"{error} See `./footfall status`.")


def _unreadable(offset: int) -> None:
    stderr.print(f"The record at offset {offset} of events.rejected is no reject.", style="yellow")
