"""Verifies the running platform: takes the cut, waits until the stores have reached it, and compares them."""

import time
from contextlib import ExitStack, closing

from footfall.kafka.logs import describe
from footfall.settings import Settings
from footfall.verification.kafka_log import KafkaLog
from footfall.verification.patience import Patience, Say
from footfall.verification.reconcile import reconcile, take_cut
from footfall.verification.report import Report
from footfall.verification.stores import stores_of


def verify(settings: Settings, since_ms: int | None, wait_s: float, say: Say) -> Report:
    """Reconciles all stores that `up` started.

    since_ms: hours before the hour of this time are left out. wait_s: limit of each wait, in seconds. say: receives
    progress messages. Raises EngineUnavailable if an engine that must be read does not answer.
    """
    with ExitStack() as opened:
        stores = stores_of(settings, since_ms)
        for store in stores:
            opened.callback(store.close)
        topics = describe(settings)
        log = opened.enter_context(closing(KafkaLog(settings.kafka_bootstrap)))
        at_ms = time.time_ns() // 1_000_000
        cut = take_cut(log, topics, stores, at_ms, lambda: Patience(wait_s, say))
        return reconcile(log, stores, cut, settings.retention, since_ms, say)
