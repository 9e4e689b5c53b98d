"""The ledger: what is written is read, a torn line is skipped, old hours become totals exactly once."""

import errno
import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from footfall.settings import Settings
from footfall.sites.visitors.ledger import DAY_MS, HOUR_MS, Entry, Ledger, hour_files, read, read_totals
from footfall.sites.visitors.ledger_retention import compact

NOW_MS = 20_000 * DAY_MS + 5 * HOUR_MS + 123


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def entries_at(ms: int, name: str) -> list[Entry]:
    return [
        Entry("attempted", ms, f"{name}1", "s", seq=0, event_type="page_view"),
        Entry("attempted", ms, f"{name}2", "s", seq=1, event_type="click"),
        Entry("accepted", ms, f"{name}1", "s"),
        Entry("rejected", ms, f"{name}2", "s", reason="schema"),
        Entry("dropped", ms, f"{name}3", "s", reason="too_many"),
        Entry("replayed", ms, f"{name}2", "s", seq=1),
    ]


def test_what_is_written_is_read_in_order(settings: Settings) -> None:
    ledger = Ledger(settings, "shop")
    early, late = entries_at(NOW_MS - HOUR_MS, "a"), entries_at(NOW_MS, "b")
    ledger.write(early)
    ledger.write(late)
    ledger.close()
    assert list(read(settings, "shop")) == early + late
    assert list(read(settings, "shop", NOW_MS)) == late
    assert list(read(settings, "news")) == []


def test_files_are_json_arrays_of_one_hour_each(settings: Settings) -> None:
    Ledger(settings, "shop").write([*entries_at(NOW_MS, "a")[:3], entries_at(NOW_MS, "a")[-1]])
    path = settings.ledger_dir / "shop" / "20241004T05.jsonl"
    assert path.read_text().splitlines() == [
        f'["attempted",{NOW_MS},"a1","s",0,"page_view"]',
        f'["attempted",{NOW_MS},"a2","s",1,"click"]',
        f'["accepted",{NOW_MS},"a1","s"]',
        f'["replayed",{NOW_MS},"a2","s",1]',
    ]


def _write_many(settings: Settings, name: str, reopens: bool, together: Barrier) -> None:
    ledger = Ledger(settings, "shop")
    together.wait()
    for number in range(300):
        ledger.write(entries_at(NOW_MS, f"{name}{number}-" + "x" * 3_000))
        if reopens:
            ledger.close()


def test_two_processes_write_whole_lines_beside_each_other(settings: Settings) -> None:
    # One opens the file each time, as a replay does, while the other keeps it open, as visitors do.
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    writers = [
        context.Process(target=_write_many, args=(settings, name, reopens, together))
        for name, reopens in (("a", False), ("b", True))
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    found = list(read(settings, "shop"))
    for name in "ab":
        written = [e for number in range(300) for e in entries_at(NOW_MS, f"{name}{number}-" + "x" * 3_000)]
        assert [entry for entry in found if entry.event_id.startswith(name)] == written


@pytest.mark.parametrize("torn", [b'["accep', b'["accepted",12', b"[]", b"17", b'{"a":1}', b"\xff\xfe"])
def test_a_torn_line_is_skipped_and_the_next_process_writes_on_a_line_of_its_own(
    settings: Settings, torn: bytes
) -> None:
    first, second = entries_at(NOW_MS, "a"), entries_at(NOW_MS, "b")
    Ledger(settings, "shop").write(first)
    with hour_files(settings, "shop")[0].open("ab") as file:
        file.write(torn)
    assert list(read(settings, "shop")) == first
    Ledger(settings, "shop").write(second)
    assert list(read(settings, "shop")) == first + second


def test_a_write_that_failed_half_way_swallows_no_later_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, written = Ledger(settings, "shop"), entries_at(NOW_MS, "a")
    real_write, left = os.write, [20]

    def full(file: int, data: bytes) -> int:
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(file, data[: left.pop()])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            ledger.write(written[:1])
    ledger.write(written[2:])
    assert list(read(settings, "shop")) == written[2:]


def test_old_hours_become_totals_once_and_young_ones_stay(settings: Settings) -> None:
    old_ms = NOW_MS - 7 * DAY_MS - HOUR_MS
    ledger = Ledger(settings, "shop")
    ledger.write(entries_at(old_ms, "a"))
    ledger.write(entries_at(NOW_MS, "b"))
    ledger.close()
    old_file = hour_files(settings, "shop")[0]
    content = old_file.read_bytes()
    assert compact(settings, NOW_MS) == 1
    expected = [
        {
            "hour": old_file.stem,
            "attempted": {"page_view": 1, "click": 1},
            "accepted": 1,
            "rejected": {"schema": 1},
            "dropped": {"too_many": 1},
            "replayed": 1,
        }
    ]
    assert read_totals(settings, "shop") == expected
    assert {entry.ms for entry in read(settings, "shop")} == {NOW_MS}
    # As after a crash between the rename of the totals and the deletion of the hour.
    old_file.write_bytes(content)
    assert compact(settings, NOW_MS) == 1
    assert read_totals(settings, "shop") == expected
    assert compact(settings, NOW_MS) == 0
