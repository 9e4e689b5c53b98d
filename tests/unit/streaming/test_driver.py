"""When windows wait for the archive."""

import threading
import time

import pytest

from footfall.settings import load_settings
from footfall.streaming.driver import Driver

_FULL, _HALF = 200_000, 99_999


def test_windows_wait_a_minute_at_most_while_batches_are_full(monkeypatch: pytest.MonkeyPatch) -> None:
    driver, now = Driver(load_settings(), threading.Event()), 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    held = []
    for after, records in (
        (0, 5),
        (1, _FULL),
        (59, _FULL),
        (1, _FULL),
        (1, _FULL),
        (60, _FULL),
        (1, _HALF),
        (1, _FULL),
    ):
        now += after
        held.append(driver._hold_windows(records))
    assert held == [False, True, True, False, True, False, False, True]
