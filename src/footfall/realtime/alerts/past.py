"""Loads the watch of a new process from the live tables, and reads the stored alerts."""

from footfall import names
from footfall.metrics.dimension_limit import LIMITED
from footfall.realtime import aggregate_reader, tables
from footfall.realtime.alerts.alert import Alert
from footfall.realtime.alerts.figures import BASELINE_MINUTES, LONG_SLOTS, SLOT_MS, Figures
from footfall.realtime.alerts.watch import Watch
from footfall.realtime.apps import counted_apps
from footfall.realtime.store import HBaseStore


def load_watch(store: HBaseStore, until: int) -> Watch:
    """A watch with the figures and alerts of the half hour before a minute (since 1970). Raises HBaseUnavailable."""
    first = until - BASELINE_MINUTES
    first_ms = first * LONG_SLOTS * SLOT_MS
    watch = Watch(alert for alert in stored_alerts(store) if alert.resolved_ms is None or alert.resolved_ms >= first_ms)
    apps = counted_apps(store)
    for dimension in ("app", "page"):
        rows = aggregate_reader.scan(store, names.TABLE_MINUTE_METRICS, apps, dimension, first, until)
        for key, cells in rows:
            path = key.value if dimension == "page" else None
            if path == LIMITED["page"]:
                path, figures = None, Figures(without_row=_minute_figures(cells, is_site=True).events)
            else:
                figures = _minute_figures(cells, is_site=path is None)
            watch.add(key.app_id, path, key.minute * LONG_SLOTS, figures)
    for key, people, bots in aggregate_reader.visitors(store, apps, "app", first, until):
        watch.add(
            key.app_id,
            None,
            key.minute * LONG_SLOTS,
            _visitor_counts(aggregate_reader.distinct(people), aggregate_reader.distinct(bots)),
        )
    return watch


def stored_alerts(store: HBaseStore) -> list[Alert]:
    """All stored alerts, in no order. Raises HBaseUnavailable."""
    rows = store.scan(names.TABLE_ALERTS, b"\0", b"\xff")
    return [tables.decode_alert(cells[tables.ALERT_COLUMN]) for _, cells in rows if tables.ALERT_COLUMN in cells]


def _minute_figures(cells: dict[bytes, bytes], is_site: bool) -> Figures:
    """The figures of one minute, summed over all partitions."""
    figures = Figures()
    for column, cell in cells.items():
        if not column.startswith(b"f:e"):
            figures.rejected += tables.decode_rejected(cell)[1]
            continue
        people, bots = tables.decode_counts(cell)[1:3]
        figures.tried += people.page_views + people.error_events
        figures.failed += people.errors
        for bucket, views in people.responses.items():
            figures.responses[bucket] = figures.responses.get(bucket, 0) + views
        if is_site:
            figures.events += people.events + bots.events
    return figures


def _visitor_counts(people: int, bots: int) -> Figures:
    """Figures with these numbers of visitors. Their identities are made up, since the rules compare numbers only."""
    return Figures(people=set(range(people)), bots=set(range(-bots, 0)))
