"""What the live tables know of the last half hour, so that a watch begins where another one ended."""

from footfall import names
from footfall.realtime import aggregate_reader, tables
from footfall.realtime.alerts.alert import Alert
from footfall.realtime.alerts.moments import BASELINE_MINUTES, LONG_SLOTS, SLOT_MS, Moment
from footfall.realtime.alerts.watch import Watch
from footfall.realtime.apps import counted_apps
from footfall.realtime.store import HBaseStore


def watch(store: HBaseStore, until: int) -> Watch:
    """A watch that knows the half hour before a minute (since 1970), and its alerts. Raises HBaseUnavailable."""
    first = until - BASELINE_MINUTES
    first_ms = first * LONG_SLOTS * SLOT_MS
    found = Watch(alert for alert in alerts(store) if alert.resolved_ms is None or alert.resolved_ms >= first_ms)
    apps = counted_apps(store)
    for dimension in ("app", "page"):
        rows = aggregate_reader.scan(store, names.TABLE_MINUTE_METRICS, apps, dimension, first, until)
        for key, cells in rows:
            path = key.value if dimension == "page" else None
            found.add(key.app_id, path, key.minute * LONG_SLOTS, _counted(cells, path is None))
    for key, people, bots in aggregate_reader.visitors(store, apps, "app", first, until):
        found.add(
            key.app_id,
            None,
            key.minute * LONG_SLOTS,
            _crowd(aggregate_reader.distinct(people), aggregate_reader.distinct(bots)),
        )
    return found


def alerts(store: HBaseStore) -> list[Alert]:
    """All that are kept, in no order. Raises HBaseUnavailable."""
    rows = store.scan(names.TABLE_ALERTS, b"\0", b"\xff")
    return [tables.decode_alert(cells[tables.ALERT_COLUMN]) for _, cells in rows if tables.ALERT_COLUMN in cells]


def _counted(cells: dict[bytes, bytes], is_site: bool) -> Moment:
    """A minute's figures, all partitions together."""
    moment = Moment()
    for column, cell in cells.items():
        if not column.startswith(b"f:e"):
            moment.rejected += tables.decode_rejected(cell)[1]
            continue
        people, bots = tables.decode_counts(cell)[1:3]
        moment.tried += people.page_views + people.error_events
        moment.failed += people.errors
        for bucket, views in people.responses.items():
            moment.responses[bucket] = moment.responses.get(bucket, 0) + views
        if is_site:
            moment.events += people.events + bots.events
    return moment


def _crowd(people: int, bots: int) -> Moment:
    """So many of each. Who they were nobody knows any more, and nobody needs to: minutes are compared by numbers."""
    return Moment(people=set(range(people)), bots=set(range(-bots, 0)))
