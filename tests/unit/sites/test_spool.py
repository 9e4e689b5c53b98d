"""The spool: records for which `append` returned are kept, in order, through restarts and failures."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.sites.spool import Record, Spool, SpoolFull, SpoolLocked, Topic
from tests.support.platform import await_true

MIB = 2**20
RECORDS = st.builds(
    Record,
    st.sampled_from(Topic),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=300),
    st.binary(max_size=3000),
)


def record(number: int, size: int = 0) -> Record:
    """A record that contains its number, with a value of at least this many bytes."""
    return Record(Topic.EVENTS, 1000 + number, b"session", str(number).encode().ljust(size))


def numbers(records: list[Record]) -> list[int]:
    return [int(one.value) for one in records]


def everything(spool: Spool) -> list[Record]:
    """Takes all waiting records in order, without marking any as delivered."""
    return [one for taken in iter(spool.take, []) for one in taken]


def open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Spool]]:
    """Opens the spool of one folder; each call closes the previous one, like a restart."""
    opened: list[Spool] = []

    def open_spool(limit: int = 64 * MIB, segment_bytes: int = MIB) -> Spool:
        while opened:
            opened.pop().close()
        opened.append(Spool(tmp_path / "shop", limit, segment_bytes))
        return opened[0]

    yield open_spool
    while opened:
        opened.pop().close()


def test_what_was_appended_is_taken_once_in_order(make: Callable[..., Spool]) -> None:
    spool = make()
    assert not spool.behind
    assert not spool.wait(0)
    spool.append([record(0), record(1)])
    spool.append([record(2)])
    assert spool.behind
    assert spool.wait(0)
    assert (spool.records, spool.oldest_ms) == (3, 1000)
    assert numbers(spool.take()) == [0, 1, 2]
    assert spool.take() == []
    spool.append([record(3)])
    assert numbers(spool.take()) == [3]


@given(st.lists(st.lists(RECORDS, min_size=1, max_size=4), max_size=6), st.integers(1, 4000))
def test_any_records_outlive_a_restart(
    tmp_path_factory: pytest.TempPathFactory, appends: list[list[Record]], segment_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder, 64 * MIB, segment_bytes)
    for records in appends:
        spool.append(records)
    spool.close()
    again = Spool(folder, 64 * MIB, segment_bytes)
    try:
        expected = [one for records in appends for one in records]
        assert again.records == len(expected)
        assert again.oldest_ms == min((one.received_ms for one in expected), default=None)
        assert again.behind == bool(expected)
        assert everything(again) == expected
    finally:
        again.close()


def test_segments_are_deleted_when_all_of_them_is_delivered_and_not_before(
    make: Callable[..., Spool], tmp_path: Path
) -> None:
    spool = make(segment_bytes=100)
    for number in range(3):
        spool.append([record(number, 100)])
    first, second, third = files(tmp_path / "shop")
    spool.take()
    assert files(tmp_path / "shop") == [first, second, third]
    spool.delivered()
    assert files(tmp_path / "shop") == [second, third]
    assert (spool.records, spool.oldest_ms) == (2, 1001)
    everything(spool)
    spool.delivered()
    assert files(tmp_path / "shop") == []
    assert (spool.records, spool.oldest_ms) == (0, None)


def test_a_segment_that_has_grown_since_it_was_taken_stays(make: Callable[..., Spool], tmp_path: Path) -> None:
    spool = make()
    spool.append([record(0)])
    spool.take()
    spool.append([record(1)])
    spool.delivered()
    assert spool.records == 1
    assert len(files(tmp_path / "shop")) == 1
    assert numbers(spool.take()) == [1]
    # A whole segment is sent again after a restart: twice is better than never.
    assert numbers(everything(make())) == [0, 1]


def test_what_was_taken_but_not_delivered_is_there_after_a_restart(make: Callable[..., Spool]) -> None:
    spool = make(segment_bytes=100)
    for number in range(4):
        spool.append([record(number, 100)])
    spool.take()
    spool.delivered()
    spool.take()
    again = make(segment_bytes=100)
    assert again.behind
    assert numbers(everything(again)) == [1, 2, 3]


def test_new_events_go_behind_until_all_is_handed_over(make: Callable[..., Spool]) -> None:
    spool = make(segment_bytes=100)
    assert spool.hand_over()
    spool.append([record(0, 100)])
    spool.append([record(1, 100)])
    assert not spool.hand_over()
    spool.take()
    assert not spool.hand_over()
    assert spool.behind
    spool.take()
    assert spool.hand_over()
    assert not spool.behind
    spool.fall_behind()
    assert spool.behind
    assert spool.hand_over()
    spool.append([record(2)])
    assert spool.behind


def test_a_waiting_drain_wakes_when_something_comes(make: Callable[..., Spool]) -> None:
    spool = make()
    with ThreadPoolExecutor(1) as pool:
        woken = pool.submit(spool.wait, 30)
        spool.append([record(0)])
        assert woken.result(5)


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_torn_tail_is_cut_and_nothing_else(make: Callable[..., Spool], tmp_path: Path, cut: int) -> None:
    spool = make()
    for number in range(3):
        spool.append([record(number, 20)])
    (path,) = files(tmp_path / "shop")
    spool.close()
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    again = make()
    assert path.stat().st_size == len(content) * 2 // 3
    again.append([record(3)])
    assert numbers(everything(again)) == [0, 1, 3]


@pytest.mark.parametrize("tail", [b"\0" * 4096, b"\xff" * 50, b"\0\0"])
def test_a_tail_that_is_no_record_is_cut(make: Callable[..., Spool], tmp_path: Path, tail: bytes) -> None:
    make().append([record(0)])
    (path,) = files(tmp_path / "shop")
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(tail)
    again = make()
    assert path.stat().st_size == whole
    assert numbers(everything(again)) == [0]


def test_a_file_without_a_whole_record_is_removed(make: Callable[..., Spool], tmp_path: Path) -> None:
    make()
    (tmp_path / "shop" / "000000000007.spool").write_bytes(b"\0\0\0\x20half")
    spool = make()
    assert files(tmp_path / "shop") == []
    assert not spool.behind
    spool.append([record(0)])
    # Its number is not used again.
    assert [path.stem for path in files(tmp_path / "shop")] == ["000000000008"]


def test_a_foreign_file_is_left_alone(make: Callable[..., Spool], tmp_path: Path) -> None:
    make()
    other = tmp_path / "shop" / "copy.spool"
    other.write_bytes(b"not ours")
    assert everything(make()) == []
    assert other.read_bytes() == b"not ours"


def flip(path: Path, offset: int) -> None:
    """Damages one byte."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x40
    path.write_bytes(content)


def three_records(make: Callable[..., Spool], folder: Path) -> Path:
    """The file of a spool with three records of one size, which is closed."""
    spool = make()
    for number in range(3):
        spool.append([record(number, 20)])
    (path,) = files(folder / "shop")
    spool.close()
    return path


@pytest.mark.parametrize("damaged", [0, 1, 2])
def test_damage_costs_the_damaged_record_only(
    make: Callable[..., Spool], tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: int
) -> None:
    path = three_records(make, tmp_path)
    flip(path, path.stat().st_size // 3 * (damaged + 1) - 1)
    again = make()
    assert "1 records are damaged" in caplog.text
    assert numbers(everything(again)) == [n for n in range(3) if n != damaged]


@pytest.mark.parametrize("damaged", [0, 1])
@pytest.mark.parametrize("bit", range(32))
def test_a_flipped_bit_in_a_length_costs_its_record_only(
    make: Callable[..., Spool], tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: int, bit: int
) -> None:
    path = three_records(make, tmp_path)
    content = bytearray(path.read_bytes())
    begin = len(content) // 3 * damaged
    content[begin : begin + 4] = (int.from_bytes(content[begin : begin + 4], "big") ^ 1 << bit).to_bytes(4, "big")
    path.write_bytes(content)
    again = make()
    assert "1 records are damaged" in caplog.text
    assert numbers(everything(again)) == [n for n in range(3) if n != damaged]


def test_damage_to_a_running_spool_is_logged_and_does_not_stop_the_rest(
    make: Callable[..., Spool], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = make()
    spool.append([record(0, 20), record(1, 20)])
    (path,) = files(tmp_path / "shop")
    flip(path, path.stat().st_size - 1)
    assert numbers(spool.take()) == [0]
    assert "1 records are damaged and lost" in caplog.text
    spool.delivered()
    assert spool.records == 0
    assert spool.hand_over()


def test_a_deleted_file_is_logged_and_does_not_stop_the_rest(
    make: Callable[..., Spool], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = make(segment_bytes=100)
    spool.append([record(0, 100)])
    spool.append([record(1)])
    files(tmp_path / "shop")[0].unlink()
    assert spool.take() == []
    assert "1 records are damaged and lost" in caplog.text
    assert numbers(spool.take()) == [1]


def test_a_full_spool_refuses_and_takes_again_after_delivery(make: Callable[..., Spool]) -> None:
    spool = make(limit=2000, segment_bytes=500)
    # A record is 226 bytes on disk.
    stored = 8
    for number in range(stored):
        spool.append([record(number, 200)])
    with pytest.raises(SpoolFull):
        spool.append([record(stored, 200)])
    assert spool.records == stored
    assert numbers(spool.take()) == [0, 1, 2]
    with pytest.raises(SpoolFull):
        spool.append([record(100, 200)])
    spool.delivered()
    spool.append([record(100, 200)])
    assert numbers(everything(spool)) == [*range(3, stored), 100]


def test_the_bound_counts_what_an_earlier_process_left(make: Callable[..., Spool]) -> None:
    make().append([record(0, 900)])
    with pytest.raises(SpoolFull):
        make(limit=1000).append([record(1, 900)])


def test_a_thousand_segments_do_not_keep_a_thousand_files_open(make: Callable[..., Spool]) -> None:
    before = open_files()
    spool = make(segment_bytes=1)
    for number in range(200):
        spool.append([record(number)])
    assert open_files() - before < 10
    again = make(segment_bytes=1)
    assert open_files() - before < 10
    assert numbers(everything(again)) == [*range(200)]


def test_a_closed_spool_takes_nothing_more(make: Callable[..., Spool], tmp_path: Path) -> None:
    spool = make()
    spool.append([record(1)])
    spool.close()
    with pytest.raises(OSError, match="closed"):
        spool.append([record(2)])
    assert numbers(everything(make())) == [1]


def test_one_folder_has_one_owner(make: Callable[..., Spool], tmp_path: Path) -> None:
    make()
    with pytest.raises(SpoolLocked, match="one site has one process"):
        Spool(tmp_path / "shop", MIB)
    code = "import sys, pathlib; from footfall.sites.spool import *\nSpool(pathlib.Path(sys.argv[1]), 1)"
    other = subprocess.run([sys.executable, "-c", code, tmp_path / "shop"], capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert "SpoolLocked: Another process already spools" in other.stderr


CHILD = """
import os, pathlib, sys, threading
from footfall.sites.spool import Record, Spool, Topic
spool = Spool(pathlib.Path(sys.argv[1]), 2**30, 20_000)
def append(thread):
    number = 0
    while True:
        spool.append([Record(Topic.EVENTS, number, b"", f"{thread} {number + i}".encode()) for i in range(3)])
        # One write: a line is whole or not there.
        os.write(1, f"{thread} {number}\\n".encode())
        number += 3
for thread in range(4):
    threading.Thread(target=append, args=(thread,)).start()
"""


def test_what_a_killed_process_had_appended_is_there(make: Callable[..., Spool], tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    with subprocess.Popen([sys.executable, "-c", CHILD, folder], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(300)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    # The lock has died with its owner.
    found = [one.value for one in everything(make())]
    assert len(found) == len(set(found))
    for thread in range(4):
        mine = [int(value.split()[1]) for value in found if value.startswith(b"%d " % thread)]
        assert mine == [*range(len(mine))]
        returned = [int(line.split()[1]) for line in lines if line.startswith(b"%d " % thread)]
        assert len(mine) >= max(returned) + 3


def test_threads_share_an_fsync(make: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch) -> None:
    spool = make()
    spool.append([record(0)])
    real, calls, begun, go_on = os.fsync, [], threading.Event(), threading.Event()

    def slow(descriptor: int) -> None:
        calls.append(descriptor)
        begun.set()
        assert go_on.wait(10)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(spool.append, [record(1)])
        assert begun.wait(10)
        others = [pool.submit(spool.append, [record(number)]) for number in range(2, 20)]
        # All are written and none is answered: the fsync in progress began before they came.
        await_true(lambda: spool.records == 20, "all written")
        assert not any(one.done() for one in others)
        go_on.set()
        for one in (first, *others):
            one.result(10)
    assert len(calls) == 2
    assert sorted(numbers(everything(spool))) == [*range(20)]


def test_a_failing_fsync_reaches_all_who_wait_and_ends_the_segment(
    make: Callable[..., Spool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = make()
    spool.append([record(0)])
    real, begun, go_on = os.fsync, threading.Event(), threading.Event()

    def failing(descriptor: int) -> None:
        begun.set()
        assert go_on.wait(10)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with ThreadPoolExecutor(10) as pool:
        waiting = [pool.submit(spool.append, [record(1)])]
        assert begun.wait(10)
        waiting += [pool.submit(spool.append, [record(number)]) for number in range(2, 10)]
        await_true(lambda: spool.records == 10, "all written")
        go_on.set()
        for one in waiting:
            with pytest.raises(OSError, match="Input/output error"):
                one.result(10)
    monkeypatch.setattr(os, "fsync", real)
    spool.append([record(10)])
    assert len(files(tmp_path / "shop")) == 2
    # Others may be stored too; those that were answered must be.
    found = numbers(everything(make()))
    assert found[0] == 0
    assert found[-1] == 10


def test_a_disk_that_fails_for_long_leaks_no_files(
    make: Callable[..., Spool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = make()
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, data[:10]) and _no_space())
    before = open_files()
    for _ in range(50):
        with pytest.raises(OSError, match="No space left"):
            spool.append([record(0)])
    assert open_files() == before
    assert files(tmp_path / "shop") == []
    assert spool.records == 0
    assert not spool.behind
    monkeypatch.setattr(os, "write", real_write)
    spool.append([record(1)])
    assert numbers(everything(make())) == [1]


def _no_space() -> int:
    raise OSError(28, "No space left on device")


def test_nothing_is_written_behind_half_a_record(
    make: Callable[..., Spool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = make()
    spool.append([record(0)])
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, data[:10]) and _no_space())
    with pytest.raises(OSError, match="No space left"):
        spool.append([record(1)])
    monkeypatch.setattr(os, "write", real_write)
    spool.append([record(2)])
    assert len(files(tmp_path / "shop")) == 2
    assert numbers(everything(spool)) == [0, 2]
    assert numbers(everything(make())) == [0, 2]


def test_appending_draining_and_restarting_lose_and_reorder_nothing(make: Callable[..., Spool]) -> None:
    spool = make(segment_bytes=2000)
    sent: list[Record] = []

    def drain() -> None:
        while len(sent) < 4 * 300:
            if spool.wait(5):
                sent.extend(spool.take())
                spool.delivered()

    def append(thread: int) -> None:
        for number in range(300):
            spool.append([Record(Topic.EVENTS, number, b"%d" % thread, b"%d" % number)])

    with ThreadPoolExecutor(5) as pool:
        running = [pool.submit(drain), *(pool.submit(append, thread) for thread in range(4))]
        for one in running:
            one.result(60)
    for thread in range(4):
        assert numbers([one for one in sent if one.key == b"%d" % thread]) == [*range(300)]
    assert spool.hand_over()
    assert spool.records == 0
    assert everything(make()) == []
