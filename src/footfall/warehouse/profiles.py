"""The published profiles: which run's `profiles_history` is in use."""

import json
from typing import Final

from footfall.hdfs import HdfsUnavailable
from footfall.lake.layout import Files
from footfall.warehouse.tables import ROOT

POINTER: Final = f"{ROOT}/profiles_published.json"


def published_run(hdfs: Files) -> str | None:
    """The run whose profiles are in use; None before the first import. Raises HdfsUnavailable."""
    content = hdfs.read(POINTER)
    if content is None:
        return None
    try:
        return str(json.loads(content)["run"])
    except (ValueError, KeyError, TypeError):
        raise HdfsUnavailable(f"{POINTER} is damaged. Run `footfall job run profiles` to write it anew.") from None
