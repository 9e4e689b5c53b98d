"""Renders the Pig script of a run from `logs.pig.j2`. Pure.

The script reads each line once and writes each table of each day into a folder of its own:
`STAGING/TABLE/dt=YYYY-MM-DD/`.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from footfall.errors import FootfallError
from footfall.names import LOG_KINDS, LogKind
from footfall.warehouse.tables import TABLES, Table

# The tables that Pig writes, by name.
PIG_TABLES: Final[dict[str, Table]] = {table.name: table for table in TABLES if table.writer == "pig"}
# The table of the valid lines of each kind.
FACTS: Final[dict[LogKind, Table]] = {
    "access": PIG_TABLES["fact_requests"],
    "error": PIG_TABLES["fact_log_errors"],
    "performance": PIG_TABLES["fact_performance"],
}
# Pig gives a meaning to quotes, commas, braces, stars and other characters in a path.
_PATH: Final = re.compile(r"/[A-Za-z0-9/=._-]+")
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - a Pig script, not HTML
)


class UnusablePath(FootfallError):
    """A path cannot be written into a script; the message is one sentence."""


def render(
    job_name: str, days: Sequence[str], log_files: Sequence[str], rejected: Mapping[str, Sequence[str]], staging: str
) -> str:
    """The script.

    days: as YYYY-MM-DD. log_files: paths of log files of all kinds and days, at least one for each kind and day; the
    folders of the files give kind and day. rejected: files of rejected events by day. staging: the folder to write to.
    Raises UnusablePath.
    """
    loaded = {day: list(files) for day, files in rejected.items() if files}
    for path in (*log_files, *(file for files in loaded.values() for file in files), staging):
        if not _PATH.fullmatch(path):
            raise UnusablePath(f"Pig cannot read {path!r}: its name has unusual characters. Rename the file in HDFS.")
    return _TEMPLATES.get_template("logs.pig.j2").render(
        job_name=job_name,
        days=list(days),
        log_files=list(log_files),
        rejected=loaded,
        staging=staging,
        facts={kind: FACTS[kind] for kind in LOG_KINDS},
        tables=PIG_TABLES,
    )
