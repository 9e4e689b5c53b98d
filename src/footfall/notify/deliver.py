"""Delivers what the topic `alerts` holds: an alert when it is raised, when it grows worse by a degree, and when it is
over.

The topic is the queue: what was not delivered is still there after a restart. Each is delivered at least once; a
receiver knows a repeat by its name.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import orjson
from confluent_kafka import Consumer, KafkaException, TopicPartition

from footfall import names
from footfall.events.times import parse_rfc3339_ms
from footfall.notify import mail, sentences, webhook
from footfall.secret_files import secret
from footfall.settings import Settings

log = logging.getLogger(__name__)

GROUP: Final = "footfall-notify"
KEY: Final = "webhook-key"
_POLL_S: Final = 1.0
_ASK_S: Final = 5.0
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0
# Nobody is called for what was an hour ago.
_TOO_OLD_MS: Final = 3_600_000
_REMEMBERED: Final = 1_000

Alert = dict[str, Any]


class Deliverer:
    """Sends alerts where the settings say. Used by one thread."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._stop = stop
        self._channels: dict[str, Callable[[Alert], None]] = {}
        self._told: OrderedDict[str, str] = OrderedDict()
        told = settings.alerts
        # First what waits for nobody.
        if told.mail_to:
            self._channels["mail"] = lambda alert: mail.write(alert, told.mail_to, settings.mail_dir)
        if told.webhook_url:
            key = secret(settings, KEY)
            self._channels["webhook"] = lambda alert: _post(told.webhook_url, key, alert)

    def take(self, record: bytes) -> None:
        """Delivers what a message of the topic says, if it is news. Returns when it is delivered, given up, or when it
        is time to stop."""
        try:
            alert: Alert = orjson.loads(record)
            news = sentences.degree(alert)
            known = self._told.get(alert["alert_id"])
            at_ms = parse_rfc3339_ms(alert["resolved_at"] or alert["raised_at"])
            title = sentences.title(alert)
        except (ValueError, KeyError, TypeError):
            log.warning("A message of %s is no alert and is not delivered.", names.TOPIC_ALERTS)
            return
        if known == news:
            return
        for name, send in self._channels.items():
            self._deliver(name, send, alert, title, at_ms)
        if not self._stop.is_set():
            self._told[alert["alert_id"]] = news
            while len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)

    def _deliver(self, name: str, send: Callable[[Alert], None], alert: Alert, title: str, at_ms: int) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            if time.time() * 1000 - at_ms > _TOO_OLD_MS:
                log.warning("%s: older than an hour, not told by %s any more.", title, name)
                return
            try:
                send(alert)
            except webhook.WebhookRefused as error:
                log.warning("%s: %s", title, error)
                if not error.again:
                    return
            except OSError as error:
                log.warning("%s: not told by %s: %s", title, name, error)
            else:
                log.info("%s: told by %s.", title, name)
                return
            self._stop.wait(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def run(settings: Settings, stop: threading.Event) -> None:
    """Delivers until it is time to stop. Kafka may be away meanwhile."""
    while not stop.is_set():
        try:
            _run(settings, stop)
        except Exception:
            # In a thread nobody else would tell of it, and nobody would be told of anything any more.
            log.exception("Delivering alerts begins anew")
            stop.wait(_LONGEST_WAIT_S)


def _run(settings: Settings, stop: threading.Event) -> None:
    deliverer = Deliverer(settings, stop)
    consumer: Any = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "reconnect.backoff.max.ms": 1000,
            "enable.metrics.push": False,
            "log_level": 2,
        }
    )
    try:
        while not stop.is_set() and not _begin(consumer):
            stop.wait(_ASK_S)
        while not stop.is_set():
            message = consumer.poll(_POLL_S)
            if message is None or message.error() is not None:
                continue
            deliverer.take(message.value())
            if not stop.is_set():
                _commit(consumer, TopicPartition(names.TOPIC_ALERTS, 0, message.offset() + 1))
    finally:
        consumer.close()


def _begin(consumer: Any) -> bool:
    """Sets it where it ended last, at first to the end: what was before somebody wanted to know is not told."""
    place = TopicPartition(names.TOPIC_ALERTS, 0)
    try:
        (committed,) = consumer.committed([place], timeout=_ASK_S)
        if committed.offset < 0:
            _, place.offset = consumer.get_watermark_offsets(place, timeout=_ASK_S)
            consumer.commit(offsets=[place], asynchronous=False)
        else:
            place.offset = committed.offset
    except KafkaException as error:
        log.warning("Alerts are not delivered yet: %s", error.args[0].str())
        return False
    # It is one partition, and there is one reader: nothing to share out.
    consumer.assign([place])
    return True


def _commit(consumer: Any, place: TopicPartition) -> None:
    try:
        consumer.commit(offsets=[place], asynchronous=False)
    except KafkaException as error:
        log.warning("After a restart an alert will be delivered again: %s", error.args[0].str())


def _post(url: str, key: bytes, alert: Alert) -> None:
    content = webhook.body(alert)
    webhook.post(url, content, webhook.headers(content, key, mail.name(alert), int(time.time())))
