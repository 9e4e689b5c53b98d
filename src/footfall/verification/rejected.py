"""The live counts of rejected events against `events.rejected`, where every record counts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from footfall import names
from footfall.events.times import parse_rfc3339_ms
from footfall.realtime import tables
from footfall.verification.findings import Findings
from footfall.verification.kafka_log import Record
from footfall.verification.live import LiveTables, label
from footfall.verification.log_scan import Partition
from footfall.verification.recount import AggregateKey
from footfall.verification.report import Tally


@dataclass(slots=True)
class Rejected:
    """What `events.rejected` holds; identities: app and event_id, where the event had one fit to be kept."""

    records: int = 0
    unreadable: int = 0
    unreadable_counted: int = 0
    identities: set[tuple[str, str]] = field(default_factory=set)


class RejectsCheck:
    """Compares how many rejected events each site and minute has with the records of `events.rejected`."""

    def __init__(self, live: LiveTables, floor: int, findings: Findings, tally: Tally) -> None:
        """floor: first hour compared, hours since 1970."""
        self._live, self._floor, self._findings, self._tally = live, floor, findings, tally
        self._cells: dict[bytes, tuple[int, int]] = {}
        self.cells = 0

    def read(self, partition: int) -> None:
        """Reads the partition's cells. Kafka's end must be asked for afterwards."""
        column = tables.rejected_column(partition)
        found = self._live.cells(names.TABLE_MINUTE_METRICS, column, self._floor * 60)
        self._cells = {key: tables.decode_rejected(cell) for key, cell in found}

    def partition(self, partition: Partition, records: Iterable[Record]) -> Rejected:
        """Reads the log once and compares."""
        sums, counted = Rejected(), Counter[bytes]()
        for offset, value in records:
            sums.records += 1
            try:
                app, minute, event_id = _read_rejected(value)
            except (KeyError, TypeError, ValueError):
                sums.unreadable += 1
                sums.unreadable_counted += offset <= partition.counted
                continue
            hour = minute // 60
            if event_id is not None:
                sums.identities.add((app, event_id))
            if hour < self._floor:
                continue
            if offset < partition.cut:
                self._tally.add("rejected", app, hour)
            row = AggregateKey(app, "app", minute, "")
            key = tables.encode_row_key(*row)
            cell = self._cells.get(key)
            if cell is not None and offset <= cell[0]:
                counted[key] += 1
            elif offset <= partition.counted:
                kind = "row_missing" if cell is None else "row_late"
                name = f"{label(row)}: {names.TOPIC_REJECTED}/{partition.number} offset {offset}"
                self._findings.add("live", kind, app, hour, name)
        for key, (_, count) in self._cells.items():
            row = AggregateKey(*tables.decode_row_key(key))
            if row.minute // 60 >= self._floor:
                self.cells += 1
                if count != counted[key]:
                    name = f"{label(row)}: rejected {count} instead of {counted[key]}"
                    kind = "row_differs" if counted[key] else "row_extra"
                    self._findings.add("live", kind, row.app_id, row.minute // 60, name)
        return sums


def _read_rejected(value: bytes) -> tuple[str, int, str | None]:
    """App, minute and the event's id, if it had one, of a record of `events.rejected`."""
    fields = orjson.loads(value)
    app, event_id = fields["app_id"], fields.get("event_id")
    if type(app) is not str or "\0" in app:
        raise TypeError("app_id is no text")
    return app, parse_rfc3339_ms(fields["rejected_at"]) // 60_000, event_id
