"""The stores that `verify` compares, one module each. A module contains only what its store needs.

To add a store, write a module with a subclass of `store.Store` and add it to `stores_of`.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from footfall.hdfs import Hdfs
from footfall.hive import Hive
from footfall.names import TABLE_RECOMMENDATIONS
from footfall.realtime.store import WRITER_TIMEOUT_S, HBaseStore
from footfall.runtime import requested
from footfall.settings import Settings
from footfall.site_addresses import service_of
from footfall.verification import spools
from footfall.verification.archive_files import ArchiveFiles
from footfall.verification.hbase_live_tables import HBaseLiveTables
from footfall.verification.ledger_files import LedgerFiles
from footfall.verification.live_progress import LiveProgress
from footfall.verification.stores.archive import ArchiveStore
from footfall.verification.stores.hive import HiveStore
from footfall.verification.stores.kafka import KafkaStore
from footfall.verification.stores.learning import LearningStore
from footfall.verification.stores.ledger import LedgerStore
from footfall.verification.stores.live import LiveStore
from footfall.verification.stores.logs import LogsStore
from footfall.verification.stores.rejected import RejectedStore
from footfall.verification.stores.store import NotCompared, Store


def stores_of(settings: Settings, since_ms: int | None) -> list[Store]:
    """The stores that the last `up` started, in the order in which they are awaited and read.

    since_ms: stores that are not compared with Kafka leave out hours before the hour of this time, ms since 1970.
    """
    services = requested.read(settings)
    apps = spools.known_apps(settings)
    running = {app for app in apps if service_of(settings, app) in services}
    tables, retention = HBaseLiveTables(settings), settings.retention
    progress = LiveProgress(tables)
    return [
        # First, because it frees the memory of the sites' lines before the other stores read.
        LogsStore(settings, Hdfs(settings), since_ms) if "flume" in services else NotCompared("logs"),
        LedgerStore(LedgerFiles(settings), partial(spools.look_at, settings), apps, running),
        KafkaStore(),
        ArchiveStore(ArchiveFiles(Hdfs(settings)), retention.hdfs_events_days)
        if "spark-streaming" in services
        else NotCompared("archive"),
        # After stores with long waits, because HBase's gateway closes idle connections.
        LiveStore(tables, progress, retention.live_days),
        RejectedStore(tables, progress),
        HiveStore(Hdfs(settings), Hive(settings), ArchiveFiles(Hdfs(settings)))
        if "hive-server2" in services
        else NotCompared("hive"),
        _learning(settings, "hbase-thrift" in services) if "hive-server2" in services else NotCompared("learning"),
    ]


def _learning(settings: Settings, with_lists: bool) -> LearningStore:
    """The store of what was learned. with_lists: whether HBase runs, too."""
    hive, tables = Hive(settings), HBaseStore(settings, WRITER_TIMEOUT_S)

    def lists() -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
        for key, cells in tables.stamped(TABLE_RECOMMENDATIONS):
            yield key, {column: cell for column, (cell, _) in cells.items()}

    def close() -> None:
        hive.close()
        tables.close()

    return LearningStore(Hdfs(settings), hive.rows, lists if with_lists else None, close)
