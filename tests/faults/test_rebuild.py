"""The live tables are rebuilt from Kafka under load and show the same figures as before."""

import time
from typing import Any

from footfall.events.times import format_rfc3339_ms
from tests.support.platform import Platform


def test_rebuilt_figures_are_the_same(busy_platform: Platform) -> None:
    # Minutes that no longer change, except for late events.
    until = format_rfc3339_ms(int(time.time() * 1000) - 120_000)

    def past() -> dict[tuple[str, str], dict[str, Any]]:
        rows = busy_platform.query("live-metrics", "--minutes", "1440")
        return {(row["minute_at"], row["app_id"]): row for row in rows if row["minute_at"] < until}

    before = past()
    assert before
    done = busy_platform.run("rebuild", "live")
    assert done.returncode == 0, done.stderr[-2000:]
    after = past()
    assert before.keys() <= after.keys()
    for minute, row in before.items():
        assert after[minute]["events"] >= row["events"], minute
    same = [minute for minute, row in before.items() if after[minute]["events"] == row["events"]]
    assert same
    for minute in same:
        assert after[minute] == before[minute]
    busy_platform.assert_verified()
