import time
from pathlib import Path

import pytest

from footfall.settings import Settings
from footfall.sites import incidents


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    # As if a second passed between any two checks.
    monkeypatch.setattr(incidents, "_LOOK_EVERY_S", 0.0)
    return Settings(home=tmp_path)


def test_nothing_is_wrong_at_first(settings: Settings) -> None:
    assert incidents.active(settings, "shop", "errors") is None


def test_an_incident_concerns_its_own_app_and_kind(settings: Settings) -> None:
    incidents.begin(settings, "shop", "errors", 60, 0.25)
    assert incidents.active(settings, "shop", "errors") == 0.25
    assert incidents.active(settings, "news", "errors") is None
    assert incidents.active(settings, "shop", "slow") is None


def test_a_new_incident_replaces_the_old_one_and_zero_seconds_end_it(settings: Settings) -> None:
    incidents.begin(settings, "shop", "slow", 60, 0.25)
    incidents.begin(settings, "shop", "slow", 60, 0.5)
    assert incidents.active(settings, "shop", "slow") == 0.5
    incidents.begin(settings, "shop", "slow", 0, 0.5)
    assert incidents.active(settings, "shop", "slow") is None


def test_an_expired_incident_is_over_and_its_file_is_deleted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = incidents.begin(settings, "shop", "bots", 60, 1.0)
    monkeypatch.setattr(incidents, "_now_ms", lambda: begun.until_ms)
    assert incidents.active(settings, "shop", "bots") is None
    assert list((settings.run_dir / "incidents").iterdir()) == []


def test_the_file_is_looked_at_once_a_second_at_most(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    incidents.begin(settings, "shop", "errors", 60, 0.25)
    looked_at = time.monotonic()
    assert incidents.active(settings, "shop", "errors") == 0.25
    incidents.begin(settings, "shop", "errors", 60, 0.75)
    seen = incidents.active(settings, "shop", "errors")
    assert seen == 0.25 or time.monotonic() - looked_at >= 1


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"kind": "errors"}', '{"kind":1,"app":2,"until_ms":"x","share":0}']
)
def test_an_unreadable_file_has_no_effect(settings: Settings, content: str) -> None:
    folder = settings.run_dir / "incidents"
    folder.mkdir(parents=True)
    (folder / "errors-shop.json").write_text(content)
    assert incidents.active(settings, "shop", "errors") is None


@pytest.mark.parametrize(
    ("app", "kind", "seconds", "share", "word"),
    [
        ("shoe", "errors", 60, 0.5, "shoe"),
        ("shop", "fire", 60, 0.5, "fire"),
        ("shop", "errors", -1, 0.5, "seconds"),
        ("shop", "errors", 60, 0, "share"),
        ("shop", "errors", 60, 1.5, "share"),
        ("shop", "errors", float("nan"), 0.5, "seconds"),
        ("shop", "errors", 60, float("nan"), "share"),
    ],
)
def test_an_impossible_incident_is_refused_by_name(
    settings: Settings, app: str, kind: str, seconds: float, share: float, word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        incidents.begin(settings, app, kind, seconds, share)
    assert not (settings.run_dir / "incidents").exists()
