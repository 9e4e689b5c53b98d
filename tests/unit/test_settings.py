"""The settings: where they come from, what is refused with which sentence, and that their page is current."""

import os
from pathlib import Path

import pytest

from footfall import settings_page
from footfall.hosts import Address, Hosts, daemon_of
from footfall.settings import (
    REPOSITORY,
    Alerts,
    Demo,
    HeapsMb,
    Learning,
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
    groups = {
        "ports": Ports,
        "heaps_mb": HeapsMb,
        "retention": Retention,
        "yarn": Yarn,
        "alerts": Alerts,
        "hosts": Hosts,
        "learning": Learning,
        "demo": Demo,
    }
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
        host="k2",
        hosts=Hosts(kafka=("k1", "k2"), zookeeper=("2001:db8::1",)),
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
        ("[yarn]\nmemory_mb = 5375", "memory_mb must exceed streaming_mb by 2304"),
        ("events_partitions = 65", "events_partitions: "),
        ("events_partitions = 17", "at most 8 partitions in memory; set live_tasks to 3 or more"),
        (
            '[yarn]\nmemory_mb = 7000\n[hosts]\nyarn_nodemanager = ["n1", "n2"]',
            "memory_mb must exceed streaming_mb and queries_mb by 2304",
        ),
        ('trusted_proxies = ["next door"]', "trusted_proxies: "),
        ('bind = "192.0.2.1"', "bind: "),
        ("[hosts]\nkafka = []", "hosts.kafka: "),
        ('[hosts]\nkafka = ["k 1"]', "hosts.kafka.0: .*'k 1' is neither the name of a host nor an address"),
        ('[hosts]\nkafka = ["10.0.0.300"]', "hosts.kafka.0: "),
        ('[hosts]\nkafka = ["k1:9092"]', "hosts.kafka.0: "),
        ('[hosts]\nkafka = ["-k1"]', "hosts.kafka.0: "),
        ('[hosts]\nkafka = ["k1", "k2", "k1"]', "hosts.kafka: .*a host is named twice"),
        ('[hosts]\nkafkas = ["k1"]', "hosts.kafkas: "),
        ('host = "k_1"', "host: "),
        ('home = "/elsewhere"', "Set FOOTFALL_HOME instead"),
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


def test_on_one_machine_everything_is_numeric_loopback(home: Path) -> None:
    settings = Settings(home=home, port_offset=10)
    for name, port in Ports():
        if daemon_of(name) in ("journalnode", "zkfc"):
            # They are for several NameNodes.
            assert settings.addresses(name) == ()
            continue
        assert settings.addresses(name) == (("127.0.0.1", port + 10),)
        assert settings.address(name) == ("127.0.0.1", port + 10)
        assert settings.url(name) == f"http://127.0.0.1:{port + 10}"
        assert settings.bind_host(name) == settings.advertised_host(name) == "127.0.0.1"
    assert settings.kafka_bootstrap == "127.0.0.1:9102"


def test_hosts_come_from_file_and_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.toml").write_text('host = "z2"\n[hosts]\nkafka = ["k9"]\nzookeeper = ["z1", "z2", "z3"]\n')
    monkeypatch.setenv("FOOTFALL_HOSTS__KAFKA", '["k1", "k2"]')
    settings = load_settings()
    assert settings.kafka_bootstrap == "k1:9092,k2:9092"
    assert settings.addresses("kafka_controller") == (Address("k1", 9093), Address("k2", 9093))
    # One address is enough: this machine's own, or the first.
    assert settings.address("zookeeper") == Address("z2", 2181)
    assert settings.url("kafka") == "http://k1:9092"


def test_an_engine_listens_where_it_is_reached_and_nowhere_else(home: Path) -> None:
    hosts = Hosts(kafka=("k1", "k2"), namenode=("localhost",), yarn_resourcemanager=("rm",), sites=("web",))
    settings = Settings(home=home, host="k2", hosts=hosts, bind="0.0.0.0")
    assert (settings.advertised_host("kafka"), settings.bind_host("kafka_controller")) == ("k2", "k2")
    assert (settings.advertised_host("namenode"), settings.bind_host("namenode_http")) == ("localhost", "127.0.0.1")
    assert {settings.bind_host(f"yarn_{port}") for port in ("scheduler", "tracker", "admin", "http")} == {"rm"}
    assert settings.bind_host("yarn_localizer") == settings.bind_host("storm_worker") == "127.0.0.1"
    # Settings decide for what people open, for the dashboard by itself.
    assert (settings.url("shop"), settings.bind_host("shop")) == ("http://web:5001", "0.0.0.0")
    assert settings.bind_host("dashboard") == "127.0.0.1"
    opened = Settings(home=home, dashboard_bind="0.0.0.0")
    assert (opened.bind_host("dashboard"), opened.bind_host("shop")) == ("0.0.0.0", "127.0.0.1")


def test_an_address_stands_as_in_a_url() -> None:
    assert str(Address("k1", 9092)) == "k1:9092"
    assert str(Address("2001:db8::1", 9092)) == "[2001:db8::1]:9092"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_sentence(home: Path) -> None:
    (home / "settings.toml").touch(mode=0o000)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings()
