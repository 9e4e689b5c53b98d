"""The newest lines of a kind: each once, by their own time, from as few files as possible."""

from datetime import date

from footfall.logs.newest_lines import LoggedLine, newest
from tests.unit.logs.fake_hdfs import Files

_TODAY = date(2026, 11, 24)
_TODAY_S = 1_795_478_400
_DAY = "/logs/performance/dt=2026-11-24"
_YESTERDAY = "/logs/performance/dt=2026-11-23"


def _line(second: int, app: str = "shop", day: int = 24) -> bytes:
    return (
        f'{{"logged_at":"2026-11-{day}T00:00:{second:02d}.000Z","app_id":"{app}","request_id":"{day}-{second}",'
        f'"page_path":"/","status":200,"duration_us":5,"endpoint":"home"}}\n'
    ).encode()


def _tail(files: Files, limit: int = 100, app: str = "shop") -> list[str]:
    found: list[LoggedLine] = newest(files.as_hdfs(), "performance", _TODAY, lambda line: line.app_id == app, limit)
    return [logged.line.request_id for logged in found]


def test_lines_come_newest_first_whatever_their_file() -> None:
    files = Files()
    files.put(f"{_DAY}/box.1.log", _line(5) + _line(1), _TODAY_S + 6)
    files.put(f"{_DAY}/_box.2.log.tmp", _line(7) + _line(3), _TODAY_S + 2)
    files.put(f"{_YESTERDAY}/box.0.log", _line(9, day=23), _TODAY_S)
    assert _tail(files) == ["24-7", "24-5", "24-3", "24-1", "23-9"]


def test_a_repeat_in_the_same_file_or_another_is_left_out() -> None:
    files = Files()
    files.put(f"{_DAY}/box.1.log", _line(1) + _line(1) + _line(2), _TODAY_S + 3)
    files.put(f"{_DAY}/_box.2.log.tmp", _line(2) + _line(3), _TODAY_S + 3)
    assert _tail(files) == ["24-3", "24-2", "24-1"]


def test_garbage_and_a_line_that_is_cut_off_harm_nothing() -> None:
    files = Files()
    files.put(f"{_DAY}/box.1.log", b"\xff\x00\n\n" + _line(1) + _line(2)[:-20], _TODAY_S + 3)
    assert _tail(files) == ["24-1"]


def test_files_that_were_closed_before_the_shown_lines_are_not_read() -> None:
    files = Files()
    files.put(f"{_DAY}/box.1.log", _line(1) + _line(2), _TODAY_S + 3)
    # It was closed last, but its newest lines are older than a line of the previous file.
    files.put(f"{_DAY}/box.2.log", _line(4) + _line(8), _TODAY_S + 10)
    files.put(f"{_DAY}/box.3.log", _line(3) + _line(6), _TODAY_S + 20)
    assert _tail(files, limit=2) == ["24-8", "24-6"]
    assert files.read_paths == [f"{_DAY}/box.3.log", f"{_DAY}/box.2.log"]


def test_other_apps_lines_do_not_count() -> None:
    files = Files()
    files.put(f"{_DAY}/box.1.log", _line(1), _TODAY_S + 3)
    files.put(f"{_DAY}/box.2.log", b"".join(_line(second, "news") for second in range(4, 9)), _TODAY_S + 10)
    assert _tail(files, limit=1) == ["24-1"]


def test_a_file_that_was_finished_after_the_listing_is_read_by_its_final_name() -> None:
    files = Files()
    path = files.put(f"{_DAY}/_box.1.log.tmp", _line(1), _TODAY_S)

    def finish() -> None:
        if path in files.content and files.listed > 1:
            files.rename(path, f"{_DAY}/box.1.log")

    files.after_listing = finish
    assert _tail(files) == ["24-1"]
    assert f"{_DAY}/box.1.log" in files.content


def test_older_days_and_missing_logs_give_no_lines() -> None:
    files = Files()
    assert _tail(files) == []
    files.put("/logs/performance/dt=2026-11-22/box.1.log", _line(1, day=22), _TODAY_S)
    assert _tail(files) == []
