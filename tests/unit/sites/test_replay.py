"""If nothing can be stored, a replay fails with a sentence and writes no ledger line."""

import socket
from pathlib import Path

import pytest

from footfall.settings import Settings
from footfall.sites.replay import replay
from footfall.sites.trusted_producer import NotStored, TrustedProducer
from footfall.sites.visitors import ledger
from tests.support.events import NOW_MS, stored_event


def test_without_kafka_nothing_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.sites.trusted_producer._ASK_S", 0.5)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("FOOTFALL_PORTS__KAFKA", str(held.getsockname()[1]))
        settings = Settings(home=tmp_path)
        with pytest.raises(NotStored, match=r"Kafka does not answer: .*\."):
            replay(settings, stored_event(), NOW_MS)
    assert list(ledger.read(settings, "shop")) == []


def test_a_topic_with_another_number_of_partitions_takes_nothing_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrustedProducer, "partitions", lambda *_: 3)
    settings = Settings(home=tmp_path)
    with pytest.raises(NotStored, match=r"^The topic events has 3 partitions, not 8\. `\./footfall doctor`"):
        replay(settings, stored_event(), NOW_MS)
    assert list(ledger.read(settings, "shop")) == []


def test_a_disk_that_is_nearly_full_takes_nothing_in(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.run_dir.mkdir(parents=True)
    (settings.run_dir / "disk-low").touch()
    with pytest.raises(NotStored, match="disk is nearly full"):
        replay(settings, stored_event(), NOW_MS)
    assert list(ledger.read(settings, "shop")) == []
