"""The errors that are reported before anything is generated."""

import fcntl
from datetime import date
from pathlib import Path

import pytest

from footfall.history.run import HistoryError, make
from footfall.settings import Ports, Settings
from footfall.sites import trusted_producer

_DAY = date(2026, 11, 24)


def test_an_absent_kafka_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusted_producer, "_ASK_S", 0.3)
    settings = Settings(home=tmp_path, ports=Ports(kafka=6))
    with pytest.raises(HistoryError, match=r"^Kafka does not answer: .+\.$"):
        make(settings, [_DAY], _DAY, 1000, lambda made: None)


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "history.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(HistoryError, match="Another `history` command is running"):
            make(Settings(home=tmp_path), [_DAY], _DAY, 1000, lambda made: None)
