"""The columns of the archive's Parquet files, derived from the event's own schema. Pure Arrow."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

import footfall.events

TIME: Final = pa.timestamp("us", "UTC")
_SCHEMA: Final = Path(footfall.events.__file__).with_name("event.schema.json")
# By the schema's definitions; what is not named here is text, objects in it as JSON.
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
# Where in Kafka a row comes from.
ORIGIN: Final = (("kafka_partition", pa.int32()), ("kafka_offset", pa.int64()))


@cache
def fields() -> Mapping[str, pa.DataType]:
    """The stored event's fields and their types, in the order of its schema."""
    stored: dict[str, Any] = json.loads(_SCHEMA.read_text("utf-8"))["$defs"]["stored"]["properties"]
    return {
        name: _TYPES.get(str(about.get("$ref", "")).rpartition("/")[2], pa.string()) for name, about in stored.items()
    }


@cache
def archived() -> pa.Schema:
    """The columns of a file of `/events`: the event's fields but what its folder names, and its place in Kafka."""
    return pa.schema([*((name, kind) for name, kind in fields().items() if name != "app_id"), *ORIGIN])
