"""Lags of running consumers. If one cannot be measured, its reason is reported and the others are unaffected."""

import json
import os
import time

from footfall.lags import ConsumerLag, lags
from footfall.lake.progress import Progress, Totals
from footfall.logs.positions import position_file
from footfall.settings import Settings
from footfall.streaming.lag import archive_lag


def test_services_that_do_not_run_are_not_asked(settings: Settings) -> None:
    assert lags(settings, ()) == []
    assert lags(settings, ("zookeeper", "kafka")) == []


def test_a_dead_engine_is_reported_in_a_sentence(settings: Settings) -> None:
    # Nothing listens on these ports.
    found = lags(settings.model_copy(update={"port_offset": 14_321}), ("spark-streaming", "flume"), patience_s=2)
    assert [lag.name for lag in found] == ["archive", "windows", "logs"]
    # Kafka's client would retry for longer than anybody waits for a status.
    assert found[0].trouble == "What it needs did not answer within 2 s."
    assert "HDFS does not answer" in found[1].trouble
    assert found[2] == ConsumerLag("logs", 0, "bytes", 0.0)


def test_unread_bytes_wait_since_they_were_written(settings: Settings) -> None:
    folder = settings.logs_dir / "sites" / "shop"
    folder.mkdir(parents=True)
    for name, age_s in (("access-1.log", 100), ("error-1.log", 30)):
        (folder / name).write_bytes(b"x" * 50)
        os.utime(folder / name, (time.time() - age_s,) * 2)
    position_file(settings).parent.mkdir(parents=True)
    positions = [{"file": str(folder / "access-1.log"), "pos": 50}, {"file": str(folder / "error-1.log"), "pos": 20}]
    position_file(settings).write_text(json.dumps(positions))
    [lag] = lags(settings, ("flume",))
    assert (lag.waiting, lag.unit) == (30, "bytes")
    assert lag.age_s is not None
    assert 29 < lag.age_s < 60


def test_the_archives_age_counts_only_while_something_waits() -> None:
    progress = Progress("0000000a", 3, 1_000_000, 1_004_000, {}, (), Totals())
    assert archive_lag(0, progress, 2_000.0) == (0, 0.0)
    assert archive_lag(5, progress, 1_012.0) == (5, 12.0)
    assert archive_lag(5, None, 1_012.0) == (5, None)
