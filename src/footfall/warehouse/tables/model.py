"""A table of the warehouse as data: its columns, their types and comments, and the job that writes it."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Writer = Literal["pig", "spark", "audit", "mahout"]
Type = Literal["string", "int", "bigint", "double", "boolean", "array<string>"]

DATABASE: Final = "footfall"
ROOT: Final = "/warehouse/footfall"
POPULATIONS: Final = ("people", "bots", "all")


class Column(NamedTuple):
    """One column. comment: one line for SQL users."""

    name: str
    type: Type
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table that has one partition for each day and run.

    key: the columns that identify a row within its partition. fact: whether it holds single events, lines or visits;
    other tables hold figures that were aggregated from facts. pointer: the table in Hive that names the published run
    of each day.
    """

    name: str
    comment: str
    writer: Writer
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    fact: bool = False
    pointer: str = "published_days"

    @property
    def folder(self) -> str:
        """Its folder in HDFS."""
        return f"{ROOT}/{self.name}"

    def partition(self, dt: str, run: str) -> str:
        """The folder of one run's rows of a day."""
        return f"{self.folder}/dt={dt}/run={run}"


def parsed_columns(text: str) -> tuple[Column, ...]:
    """Parses lines of the form `name type: comment`."""
    found = []
    for line in text.strip().splitlines():
        head, _, comment = line.strip().partition(": ")
        name, _, kind = head.partition(" ")
        found.append(Column(name, kind, comment))  # type: ignore[arg-type]  # checked by a test
    return tuple(found)
