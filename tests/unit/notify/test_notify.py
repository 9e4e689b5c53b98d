"""Alerts as text, as signed requests to a receiver that sometimes fails, and as mails."""

import email
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from footfall.events.times import format_rfc3339_ms
from footfall.notify import deliver, mail, sentences
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
    assert made["Subject"] == "[Footfall] warning: Errors on shop, page /x\ufffdBcc: all@example.org\ufffd"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(deliver, "_FIRST_WAIT_S", 0.01)
    with receiving() as running:
        yield running


def deliverer(tmp_path: Path, receiver: Receiver, stop: threading.Event | None = None, **more: Any) -> Deliverer:
    alerts = {"webhook_url": receiver.url, **more}
    return Deliverer(Settings.model_validate({"home": tmp_path, "alerts": alerts}), stop or threading.Event())


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


def test_a_receiver_that_is_down_delays_neither_mail_nor_shutdown(tmp_path: Path, receiver: Receiver) -> None:
    receiver.close()
    stop = threading.Event()
    delivering = deliverer(tmp_path, receiver, stop, mail_to="oncall@example.org")
    threading.Timer(0.3, stop.set).start()
    delivering.take(message(alert()))
    (path,) = (tmp_path / "mail").glob("*.eml")
    made = email.message_from_bytes(path.read_bytes(), policy=default)
    assert made["To"] == "oncall@example.org"
    assert "25.0 % of 40 page views" in made.get_content()
    # It was not delivered, so the next process still delivers it.
    assert not delivering._delivered


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
