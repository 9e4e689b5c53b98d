"""`down --purge`: what is Footfall's goes, inside the lock; the rest, and what links point to, stays and is named."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from footfall.cluster import services
from footfall.cluster.supervision import lifecycle, purge
from footfall.cluster.supervision.manager import socket_folder
from footfall.runtime.errors import ClusterError
from footfall.settings import Settings


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No service keeps anything outside the home, whoever runs this test."""
    monkeypatch.setattr(services, "outside", lambda _: [])


def _fill(folder: Path) -> None:
    (folder / "deep").mkdir(parents=True, exist_ok=True)
    (folder / "deep" / "file").write_text("x")


def _up(settings: Settings) -> list[str]:
    """What `up` does: it claims the home's folders with the lock, and fills them."""
    with lifecycle.exclusive(settings, print):
        foreign = purge.claim(settings)
        for name in purge.FOLDERS:
            _fill(settings.home / name)
    return foreign


def _purge(settings: Settings) -> purge.Purged:
    done = lifecycle.down(settings, print, True)
    assert done is not None
    return done


def test_a_home_that_footfall_made_is_emptied(settings: Settings) -> None:
    assert _up(settings) == []
    assert _purge(settings) == ([], [])
    assert list(settings.home.iterdir()) == []
    # And again, the same.
    assert _up(settings) == []
    assert _purge(settings) == ([], [])


def test_mails_are_data_too(settings: Settings) -> None:
    _up(settings)
    assert (settings.mail_dir / "deep" / "file").exists()
    _purge(settings)
    assert not settings.mail_dir.exists()


def test_folders_that_were_there_before_stay_in_every_purge(settings: Settings) -> None:
    for name in ("logs", "run"):
        _fill(settings.home / name)
    told = [
        f"{settings.home / name} was there before Footfall, which has no record that it made it."
        for name in ("logs", "run")
    ]
    for _ in range(2):
        assert _up(settings) == [f"{one} `down --purge` will leave it." for one in told]
        (settings.run_dir / "settings.json").write_text(json.dumps({"FOOTFALL_HOME": str(settings.home)}))
        done = _purge(settings)
        assert done.reasons == [f"{one} It was left alone." for one in told]
        assert [Path(path).name for path in done.kept] == ["logs", purge.MARKER, "run"]
        assert all((settings.home / name / "deep" / "file").exists() for name in ("logs", "run"))


def test_what_links_point_to_stays(settings: Settings, tmp_path: Path) -> None:
    big = tmp_path / "big"
    for name in ("data", "ledger", "photos"):
        _fill(big / name)
    settings.home.mkdir()
    settings.data_dir.symlink_to(big / "data")
    _up(settings)
    # Another folder was moved to the other disk later, and something in a third one leads there.
    shutil.rmtree(settings.ledger_dir)
    settings.ledger_dir.symlink_to(big / "ledger")
    (settings.logs_dir / "more").symlink_to(big / "photos")
    (settings.logs_dir / "latest").symlink_to(settings.logs_dir / "deep")
    done = _purge(settings)
    assert done.reasons == [
        f"{settings.data_dir} is a link to {big / 'data'}. It was left alone.",
        f"{settings.ledger_dir} is a link to {big / 'ledger'}. It was left alone.",
        f"{settings.logs_dir / 'more'} led to {big / 'photos'}, which was left alone.",
    ]
    assert all((big / name / "deep" / "file").exists() for name in ("data", "ledger", "photos"))
    assert [Path(path).name for path in done.kept] == ["data", "ledger", purge.MARKER]


def test_many_links_are_counted(settings: Settings, tmp_path: Path) -> None:
    _up(settings)
    for number in range(8):
        (settings.logs_dir / str(number)).symlink_to(tmp_path / "elsewhere")
    reasons = _purge(settings).reasons
    assert len(reasons) == 6
    assert reasons[-1] == "3 more links led out of the home; what they led to was left alone."


@pytest.mark.parametrize(("other", "kept"), [("install", False), ("src", True)])
def test_the_home_of_an_older_release_is_footfalls_if_nothing_else_is_in_it(
    settings: Settings, other: str, kept: bool
) -> None:
    for name in ("data", "logs", "run", other):
        _fill(settings.home / name)
    (settings.run_dir / "settings.json").write_text(json.dumps({"FOOTFALL_HOME": str(settings.home)}))
    _purge(settings)
    assert [(settings.home / name).exists() for name in ("data", "logs", "run")] == [kept] * 3
    assert (settings.home / other).exists()


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"folders": 3}', '{"folders": ["..", "src"]}'])
def test_a_damaged_marker_allows_nothing(settings: Settings, damage: str) -> None:
    for name in ("data", "src"):
        _fill(settings.home / name)
    (settings.home / purge.MARKER).write_text(damage)
    _purge(settings)
    assert all((settings.home / name / "deep" / "file").exists() for name in ("data", "src"))


def test_the_private_folder_of_the_socket_goes(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / ("long" * 30))
    folder = socket_folder(settings)
    assert folder is not None
    _up(settings)
    folder.mkdir(mode=0o700)
    _purge(settings)
    assert not folder.exists()


def test_what_cannot_be_deleted_is_an_error_that_names_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _up(settings)
    delete = shutil.rmtree

    def busy(folder: Path, ignore_errors: bool = False) -> None:
        if folder != settings.data_dir:
            delete(folder, ignore_errors)
        elif not ignore_errors:
            raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(shutil, "rmtree", busy)
    with pytest.raises(ClusterError, match=f"{settings.data_dir} could not be deleted completely: .*busy"):
        _purge(settings)
    assert not settings.logs_dir.exists()
    # The next attempt still knows that it is Footfall's.
    monkeypatch.undo()
    monkeypatch.setattr(services, "outside", lambda _: [])
    assert _purge(settings) == ([], [])


def test_an_up_waits_until_the_purge_is_over(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _up(settings)
    deleting, go_on, order = threading.Event(), threading.Event(), list[str]()
    delete = purge._delete

    def slowly(path: Path) -> str:
        deleting.set()
        assert go_on.wait(10)
        order.append("deleted")
        return delete(path)

    monkeypatch.setattr(purge, "_delete", slowly)
    down = threading.Thread(target=_purge, args=(settings,))
    down.start()
    assert deleting.wait(10)

    def start() -> None:
        with lifecycle.exclusive(settings, lambda _: go_on.set()):
            order.append("up")
            (settings.run_dir / "wanted.json").write_text("[]")

    up = threading.Thread(target=start)
    up.start()
    for thread in (down, up):
        thread.join(20)
        assert not thread.is_alive()
    assert set(order[:-1]) == {"deleted"}
    assert order[-1] == "up"
    assert (settings.run_dir / "wanted.json").exists()
