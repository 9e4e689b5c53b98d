"""Compares the live counts of rejected events with `events.rejected`, where every record counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from footfall import names
from footfall.realtime import tables
from footfall.verification.cut import Cut, PartitionRange
from footfall.verification.events_scan import EventsCheck
from footfall.verification.live_cells import label
from footfall.verification.live_progress import LiveProgress
from footfall.verification.live_tables import LiveTables
from footfall.verification.patience import Patience
from footfall.verification.recount import AggregateKey
from footfall.verification.rejected_scan import RejectedCheck, RejectedRecord
from footfall.verification.stores import live
from footfall.verification.stores.store import Comparison, Store


class RejectedStore(Store):
    """The rejected events of each site and minute. The cells are in the live tables, so it shares their name."""

    name = live.LiveStore.name

    def __init__(self, tables: LiveTables, progress: LiveProgress) -> None:
        self._tables, self._progress = tables, progress

    def await_cut(self, cut: Cut, patience: Patience) -> None:
        """Waits until everything before the cut is counted."""
        self._progress.await_cut(cut, patience)

    def compare(self, comparison: Comparison) -> Sequence[EventsCheck | RejectedCheck]:
        """Returns the check, which reads the cells partition by partition."""
        self._check = _RejectedCells(self._tables, self._progress, comparison)
        return (self._check,)

    def summarise(self) -> Mapping[str, Any]:
        """The number of cells that count a reject before the cut."""
        return {"compared": True, "rejected_cells": self._check.cells}


class _RejectedCells(RejectedCheck):
    def __init__(self, tables: LiveTables, progress: LiveProgress, comparison: Comparison) -> None:
        self._tables, self._progress, self._first_hour = tables, progress, comparison.first_hour
        self._findings = comparison.findings.of(RejectedStore.name, live.SENTENCES)
        self._partition = PartitionRange(names.TOPIC_REJECTED, 0, 0, 0, 0)
        self._counted = -1
        self._cells: dict[bytes, tuple[int, int]] = {}
        self._recount = Counter[bytes]()
        # Rows that count a reject before the cut.
        self._before_cut: set[bytes] = set()
        self._unreadable = 0
        self.cells = 0

    def read(self, partition: int) -> None:
        """Reads the partition's cells."""
        column = tables.rejected_column(partition)
        found = self._tables.cells(names.TABLE_MINUTE_METRICS, column, self._first_hour * 60)
        self._cells = {key: tables.decode_rejected(cell) for key, cell in found}

    def begin(self, partition: PartitionRange) -> None:
        """Determines how far the partition is counted."""
        self._partition = partition
        self._counted = self._progress.counted((partition.topic, partition.number), partition.start)
        self._progress.judge_tail(partition, self._findings)
        self._recount, self._before_cut, self._unreadable = Counter(), set(), 0

    def record(self, rejected: RejectedRecord) -> None:
        """Adds the reject to the recount of its row."""
        hour = rejected.minute // 60
        if hour < self._first_hour:
            return
        row = AggregateKey(rejected.app_id, "app", rejected.minute, "")
        key = tables.encode_row_key(*row)
        cell = self._cells.get(key)
        if cell is not None and rejected.offset <= cell[0]:
            self._recount[key] += 1
            if rejected.offset < self._partition.cut:
                self._before_cut.add(key)
        elif rejected.offset <= self._counted:
            kind = "row_missing" if cell is None else "row_late"
            name = f"{label(row)}: {names.TOPIC_REJECTED}/{self._partition.number} offset {rejected.offset}"
            self._findings.add(kind, rejected.app_id, hour, name)

    def unreadable(self, offset: int) -> None:
        """Counts an unreadable record, which the live path must have skipped."""
        self._unreadable += offset <= self._counted

    def end(self) -> None:
        """Compares the cells with the recount."""
        for key, (_, count) in self._cells.items():
            row, recounted = AggregateKey(*tables.decode_row_key(key)), self._recount[key]
            if row.minute // 60 >= self._first_hour and count != recounted:
                name = f"{label(row)}: rejected {count} instead of {recounted}"
                self._findings.add("row_differs" if recounted else "row_extra", row.app_id, row.minute // 60, name)
        self.cells += len(self._before_cut)
        self._progress.judge_unreadable(self._partition, self._unreadable, self._findings)
