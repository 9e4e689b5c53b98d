"""Alerts as text, as signed requests to a receiver that sometimes fails, and as mails."""

import email
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from email.policy import default
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from footfall.events.times import format_rfc3339_ms
from footfall.notify import deliver, mail, sentences, webhook
from footfall.notify.deliver import Deliverer
from footfall.realtime.alerts.alert import KINDS, Alert, row
from footfall.secret_files import secret
from footfall.settings import Settings, SettingsError, load_settings
from tests.support.receiver import Receiver, receiving


def alert(kind: str = "errors", **changes: Any) -> dict[str, Any]:
    """A row that was raised just now."""
    now_ms = int(time.time() * 1000)
    raised = Alert(
        kind, "shop", "/cart", "warning", "open", now_ms - 15_000, now_ms, None, 0.25, 0.004, 40, 1e-9, "r-1"
    )
    return row(raised) | changes


def message(one: dict[str, Any]) -> bytes:
    return json.dumps(one).encode()


@pytest.mark.parametrize(
    ("kind", "title", "evidence"),
    [
        ("errors", "Errors", "25.0 % of 40 page views and browser errors failed; 0.4 % is usual."),
        (
            "slow",
            "Slow responses",
            "25.0 % of 40 page views took longer than 0.1 s and than 95 % of them did before; 0.4 % is usual.",
        ),
        ("bots", "Bot wave", "25.0 % of 40 visitors were bots; 0.4 % is usual."),
        ("rejects", "Rejected events", "25.0 % of 40 events were rejected; 0.4 % is usual."),
    ],
)
def test_an_alert_in_words(kind: str, title: str, evidence: str) -> None:
    assert sentences.title(alert(kind)) == f"{title} on shop, page /cart"
    assert sentences.title(alert(kind, page_path=None)) == f"{title} on shop"
    assert sentences.evidence(alert(kind)) == evidence


def test_a_drop_is_worded_in_events() -> None:
    dropped = alert("drop", page_path=None, observed=12.0, expected=1180.5)
    assert sentences.evidence(dropped) == "12 events arrived in a minute; 1,180 are usual."


def test_every_kind_has_a_text() -> None:
    assert all(sentences.whole(alert(kind)) for kind in KINDS)


def test_a_visitors_text_ends_no_line() -> None:
    hostile = alert(page_path="/x\nBcc: all@example.org\u202e", sample_request_id="r\r\n2")
    assert "\n" not in sentences.title(hostile)
    assert len(sentences.whole(hostile).splitlines()) == 4
    made = email.message_from_bytes(bytes(mail.mail(hostile, "oncall@example.org")), policy=default)
    assert made["Bcc"] is None
    assert made["Subject"] == "[Footfall] warning: Errors on shop, page /x%0ABcc%3A%20all%40example.org%E2%80%AE"


@pytest.mark.parametrize(
    "hostile",
    [
        "/<!channel> <!here> <@U123>",
        "/@here @everyone @channel",
        "/<http://evil.example|Reset>",
        "/[Reset](http://evil.example)",
        "/ http://evil.example/",
        "/www.evil.example",
        "/WWW.evil.example",
        "/`code` *bold* ~gone~ |quote| #general :bell:",
        "/a&amp;b",
    ],
)
def test_a_visitors_text_is_no_mention_and_no_link_in_a_chat(hostile: str) -> None:
    content = json.loads(webhook.body(alert(page_path=hostile, sample_request_id=hostile)))
    first, *_, last = content["text"].splitlines()
    for shown in (first, last):
        assert set("<>@[]&|`*#").isdisjoint(shown)
        assert "://" not in shown
        assert "www." not in shown.lower()
    assert content["alert"]["page_path"] == hostile


def test_a_path_as_browsers_write_it_stays_as_it_is() -> None:
    for path in ("/product/blue-kettle_2.html", "/caf%C3%A9/~", "/日本語", "/größe"):
        assert sentences.title(alert(page_path=path)).endswith(path)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(deliver, "_FIRST_WAIT_S", 0.01)
    with receiving() as running:
        yield running


def settings_of(tmp_path: Path, receiver: Receiver) -> Settings:
    """Both channels."""
    alerts = {"webhook_url": receiver.url, "mail_to": "oncall@example.org"}
    return Settings.model_validate({"home": tmp_path, "alerts": alerts})


def deliverer(
    tmp_path: Path, receiver: Receiver, stop: threading.Event | None = None, channel: str = "webhook"
) -> Deliverer:
    send = deliver.channels(settings_of(tmp_path, receiver))[channel]
    return Deliverer(channel, send, stop or threading.Event())


def test_a_receiver_can_verify_the_signature(tmp_path: Path, receiver: Receiver) -> None:
    sent = alert()
    deliverer(tmp_path, receiver).take(message(sent))
    ((headers, content),) = receiver.requests
    key = secret(Settings(home=tmp_path), deliver.KEY)
    signed = hmac.new(key, f"{headers['X-Footfall-Timestamp']}.".encode() + content, hashlib.sha256).hexdigest()
    assert headers["X-Footfall-Signature"] == f"sha256={signed}"
    assert abs(int(headers["X-Footfall-Timestamp"]) - time.time()) < 60
    assert json.loads(content) == {"text": sentences.whole(sent), "alert": sent}


def test_an_alert_is_sent_again_until_it_is_accepted(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [500, 429, 503]
    deliverer(tmp_path, receiver).take(message(alert()))
    assert len(receiver.requests) == 4
    assert len({headers["X-Footfall-Delivery"] for headers, _ in receiver.requests}) == 1


@pytest.mark.parametrize("status", [302, 400, 404])
def test_a_refusal_is_final_and_no_redirect_is_followed(tmp_path: Path, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    deliverer(tmp_path, receiver).take(message(alert()))
    assert len(receiver.requests) == 1


def test_only_changes_are_delivered(tmp_path: Path, receiver: Receiver) -> None:
    delivering = deliverer(tmp_path, receiver)
    first = alert()
    over = first | {"state": "resolved", "resolved_at": format_rfc3339_ms(int(time.time() * 1000))}
    for one in (first, first | {"n": 50}, first | {"severity": "critical"}, over, over):
        delivering.take(message(one))
    states = [json.loads(content)["alert"] for _, content in receiver.requests]
    assert [(one["severity"], one["state"]) for one in states] == [
        ("warning", "open"), ("critical", "open"), ("warning", "resolved"),
    ]  # fmt: skip
    assert len({headers["X-Footfall-Delivery"] for headers, _ in receiver.requests}) == 3


def test_old_alerts_and_garbage_are_not_delivered(tmp_path: Path, receiver: Receiver) -> None:
    delivering = deliverer(tmp_path, receiver)
    delivering.take(message(alert(raised_at="2025-01-01T00:00:00.000Z")))
    for garbage in (b"", b"{}", b"[1]", message(alert(kind="unknown")), message(alert(raised_at="now"))):
        delivering.take(garbage)
    assert not receiver.requests


def test_a_mail_is_a_file(tmp_path: Path, receiver: Receiver) -> None:
    deliverer(tmp_path, receiver, channel="mail").take(message(alert()))
    (path,) = (tmp_path / "mail").glob("*.eml")
    made = email.message_from_bytes(path.read_bytes(), policy=default)
    assert made["To"] == "oncall@example.org"
    assert "25.0 % of 40 page views" in made.get_content()
    assert not receiver.requests


def test_a_receiver_that_is_down_delays_no_shutdown(tmp_path: Path, receiver: Receiver) -> None:
    receiver.close()
    stop = threading.Event()
    delivering = deliverer(tmp_path, receiver, stop)
    threading.Timer(0.3, stop.set).start()
    delivering.take(message(alert()))
    # It was not delivered, so the next process still delivers it.
    assert not delivering._delivered


class Topic:
    """Kafka's topic `alerts` in memory, and the committed offset of each group."""

    def __init__(self, *alerts: dict[str, Any]) -> None:
        self.records = [message(one) for one in alerts]
        self.committed: dict[str, int] = {}

    def consumer(self, configuration: dict[str, Any]) -> "TopicConsumer":
        return TopicConsumer(self, configuration["group.id"])


class TopicConsumer:
    """One consumer of the topic, with the methods that `deliver` calls."""

    def __init__(self, topic: Topic, group: str) -> None:
        self._topic, self._group, self._next = topic, group, 0

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        (partition,) = partitions
        return [TopicPartition(partition.topic, 0, self._topic.committed.get(self._group, -1001))]

    def get_watermark_offsets(self, _: TopicPartition, timeout: float) -> tuple[int, int]:
        return 0, len(self._topic.records)

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._next = partitions[0].offset

    def poll(self, timeout: float) -> SimpleNamespace | None:
        if self._next >= len(self._topic.records):
            time.sleep(0.01)
            return None
        offset, self._next = self._next, self._next + 1
        record = self._topic.records[offset]
        return SimpleNamespace(error=lambda: None, value=lambda: record, offset=lambda: offset)

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> None:
        self._topic.committed[self._group] = offsets[0].offset

    def close(self) -> None:
        pass


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_webhook_that_is_down_keeps_no_mail_back(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, settings = Topic(*(alert(alert_id=f"a{number}") for number in range(3))), settings_of(tmp_path, receiver)
    topic.committed = {deliver.group("mail"): 0, deliver.group("webhook"): 0}
    monkeypatch.setattr(deliver, "Consumer", topic.consumer)
    receiver.answers = [500] * 10_000

    def delivering(reached: Callable[[], bool]) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=deliver.run, args=(settings, stop))
        thread.start()
        try:
            _until(reached)
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive()

    delivering(lambda: topic.committed[deliver.group("mail")] == 3 and len(receiver.requests) > 3)
    assert len(list(settings.mail_dir.glob("*.eml"))) == 3
    assert topic.committed[deliver.group("webhook")] == 0
    # The webhook is back after a restart. It gets all of them, and no mail is written again.
    receiver.answers, asked = [], len(receiver.requests)
    for path in settings.mail_dir.iterdir():
        path.unlink()
    delivering(lambda: topic.committed[deliver.group("webhook")] == 3)
    sent = [json.loads(content)["alert"]["alert_id"] for _, content in receiver.requests[asked:]]
    assert sent == ["a0", "a1", "a2"]
    assert list(settings.mail_dir.iterdir()) == []


def test_a_secret_that_cannot_be_read_keeps_no_mail_back(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, settings, stop = Topic(alert()), settings_of(tmp_path, receiver), threading.Event()
    topic.committed = {deliver.group("mail"): 0, deliver.group("webhook"): 0}
    monkeypatch.setattr(deliver, "Consumer", topic.consumer)
    settings.secrets_dir.touch()
    thread = threading.Thread(target=deliver.run, args=(settings, stop))
    thread.start()
    try:
        _until(lambda: topic.committed[deliver.group("mail")] == 1)
    finally:
        stop.set()
        thread.join(20)
    assert len(list(settings.mail_dir.glob("*.eml"))) == 1
    assert not receiver.requests


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"WEBHOOK_URL": "http://example.org/x"}, "another machine"),
        ({"WEBHOOK_URL": "http://10.0.0.1/x"}, "another machine"),
        ({"WEBHOOK_URL": "ftp://127.0.0.1/x"}, "must be a URL"),
        ({"WEBHOOK_URL": "127.0.0.1:80"}, "must be a URL"),
        ({"MAIL_TO": "a@b\nBcc: c@d"}, "one address"),
        ({"MAIL_TO": "nobody"}, "one address"),
    ],
)
def test_wrong_settings_are_refused(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], complaint: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"FOOTFALL_ALERTS__{name}", value)
    with pytest.raises(SettingsError, match=complaint):
        load_settings()


def test_another_machine_is_allowed_explicitly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WEBHOOK_URL": "https://example.org/x", "WEBHOOK_ANYWHERE": "true"}.items():
        monkeypatch.setenv(f"FOOTFALL_ALERTS__{name}", value)
    assert load_settings().alerts.webhook_url == "https://example.org/x"
