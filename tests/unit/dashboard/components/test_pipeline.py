"""How far each store is behind, drawn on the live page."""

from footfall.lags import ConsumerLag
from tests.unit.dashboard.drawing import drawn, page
from tests.unit.dashboard.rows import MadeUp


def test_the_lag_of_each_store_is_shown() -> None:
    class Behind(MadeUp):
        def lags(self) -> list[ConsumerLag]:
            away = ConsumerLag("archive", None, "", None, "HDFS does not answer: <b>NewConnectionError</b>.")
            return [lag for lag in super().lags() if lag.name != "archive"] + [away]

    text = drawn(page(MadeUp()))
    for text_ in ("12 events", "1 event<", "3.0 MiB", "1 min 15 s"):
        assert text_ in text
    text = drawn(page(Behind()))
    assert "HDFS does not answer: &lt;b&gt;NewConnectionError" in text
    assert "12 events" in text
