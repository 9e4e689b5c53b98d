"""Reads raw log lines: JSON documents, one a line. A line that is repeated counts once, a broken line not at all."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# A frame of a traceback in the sites' own package.
_OWN_FRAME = re.compile(r'^  File "[^"\n]*/(footfall/sites/[^"\n]*)", line \d+, in (.+)$', re.MULTILINE)

_ERRORS = pa.schema(
    [(name, pa.string()) for name in ("dt", "app_id", "request_id", "error_code", "message", "page_path", "own_frame")]
    + [("at_ms", pa.int64())]
)
_PERFORMANCE = pa.schema([("dt", pa.string()), ("request_id", pa.string()), ("duration_us", pa.int64())])


def errors(files: Sequence[str | Path]) -> pa.Table:
    """The lines of error logs."""
    return pa.Table.from_pylist(list(_records(files, _error)), schema=_ERRORS)


def performance(files: Sequence[str | Path]) -> pa.Table:
    """The lines of performance logs."""
    return pa.Table.from_pylist(list(_records(files, _measured)), schema=_PERFORMANCE)


def _records(files: Sequence[str | Path], read: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    lines = {line for file in files for line in Path(file).read_bytes().split(b"\n")}
    for line in lines:
        try:
            yield read(json.loads(line.decode()))
        except (ValueError, KeyError, TypeError):
            continue


def _error(record: dict[str, Any]) -> dict[str, Any]:
    at_ms = _at_ms(record)
    frames = _OWN_FRAME.findall(_optional(record, "traceback") or "")
    return {
        "dt": record["logged_at"][:10],
        "at_ms": at_ms,
        "app_id": _text(record, "app_id"),
        "request_id": _text(record, "request_id"),
        "error_code": _optional(record, "code"),
        "message": _text(record, "message"),
        "page_path": _text(record, "page_path"),
        # The top of the stack is where the failure was raised; a Python traceback shows it last.
        "own_frame": ":".join(frames[-1]) if frames else None,
    }


def _measured(record: dict[str, Any]) -> dict[str, Any]:
    _at_ms(record)
    duration_us = record["duration_us"]
    if type(duration_us) is not int:
        raise TypeError("not an integer")
    return {"dt": record["logged_at"][:10], "request_id": _text(record, "request_id"), "duration_us": duration_us}


def _at_ms(record: dict[str, Any]) -> int:
    text = _text(record, "logged_at")
    if not _TIME.fullmatch(text):
        raise ValueError("not a time")
    return (datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(
        milliseconds=1
    )


def _optional(record: dict[str, Any], name: str) -> str | None:
    """A text that a line may lack, since only the warehouse reads it."""
    return None if record.get(name) is None else _text(record, name)


def _text(record: dict[str, Any], name: str) -> str:
    value = record[name]
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
