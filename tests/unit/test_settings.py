"""The settings: where they come from, what is refused with which sentence, and that their page is current."""

import os
from pathlib import Path

import pytest

from footfall import settings_page
from footfall.settings import (
    REPOSITORY,
    Alerts,
    HeapsMb,
    Ports,
    Retention,
    Settings,
    SettingsError,
    Yarn,
    load_settings,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without settings of its own, and no variable of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("FOOTFALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    return tmp_path


def test_the_page_is_current() -> None:
    assert settings_page.PAGE.read_text("utf-8") == settings_page.page(), "run `python -m footfall.settings_page`"


def test_the_page_names_every_setting_with_its_variable_and_meaning() -> None:
    page = settings_page.page()
    groups = {"ports": Ports, "heaps_mb": HeapsMb, "retention": Retention, "yarn": Yarn, "alerts": Alerts}
    named = {f"FOOTFALL_{name.upper()}" for name in Settings.model_fields if name not in groups}
    named |= {
        f"FOOTFALL_{group.upper()}__{name.upper()}" for group, kind in groups.items() for name in kind.model_fields
    }
    rows = {row.split("|")[2].strip(" `"): row.split("|") for row in page.splitlines() if row.startswith("| `")}
    assert set(rows) == named
    assert all(len(row[5].strip()) > 3 and row[5].strip() != "None" for row in rows.values())
    assert rows["FOOTFALL_INSTALL"][3].strip() == "`.footfall/install`"
    assert str(REPOSITORY) not in page


def test_the_example_of_the_page_can_be_used(home: Path) -> None:
    example = settings_page.page().partition("```toml\n")[2].partition("```")[0]
    (home / "settings.toml").write_text(example)
    settings = load_settings()
    assert (settings.visitors_per_site, settings.port("kafka")) == (20, 9192)


def test_the_environment_wins_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.toml").write_text("pace = 2.0\nseed = 3\n[ports]\nkafka = 1\n")
    monkeypatch.setenv("FOOTFALL_PACE", "5")
    monkeypatch.setenv("FOOTFALL_PORTS__KAFKA", "2")
    settings = load_settings()
    assert (settings.pace, settings.seed, settings.ports.kafka) == (5.0, 3, 2)


def test_an_empty_variable_is_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_PACE", "")
    assert load_settings().pace == 1.0
    monkeypatch.setenv("FOOTFALL_HOME", "")
    assert load_settings().home == REPOSITORY / ".footfall"


def test_a_child_reads_the_very_same_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Settings(
        home=home,
        port_offset=7,
        trusted_proxies=("10.0.0.0/8", "2001:db8::/32"),
        retention=Retention(kafka_gib=0.5),
        heaps_mb=HeapsMb(kafka=300),
        yarn=Yarn(memory_mb=6144),
        pace=0.5,
    )
    for name, value in given.as_environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == given


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pace = 99", "pace: "),
        ("paces = 1", "paces: "),
        ("[ports]\nkafka = 9090", "hbase_thrift are both 9090"),
        ("[ports]\nkafka = 0", "ports.kafka: "),
        ("port_offset = 15000\n[ports]\nkafka = 60000", "port kafka is 75000"),
        ("[retention]\nlive_days = 7", "live_days must exceed kafka_days"),
        ("[yarn]\nmemory_mb = 4607", "memory_mb must exceed streaming_mb by 1536"),
        ('trusted_proxies = ["next door"]', "trusted_proxies: "),
        ('bind = "192.0.2.1"', "bind: "),
        ('home = "/elsewhere"', "set FOOTFALL_HOME instead"),
        ("pace =", "settings.toml cannot be read"),
        ("pace = '\udcff'", "settings.toml cannot be read"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(home: Path, text: str, sentence: str) -> None:
    (home / "settings.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError, match=sentence) as refused:
        load_settings()
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("FOOTFALL_HOME", "here", "absolute paths"),
        ("FOOTFALL_INSTALL", "here", "absolute paths"),
        ("FOOTFALL_TRUSTED_PROXIES", "10.0.0.0/8", "trusted_proxies"),
        ("FOOTFALL_PORTS__KAFFEE", "1", "ports.kaffee"),
    ],
)
def test_a_variable_that_cannot_be_used_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence):
        load_settings()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_sentence(home: Path) -> None:
    (home / "settings.toml").touch(mode=0o000)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings()
