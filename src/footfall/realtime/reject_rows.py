"""Counts the rejected events of each site and minute, from one partition of `events.rejected`."""

import logging
from collections.abc import Iterable

from footfall import names
from footfall.realtime import tables
from footfall.realtime.alerts.figures import FiguresBySlot, figures_of_rejects
from footfall.realtime.event_parser import Unparsable, read_rejected
from footfall.realtime.row_store import MAX_ROWS, Batch, Record, Store

log = logging.getLogger(__name__)


class RejectRows:
    """The rejected events of each site and minute, counted from one partition of `events.rejected`."""

    def __init__(self, partition: int, store: Store) -> None:
        self._column = tables.rejected_column(partition)
        self._name = f"{names.TOPIC_REJECTED}/{partition}"
        self._store = store
        self._rows: dict[str, tuple[int, int]] = {}
        self._unreported: list[tuple[str, int]] = []
        self._is_late = False

    def count(self, records: Iterable[Record], last: int, since_ms: int) -> tuple[Batch, int]:
        """As `EventRows.count`."""
        keys, faults = [], []
        for offset, record in records:
            try:
                keys.append((offset, *read_rejected(record)))
            except Unparsable as error:
                faults.append((offset, error))
        unknown = {key: key.encode() for _, key, *_ in keys if key not in self._rows}
        if unknown:
            wanted = sorted(unknown.values())
            found = self._store.read_cells(names.TABLE_MINUTE_METRICS, self._column, wanted)
            for key, encoded in unknown.items():
                cell = found.get(encoded)
                self._rows[key] = tables.decode_rejected(cell) if cell is not None else (-1, 0)
        for offset, fault in faults:
            log.warning("%s offset %d is not a reject record and is not counted: %s.", self._name, offset, fault)
        dirty: set[str] = set()
        for offset, key, app, at_ms in keys:
            counted_to, count = self._rows[key]
            if counted_to < offset:
                self._rows[key] = (offset, count + 1)
                dirty.add(key)
                if at_ms >= since_ms:
                    self._unreported.append((app, at_ms))
                else:
                    self._is_late = True
        cells = {}
        for key in dirty:
            count = self._rows[key][1]
            self._rows[key] = (last, count)
            cells[key.encode()] = {self._column: tables.encode_rejected(last, count)}
        return {names.TABLE_MINUTE_METRICS: cells}, len(faults)

    def take_figures(self) -> tuple[FiguresBySlot, bool]:
        """As `EventRows.take_figures`."""
        arrived, self._unreported = self._unreported, []
        is_late, self._is_late = self._is_late, False
        return figures_of_rejects(arrived), is_late

    def evict_oldest(self) -> None:
        """As `EventRows.evict_oldest`, but evicts the rows that were loaded first: there are few."""
        if len(self._rows) > MAX_ROWS:
            self._rows = dict(list(self._rows.items())[-(MAX_ROWS * 3 // 4) :])
