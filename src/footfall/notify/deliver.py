"""Delivers the alerts of the topic `alerts`: once when raised, once when the severity rises, and once when resolved.

The topic is the queue, so an alert that was not delivered is still there after a restart. Webhook and mail are
channels: each reads the queue by itself and has its own offset, so one that is away keeps nothing back from the other.
Each alert is delivered at least once; a receiver recognizes a repeat by its delivery id.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from footfall import names
from footfall.events.times import parse_rfc3339_ms
from footfall.notify import mail, sentences, webhook
from footfall.notify.message import read
from footfall.secret_files import secret
from footfall.settings import Settings

log = logging.getLogger(__name__)

KEY: Final = "webhook-key"
_POLL_S: Final = 1.0
_ASK_S: Final = 5.0
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0
# Alerts older than an hour are no longer worth a notification.
_TOO_OLD_MS: Final = 3_600_000
_REMEMBERED: Final = 1_000

Alert = dict[str, Any]
# Sends one alert. Raises WebhookRefused and OSError.
Send = Callable[[Alert], None]


def channels(settings: Settings) -> dict[str, Send]:
    """How each channel of the settings sends an alert, by the channel's name."""
    found: dict[str, Send] = {}
    alerts = settings.alerts
    if alerts.mail_to:
        found["mail"] = lambda alert: mail.write(alert, alerts.mail_to, settings.mail_dir)
    if alerts.webhook_url:
        found["webhook"] = lambda alert: _post(settings, alert)
    return found


def group(channel: str) -> str:
    """The consumer group under which Kafka keeps the offset of a channel."""
    return f"footfall-notify-{channel}"


class Deliverer:
    """Sends alerts through one channel. Used by one thread."""

    def __init__(self, channel: str, send: Send, stop: threading.Event) -> None:
        self._channel, self._send, self._stop = channel, send, stop
        self._delivered: OrderedDict[str, str] = OrderedDict()

    def take(self, record: bytes) -> None:
        """Delivers a message of the topic, unless the same degree of this alert was delivered before.

        Returns when it is delivered, when delivery is given up, or when `stop` is set.
        """
        try:
            alert = read(record)
        except ValueError:
            log.warning("A message of %s is no alert and is not delivered.", names.TOPIC_ALERTS)
            return
        degree = sentences.degree(alert)
        if self._delivered.get(alert["alert_id"]) == degree:
            return
        at_ms = parse_rfc3339_ms(alert["resolved_at"] or alert["raised_at"])
        self._deliver(alert, sentences.title(alert), at_ms)
        if not self._stop.is_set():
            self._delivered[alert["alert_id"]] = degree
            while len(self._delivered) > _REMEMBERED:
                self._delivered.popitem(last=False)

    def _deliver(self, alert: Alert, title: str, at_ms: int) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            if time.time() * 1000 - at_ms > _TOO_OLD_MS:
                log.warning("%s: older than an hour, so it is no longer delivered by %s.", title, self._channel)
                return
            try:
                self._send(alert)
            except webhook.WebhookRefused as error:
                log.warning("%s: %s", title, error)
                if not error.again:
                    return
            except OSError as error:
                log.warning("%s: %s did not deliver it: %s", title, self._channel, error)
            else:
                log.info("%s: delivered by %s.", title, self._channel)
                return
            self._stop.wait(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def run(settings: Settings, stop: threading.Event) -> None:
    """Delivers alerts by each channel until `stop` is set, and continues after outages of Kafka."""
    threads = [
        threading.Thread(target=_keep_running, args=(settings, name, send, stop), name=f"deliver-{name}", daemon=True)
        for name, send in channels(settings).items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _keep_running(settings: Settings, channel: str, send: Send, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            _run(settings, channel, send, stop)
        except Exception:
            # An error that ended this thread would end all deliveries of the channel unnoticed.
            log.exception("Delivering alerts by %s failed; it starts again", channel)
            stop.wait(_LONGEST_WAIT_S)


def _run(settings: Settings, channel: str, send: Send, stop: threading.Event) -> None:
    deliverer = Deliverer(channel, send, stop)
    consumer: Any = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "group.id": group(channel),
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


def _post(settings: Settings, alert: Alert) -> None:
    content, key = webhook.body(alert), secret(settings, KEY)
    sent = webhook.headers(content, key, mail.name(alert), int(time.time()))
    webhook.post(settings.alerts.webhook_url, content, sent)
