"""Compares what was learned with the facts of its window, and the lists of the sites in HBase with Hive.

Only the newest published segments and recommendations are compared. The facts are counted by SQL of this module's own.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgpack

from footfall.errors import first_of
from footfall.lake.layout import Files
from footfall.learning.tables import RECOMMENDATIONS_POINTER, SEGMENTS_POINTER, tables_of
from footfall.verification.events_scan import EventsCheck
from footfall.verification.findings import MAX_NAMED, StoreFindings
from footfall.verification.rejected_scan import RejectedCheck
from footfall.verification.stores.store import Comparison, Store
from footfall.warehouse import presence, published
from footfall.warehouse.partitions import condition, with_partitions
from footfall.warehouse.published import Published
from footfall.warehouse.tables import DATABASE, FACT_EVENTS, FACT_VISITS

Rows = Callable[[str], Sequence[tuple[Any, ...]]]
# The rows of HBase's table, each with its cells by column.
Lists = Callable[[], Iterable[tuple[bytes, Mapping[bytes, bytes]]]]

_PEOPLE: Final = (
    "(SELECT v.dt, v.visit_id, v.app_id, coalesce(v.user_id, v.anonymous_id) AS subject FROM fact_visits v LEFT JOIN "
    "(SELECT DISTINCT dt, visit_id FROM fact_events WHERE consent = 'denied' AND NOT is_bot) d "
    "ON d.dt = v.dt AND d.visit_id = v.visit_id WHERE v.population = 'people' AND d.visit_id IS NULL) p"
)
_SUBJECTS: Final = f"SELECT p.subject, count(*) FROM {_PEOPLE} GROUP BY p.subject"  # noqa: S608 - constants
_SEEN: Final = (
    "SELECT DISTINCT app_id, item_type, item_id FROM fact_events WHERE event_type = 'page_view' AND NOT is_bot "
    "AND (http_status IS NULL OR http_status < 400) AND item_type IS NOT NULL AND item_id IS NOT NULL"
)
_BOUGHT: Final = (
    f"SELECT DISTINCT e.app_id, p.subject, e.item_type, e.item_id FROM {_PEOPLE} JOIN fact_events e "  # noqa: S608
    "ON e.dt = p.dt AND e.visit_id = p.visit_id WHERE e.event_type = 'purchase' AND NOT e.is_bot"
)
# Each kind of list: the letter in its row key, its table, what follows in the key, and its items.
_LISTS: Final = (
    ("s", "recommendations", ("subject",), ("item_type", "item_id", "score", "reason_item_id")),
    ("i", "similar_items", ("item_type", "item_id"), ("similar_item_type", "similar_item_id", "similarity", "NULL")),
    ("p", "popular_items", ("page_section",), ("item_type", "item_id", "NULL", "NULL")),
)


class _Window(NamedTuple):
    """What is published, and the day → run of the facts that it was learned from; None if some are gone."""

    which: Published
    facts: dict[str, str] | None


class LearningStore(Store):
    """The newest published segments and recommendations."""

    name = "learning"

    def __init__(self, files: Files, rows: Rows, lists: Lists | None, close: Callable[[], None]) -> None:
        """rows: runs a SELECT in Hive. lists: reads HBase's table; None if HBase does not run. close: both."""
        self._files, self._rows, self._lists, self._close = files, rows, lists, close
        self._totals: dict[str, Any] = {}

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Compares members, recommendations and lists."""
        findings = comparison.findings.of(self.name, {})
        if (segments := self._window(SEGMENTS_POINTER, findings)) is not None:
            comparison.say("Comparing segments with the facts.")
            self._compare_members(segments, findings)
        if (recommended := self._window(RECOMMENDATIONS_POINTER, findings)) is not None:
            comparison.say("Comparing recommendations with the facts and HBase.")
            self._compare_items(recommended, findings)
            if self._lists is not None:
                self._compare_lists(recommended.which, self._lists(), findings)
        return ()

    def summarise(self) -> Mapping[str, Any]:
        """members: of the segments. recommendations: rows in Hive. lists: rows in HBase."""
        if not self._totals:
            return {"compared": False, "reason": "nothing was learned yet"}
        return {"compared": True, **self._totals}

    def close(self) -> None:
        """Closes the connections."""
        self._close()

    def _window(self, pointer: str, findings: StoreFindings) -> _Window | None:
        """The newest published run of a kind; None if there is none, or its files were deleted."""
        known = published.read(self._files, pointer)
        if not known:
            return None
        which = known[max(known)]
        for table, day in presence.gone(self._files, tables_of(pointer), {str(which.day): which.run}):
            findings.say("deleted", f"The rows of {day} in {table} were deleted from HDFS. Run `./footfall learn`.")
            return None
        plan = self._files.read(which.manifest)
        facts = None if plan is None else dict(json.loads(plan)["partitions"])
        # Runs of days that were replaced are deleted after a day.
        if facts is not None and presence.gone(self._files, (FACT_VISITS, FACT_EVENTS), facts):
            facts = None
        return _Window(which, facts)

    def _learned(self, table: str, columns: Iterable[str], which: Published) -> Sequence[tuple[Any, ...]]:
        where = condition({str(which.day): which.run})
        return self._rows(f"SELECT {', '.join(columns)} FROM {DATABASE}.{table}_runs WHERE {where}")  # noqa: S608

    def _compare_members(self, window: _Window, findings: StoreFindings) -> None:
        members = self._learned("segment_members", ("subject", "visits"), window.which)
        self._totals["members"] = len(members)
        repeated = [subject for subject, n in Counter(subject for subject, _ in members).items() if n > 1]
        _name(findings, "member_twice", repeated, "{n} subjects are members of several segments")
        if window.facts is None:
            return
        wanted = {subject: int(visits) for subject, visits in self._rows(with_partitions(_SUBJECTS, window.facts))}
        found = {subject: int(visits) for subject, visits in members}
        _name(findings, "not_member", wanted.keys() - found.keys(), "{n} subjects of the window are in no segment")
        _name(findings, "foreign_member", found.keys() - wanted.keys(), "{n} members are no subjects of the window")
        differing = [subject for subject in wanted.keys() & found.keys() if wanted[subject] != found[subject]]
        _name(findings, "member_visits", differing, "{n} members have another number of visits than in the facts")

    def _compare_items(self, window: _Window, findings: StoreFindings) -> None:
        columns = ("app_id", "subject", "item_type", "item_id")
        recommended = [tuple(row) for row in self._learned("recommendations", columns, window.which)]
        self._totals["recommendations"] = len(recommended)
        if window.facts is None:
            return
        seen = {tuple(row) for row in self._rows(with_partitions(_SEEN, window.facts))}
        unknown = {"/".join(item) for app, _, *rest in recommended if (item := (app, *rest)) not in seen}
        _name(findings, "unknown_item", unknown, "{n} recommended items do not exist on their site")
        bought = {tuple(row) for row in self._rows(with_partitions(_BOUGHT, window.facts))}
        again = {subject for app, subject, *rest in recommended if (app, subject, *rest) in bought}
        _name(findings, "bought_item", again, "{n} subjects get an item that they bought in the window")

    def _compare_lists(
        self, which: Published, stored: Iterable[tuple[bytes, Mapping[bytes, bytes]]], findings: StoreFindings
    ) -> None:
        wanted = self._wanted_lists(which)
        found = {key: _stored_list(cells) for key, cells in stored}
        self._totals["lists"] = len(found)
        lost, foreign = wanted.keys() - found.keys(), found.keys() - wanted.keys()
        _name(findings, "not_in_hbase", map(_shown, lost), "{n} lists of Hive are not in HBase")
        _name(findings, "only_in_hbase", map(_shown, foreign), "{n} lists of HBase are not in Hive")
        differing = [key for key in wanted.keys() & found.keys() if wanted[key] != found[key]]
        _name(findings, "lists_differ", map(_shown, differing), "{n} lists of HBase differ from Hive")

    def _wanted_lists(self, which: Published) -> dict[bytes, list[list[Any]]]:
        ranked: dict[bytes, list[tuple[int, list[Any]]]] = defaultdict(list)
        for letter, table, of_key, of_item in _LISTS:
            for app, rank, *values in self._learned(table, ("app_id", "rank", *of_key, *of_item), which):
                key = "\0".join((app, letter, *values[: len(of_key)])).encode()
                ranked[key].append((int(rank), values[len(of_key) :]))
        return {key: [item for _, item in sorted(items, key=lambda one: one[0])] for key, items in ranked.items()}


def _stored_list(cells: Mapping[bytes, bytes]) -> list[list[Any]] | None:
    """The items of a row; None if it cannot be read. Each is [type, id, score, reason]."""
    try:
        items: list[list[Any]] = msgpack.unpackb(cells[b"f:list"])[4]
    except (KeyError, ValueError, IndexError, TypeError):
        return None
    return items


def _shown(key: bytes) -> str:
    return key.decode("utf-8", "replace").replace("\0", "/")


def _name(findings: StoreFindings, kind: str, offenders: Iterable[str], sentence: str) -> None:
    """Reports offenders, if there are any, with the first of their names."""
    if names := sorted(offenders):
        findings.say(kind, f"{sentence.format(n=len(names))}: {first_of(names, MAX_NAMED)}.")
