"""The columns of the archive's Parquet files as Arrow types, derived from the event's JSON schema."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

import footfall.events

TIME: Final = pa.timestamp("us", "UTC")
_SCHEMA: Final = Path(footfall.events.__file__).with_name("event.schema.json")
# The types of the schema's definitions. All other fields are text; objects are stored as JSON text.
_TYPES: Final[dict[str, pa.DataType]] = {
    "time": TIME,
    "flag": pa.bool_(),
    "latitude": pa.float64(),
    "longitude": pa.float64(),
    "position": pa.int32(),
    "ms": pa.int32(),
    "percent": pa.int32(),
    "http_status": pa.int32(),
    "pixels": pa.int32(),
    "count": pa.int64(),
    "cents": pa.int64(),
}
# The Kafka record that a row comes from.
ORIGIN: Final = (("kafka_partition", pa.int32()), ("kafka_offset", pa.int64()))


@cache
def fields() -> Mapping[str, pa.DataType]:
    """The fields of the stored event and their types, in the order of the schema."""
    stored: dict[str, Any] = json.loads(_SCHEMA.read_text("utf-8"))["$defs"]["stored"]["properties"]
    return {
        name: _TYPES.get(str(about.get("$ref", "")).rpartition("/")[2], pa.string()) for name, about in stored.items()
    }


@cache
def archived() -> pa.Schema:
    """The columns of a file of `/events`: the event's fields except `app_id`, which the folder holds, and `ORIGIN`."""
    return pa.schema([*((name, kind) for name, kind in fields().items() if name != "app_id"), *ORIGIN])
