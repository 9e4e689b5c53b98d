"""`footfall rejects list|show|replay`: events that failed validation, with the bytes that were sent."""

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
from footfall.cli.output import check_known, fail, print_json, print_table, stderr, stdout, wrong_use
from footfall.cluster.supervision import run
from footfall.events.rejects import REASONS, Reject
from footfall.events.repair import COLLECTORS_FIELDS, Changes, NoEvent, event_in, mend
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
    """Events that failed validation."""


@app.command("list")
def list_rejects(
    app_id: Annotated[str | None, typer.Option("--app", help="a site's app_id; all sites if not given")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="only those rejected for this reason")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="how many of the newest")] = 50,
    json: Annotated[bool, typer.Option("--json", help="as one JSON document")] = False,
) -> None:
    """List the newest rejects."""
    settings = run.recall()
    # A site that was removed leaves the folder in which its rejects once waited for Kafka.
    check_known("app", app_id, site_registry.names_and_folders(settings, settings.spool_dir))
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


@app.command()
def replay(
    name: Annotated[str, typer.Argument(metavar="EVENT_ID|OFFSET", help="as in `footfall rejects list`")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="gives a field this value: JSON, or else text"),
    ] = None,
    unset: Annotated[list[str] | None, typer.Option("--unset", metavar="FIELD", help="leaves a field out")] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="PATH", help="takes the event in a file, or - for stdin, instead")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what would be stored")] = False,
    json: Annotated[bool, typer.Option("--json", help="as one JSON document")] = False,
) -> None:
    """Let a reject go in again, mended. Twice does no harm: an identity counts once."""
    changes = read_changes(set_ or (), unset or (), file)
    settings = run.recall()
    found = _ask(lambda log: rejects_log.find(log, name, _unreadable))
    if not found:
        fail(f"Kafka holds no reject {name}; see `./footfall rejects list`.")
    kept = found[0]
    if len(found) > 1:
        _say(f"{len(found)} rejects have this event_id: taking the newest, offset {kept.offset}. An offset names one.")
    now_ms = time.time_ns() // 1_000_000
    try:
        mended = mend(kept.reject, kept.offset, changes, now_ms)
    except NoEvent:
        fail("What was sent is no JSON object that could be changed: give the event whole, with --file.")
    if isinstance(mended, Reject):
        fail(f"The event is still not valid ({mended.reason}): {mended.detail} Nothing was sent.")
    if mended.identity_made:
        _say("It has no event_id that can be used, and is given one that is the same at each replay.")
    place: RecordPosition | None = None
    if not dry_run:
        try:
            place = send_again(settings, mended.stored, now_ms)
        except NotStored as error:
            fail(f"{error} See `./footfall status`.")
        except OSError as error:
            fail(f"The ledger cannot be written: {error.strerror}. Nothing was sent.")
    if json:
        where = {"partition": None, "offset": None} if place is None else place._asdict()
        print_json({"rejects_offset": kept.offset, "dry_run": dry_run, "event": mended.stored, **where})
        return
    shown = {
        key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in mended.stored.items()
    }
    print_table(("field", "value"), [{"field": key, "value": value} for key, value in shown.items()])
    stdout.print(_told(place), markup=False, soft_wrap=True)


def read_changes(settings: Sequence[str], unset: Sequence[str], file: str | None) -> Changes:
    """What is to be mended, as the options say it: `FIELD=VALUE`, field names, a path or `-`.

    Ends the verb as wrong use where they do not say it.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not (name and equals):
            wrong_use(f"--set {visible(os.fsencode(setting))} names no field and value: write it as FIELD=VALUE.")
        if name in values or name in unset:
            wrong_use(f"The field {visible(os.fsencode(name))} is to be set twice, or set and left out.")
        if name in COLLECTORS_FIELDS:
            wrong_use(f"The field {name} cannot be set: it is the collector's, and follows from the reject.")
        values[name] = _value(setting, text)
    return Changes(None if file is None else _replacement(file), frozenset(unset), values)


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


def _value(setting: str, text: str) -> Any:
    try:
        setting.encode()
    except UnicodeEncodeError:
        wrong_use(f"--set {visible(os.fsencode(setting))} is no text in UTF-8.")
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
        wrong_use(f"{'Standard input' if file == '-' else file} holds no JSON object.")
    return content


def _told(place: RecordPosition | None) -> str:
    if place is None:
        return "Nothing was sent: this is what would be stored."
    where = "an offset that Kafka did not report" if place.offset is None else f"offset {place.offset}"
    return f"Stored in {TOPIC_EVENTS}/{place.partition} at {where}."


def _say(sentence: str) -> None:
    stderr.print(sentence, markup=False, soft_wrap=True)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _text(value: Any) -> str | None:
    # A number would be set to the right, away from its name.
    return None if value is None else str(value)


def _ask(question: Callable[[Log], list[Kept]]) -> list[Kept]:
    with closing(KafkaLog(run.recall().kafka_bootstrap)) as log:
        return question(log)


def _unreadable(offset: int) -> None:
    stderr.print(f"The record at offset {offset} of events.rejected is no reject.", style="yellow")
