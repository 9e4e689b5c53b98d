"""Delivers the alerts of the topic `alerts`: once when raised, once when the severity rises, and once when resolved.

The topic is the queue, so an alert that was not delivered is still there after a restart. Each is delivered at least
once; a receiver recognizes a repeat by its delivery id.
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
# Alerts older than an hour are no longer worth a notification.
_TOO_OLD_MS: Final = 3_600_000
_REMEMBERED: Final = 1_000

Alert = dict[str, Any]


class Deliverer:
    """Sends alerts to the webhook and the mail address of the settings. Used by one thread."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._stop = stop
        self._channels: dict[str, Callable[[Alert], None]] = {}
        self._delivered: OrderedDict[str, str] = OrderedDict()
        alerts = settings.alerts
        # Mail comes first, because writing a file does not wait for another service.
        if alerts.mail_to:
            self._channels["mail"] = lambda alert: mail.write(alert, alerts.mail_to, settings.mail_dir)
        if alerts.webhook_url:
            key = secret(settings, KEY)
            self._channels["webhook"] = lambda alert: _post(alerts.webhook_url, key, alert)

    def take(self, record: bytes) -> None:
        """Delivers a message of the topic, unless the same degree of this alert was delivered before.

        Returns when it is delivered, when delivery is given up, or when `stop` is set.
        """
        try:
            alert: Alert = orjson.loads(record)
            degree = sentences.degree(alert)
            before = self._delivered.get(alert["alert_id"])
            at_ms = parse_rfc3339_ms(alert["resolved_at"] or alert["raised_at"])
            title = sentences.title(alert)
        except (ValueError, KeyError, TypeError):
            log.warning("A message of %s is no alert and is not delivered.", names.TOPIC_ALERTS)
            return
        if before == degree:
            return
        for name, send in self._channels.items():
            self._deliver(name, send, alert, title, at_ms)
        if not self._stop.is_set():
            self._delivered[alert["alert_id"]] = degree
            while len(self._delivered) > _REMEMBERED:
                self._delivered.popitem(last=False)

    def _deliver(self, name: str, send: Callable[[Alert], None], alert: Alert, title: str, at_ms: int) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            if time.time() * 1000 - at_ms > _TOO_OLD_MS:
                log.warning("%s: older than an hour, so it is no longer delivered by %s.", title, name)
                return
            try:
                send(alert)
            except webhook.WebhookRefused as error:
                log.warning("%s: %s", title, error)
                if not error.again:
                    return
            except OSError as error:
                log.warning("%s: %s did not deliver it: %s", title, name, error)
            else:
                log.info("%s: delivered by %s.", title, name)
                return
            self._stop.wait(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def run(settings: Settings, stop: threading.Event) -> None:
    """Delivers alerts until `stop` is set, and continues after outages of Kafka."""
    while not stop.is_set():
        try:
            _run(settings, stop)
        except Exception:
            # An error that ended this thread would end all deliveries unnoticed.
            log.exception("Delivering alerts failed; it starts again")
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
    """Assigns the partition from its committed offset; the first time from its end, so that no old alert is sent."""
    partition = TopicPartition(names.TOPIC_ALERTS, 0)
    try:
        (committed,) = consumer.committed([partition], timeout=_ASK_S)
        if committed.offset < 0:
            _, partition.offset = consumer.get_watermark_offsets(partition, timeout=_ASK_S)
            consumer.commit(offsets=[partition], asynchronous=False)
        else:
            partition.offset = committed.offset
    except KafkaException as error:
        log.warning("Alerts are not delivered yet: %s", error.args[0].str())
        return False
    # There is one partition and one reader, so no group has to balance anything.
    consumer.assign([partition])
    return True


def _commit(consumer: Any, partition: TopicPartition) -> None:
    try:
        consumer.commit(offsets=[partition], asynchronous=False)
    except KafkaException as error:
        log.warning("After a restart an alert will be delivered again: %s", error.args[0].str())


def _post(url: str, key: bytes, alert: Alert) -> None:
    content = webhook.body(alert)
    webhook.post(url, content, webhook.headers(content, key, mail.name(alert), int(time.time())))
