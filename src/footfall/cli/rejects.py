"""`./footfall rejects list|show|replay`: events that failed validation, with the bytes as they were sent."""

import base64
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer

from footfall import site_registry
from footfall.cli.output import check_known, fail, print_json, print_table, remedied, report, stderr, stdout, wrong_use
from footfall.cluster.supervision import run
from footfall.events.rejects import REASONS, Reject
from footfall.events.repair import COLLECTORS_FIELDS, Changes, NoEvent, event_in, repair
from footfall.events.times import format_rfc3339_ms
from footfall.names import TOPIC_EVENTS
from footfall.sites.replay import replay as send_again
from footfall.sites.trusted_producer import NotStored, RecordPosition
from footfall.verification import rejects_log
from footfall.verification.kafka_log import KafkaLog
from footfall.verification.rejects_log import Kept, Log

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_COLUMNS: Final = ("offset", "rejected_at", "app_id", "reason", "stage", "event_id", "original")
_SHOWN: Final = 60


@app.callback()
def main() -> None:
    """List, show and replay events that failed validation."""


@app.command("list")
def list_rejects(
    app_id: Annotated[str | None, typer.Option("--app", help="Only rejects of this site (its app_id).")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Only rejects with this reason.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Number of rejects to list, newest first.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the newest rejects."""
    settings = run.recall()
    # A removed site may still have rejects in Kafka. Its spool folder still exists.
    check_known("app", app_id, site_registry.names_and_folders(settings, settings.spool_dir))
    check_known("reason", reason, REASONS)

    def newest(log: Log) -> list[Kept]:
        matching = (
            kept
            for kept in rejects_log.newest_first(log, _unreadable)
            if app_id in (None, kept.reject.app_id) and reason in (None, kept.reject.reason)
        )
        return list(islice(matching, limit))

    found = _ask(newest)
    if json:
        print_json([row(kept) for kept in found])
    elif found:
        print_table(_COLUMNS, [row(kept) | {"original": _short(visible(kept.reject.original))} for kept in found])
    else:
        stderr.print("Kafka has no such reject.")


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="EVENT_ID|OFFSET", help="event_id or offset of a reject, from `rejects list`.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show all fields of a reject, or of every reject with the given event_id."""
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


@app.command()
def replay(
    name: Annotated[
        str, typer.Argument(metavar="EVENT_ID|OFFSET", help="event_id or offset of a reject, from `rejects list`.")
    ],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Set a field to this value: JSON, or else text."),
    ] = None,
    unset: Annotated[list[str] | None, typer.Option("--unset", metavar="FIELD", help="Remove a field.")] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="PATH", help="Replay the event in this file instead; - is stdin.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be stored.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Send a reject again after correcting it. Sending it twice is safe: each event_id counts once."""
    changes = read_changes(set_ or (), unset or (), file)
    settings = run.recall()
    found = _ask(lambda log: rejects_log.find(log, name, _unreadable))
    if not found:
        fail(f"Kafka holds no reject {name}; see `./footfall rejects list`.")
    kept = found[0]
    if len(found) > 1:
        report(f"{len(found)} rejects have this event_id. This is the newest, at offset {kept.offset}.")
    now_ms = time.time_ns() // 1_000_000
    try:
        repaired = repair(kept.reject, kept.offset, changes, now_ms)
    except NoEvent:
        fail("The rejected body is not a JSON object and cannot be changed. Give the whole event with --file.")
    if isinstance(repaired, Reject):
        fail(f"The event is still not valid ({repaired.reason}): {repaired.detail} Nothing was sent.")
    if repaired.identity_made:
        report("The event has no usable event_id. It gets a new one, which is the same at each replay.")
    place: RecordPosition | None = None
    if not dry_run:
        try:
            place = send_again(settings, repaired.stored, now_ms)
        except NotStored as error:
            fail(remedied(error))
        except OSError as error:
            fail(f"The ledger could not be written: {error.strerror}. Nothing was sent.")
    if json:
        where = {"partition": None, "offset": None} if place is None else place._asdict()
        print_json({"rejects_offset": kept.offset, "dry_run": dry_run, "event": repaired.stored, **where})
        return
    shown = {
        key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in repaired.stored.items()
    }
    print_table(("field", "value"), [{"field": key, "value": value} for key, value in shown.items()])
    stdout.print(_outcome(place), markup=False, soft_wrap=True)


def read_changes(settings: Sequence[str], unset: Sequence[str], file: str | None) -> Changes:
    """Parses the options --set (`FIELD=VALUE`), --unset (field names) and --file (a path or `-`).

    Ends the verb with exit status 2 where an option is malformed.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not (name and equals):
            wrong_use(f"--set {visible(os.fsencode(setting))} has no field or no value. Write it as FIELD=VALUE.")
        if name in values or name in unset:
            wrong_use(f"The field {visible(os.fsencode(name))} is set twice, or both set and unset.")
        if name in COLLECTORS_FIELDS:
            wrong_use(f"The field {name} cannot be set: the collector fills it in from the reject.")
        values[name] = _value(setting, text)
    return Changes(None if file is None else _replacement(file), frozenset(unset), values)


def row(kept: Kept) -> dict[str, Any]:
    """A reject as `--json` prints it; `original` is base64 of the bytes."""
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
    """Bytes as text that is safe on a terminal: invalid UTF-8 and control characters become `\\xNN` or `\\uNNNN`."""
    text = original.decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _value(setting: str, text: str) -> Any:
    try:
        setting.encode()
    except UnicodeEncodeError:
        wrong_use(f"--set {visible(os.fsencode(setting))} is not valid UTF-8.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _replacement(file: str) -> bytes:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        wrong_use(f"{file} cannot be read: {error.strerror}.")
    if event_in(content) is None:
        wrong_use(f"{'Standard input' if file == '-' else file} does not contain a JSON object.")
    return content


def _outcome(place: RecordPosition | None) -> str:
    if place is None:
        return "Dry run: nothing was sent. This event would be stored."
    where = "an offset that Kafka did not report" if place.offset is None else f"offset {place.offset}"
    return f"Stored in {TOPIC_EVENTS}/{place.partition} at {where}."


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _text(value: Any) -> str | None:
    # The table would right-align a number, away from the field's name.
    return None if value is None else str(value)


def _ask(question: Callable[[Log], list[Kept]]) -> list[Kept]:
    with closing(KafkaLog(run.recall().kafka_bootstrap)) as log:
        return question(log)


def _unreadable(offset: int) -> None:
    stderr.print(f"The record at offset {offset} of events.rejected is not a reject.", style="yellow")
