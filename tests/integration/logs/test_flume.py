"""The sites' lines arrive in HDFS, in the folder of the day on which they were logged."""

import json
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone

import pytest

from footfall.hdfs import Hdfs
from footfall.logs import layout
from footfall.names import LogKind
from footfall.settings import Settings
from tests.support.platform import Platform, await_true
from tests.support.weblogs import arrived, readable


def _days_of(settings: Settings, kind: LogKind, word: bytes) -> list[str]:
    """The days in HDFS under which a line holds that word."""
    hdfs = Hdfs(settings)
    return [
        str(day)
        for day, folder in layout.days(hdfs, kind).items()
        if any(word in readable(hdfs, file.path) for file in hdfs.list(folder))
    ]


def _append(settings: Settings, kind: LogKind, *lines: str) -> None:
    """Writes lines as a site would that had started just now."""
    name = f"{kind}-{datetime.now(timezone.utc):%Y%m%dT%H%M%S.%f}Z.log"
    (settings.logs_dir / "sites" / "shop" / name).write_text("".join(f"{line}\n" for line in lines))


def _error(word: str, time: datetime) -> str:
    return json.dumps(
        {
            "logged_at": f"{time:%Y-%m-%dT%H:%M:%S}.000Z",
            "app_id": "shop",
            "request_id": word,
            "level": "error",
            "status": 500,
            "code": "ValueError",
            "message": "for a test",
            "page_path": "/",
        },
        separators=(",", ":"),
    )


@pytest.mark.parametrize("app", ["shop", "news", "academy"])
def test_a_request_is_found_in_the_tail_within_seconds(platform: Settings, app: str) -> None:
    word = uuid.uuid4().hex
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{platform.port(app)}/no-{word}", timeout=30)
    for kind in ("access", "performance"):

        def arrived_in_tail(kind: str = kind) -> bool:
            rows = Platform(platform).query("log-tail", "--app", app, "--kind", kind, "--limit", "1000")
            return [row["status"] for row in rows if row["page_path"] == f"/no-{word}"] == [404]

        await_true(arrived_in_tail, f"the {kind} line of {app} in the tail", 60, every=1)


def test_a_line_goes_to_the_day_of_its_own_time(platform: Settings) -> None:
    now = datetime.now(timezone.utc)
    words = [uuid.uuid4().hex for _ in range(3)]
    days = [now - timedelta(days=age) for age in (0, 1, 9)]
    _append(platform, "error", *map(_error, words, days))
    for word, day in zip(words, days, strict=True):
        await_true(
            lambda word=word, day=day: _days_of(platform, "error", word.encode()) == [f"{day:%Y-%m-%d}"],  # type: ignore[misc]
            f"the line of {day:%Y-%m-%d}",
            60,
            every=1,
        )


def test_lines_without_a_time_block_nothing(platform: Settings) -> None:
    word, after = uuid.uuid4().hex, uuid.uuid4().hex
    impossible = _error(word, datetime.now(timezone.utc)).replace("T", "-31T", 1)
    _append(platform, "error", f"{word} no time", "", impossible, '{"logged_at":"2026-02-31T08:00:00.000Z","x":1}')
    _append(platform, "error", _error(after, datetime.now(timezone.utc)))
    await_true(lambda: len(_days_of(platform, "error", after.encode())) == 1, "the line that came after", 60, every=1)
    await_true(lambda: f"{word} no time".encode() in arrived(platform, "error"), "the line without a time", 60, every=1)
    # They are not in the tail, and they do not keep other lines out of it.
    rows = Platform(platform).query("log-tail", "--kind", "error")
    assert [row["request_id"] for row in rows if row["request_id"] in (word, after)] == [after]


def test_hdfs_lists_open_files_and_accepts_a_missing_folder(platform: Settings) -> None:
    hdfs = Hdfs(platform)
    word = uuid.uuid4().hex
    _append(platform, "error", _error(word, datetime.now(timezone.utc)))
    await_true(
        lambda: any("/error/" in path for path in hdfs.open_for_writing(layout.ROOT)), "an open file", 30, every=0.5
    )
    assert hdfs.open_for_writing("/no-such-folder") == set()
    assert hdfs.list("/no-such-folder") == []
    assert hdfs.read("/no-such-file") is None
    assert not hdfs.exists("/no-such-file")
