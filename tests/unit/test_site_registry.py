"""The list of sites: the demo sites by default, a file of the home otherwise, read anew while programs run."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall import site_registry
from footfall.events.validate import SCHEMA
from footfall.names import ALL_APPS, APP_ID
from footfall.settings import REPOSITORY, Settings
from footfall.site_addresses import address_of
from footfall.site_registry import DEMO_SITES, Site, SitesError

BLOG = """
[shop]
title = "Hearth & Trail"

[blog]
title = "Field notes"
colour = "#2F6B2A"
origins = ["https://blog.example.org", "http://localhost:8080"]
port = 5004
"""
Write = Callable[[str], Settings]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file of a home whose programs look at it each time; an empty text leaves it out."""
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)
    settings = Settings(home=tmp_path, port_offset=100)

    def written(text: str) -> Settings:
        (tmp_path / "sites.toml").unlink(missing_ok=True)
        if text:
            (tmp_path / "sites.toml").write_text(text)
        return settings

    return written


def test_without_a_file_there_are_the_demo_sites_on_the_ports_of_the_settings(write: Write) -> None:
    settings = write("")
    assert site_registry.names(settings) == DEMO_SITES == ("shop", "news", "academy")
    assert [site.title for site in site_registry.sites(settings)] == [
        "Hearth & Trail",
        "The Daily Current",
        "Openbook Academy",
    ]
    assert [site.demo for site in site_registry.sites(settings)] == list(DEMO_SITES)
    assert all(site.origins == () and site.port is None for site in site_registry.sites(settings))
    assert [address_of(settings, app) for app in DEMO_SITES] == [("127.0.0.1", port) for port in (5101, 5102, 5103)]
    moved = Settings(home=settings.home, ports={"news": 7000})  # type: ignore[arg-type]  # pydantic converts it
    assert address_of(moved, "news") == ("127.0.0.1", 7000)


def test_the_file_is_the_whole_list_in_its_order(write: Write) -> None:
    settings = write(BLOG)
    shop, blog = site_registry.sites(settings)
    assert (shop.app_id, shop.colour, shop.demo) == ("shop", None, "shop")
    assert blog == Site(
        app_id="blog",
        title="Field notes",
        colour="#2F6B2A",
        origins=("https://blog.example.org", "http://localhost:8080"),
        port=5004,
    )
    assert blog.demo is None
    assert site_registry.find(settings, "blog") == blog
    assert site_registry.find(settings, "news") is None
    assert address_of(settings, "blog") == ("127.0.0.1", 5104)
    # Its process runs as long as its service does.
    assert address_of(settings, "news") == ("127.0.0.1", 5102)
    assert site_registry.demo_site(settings, "news").title == "The Daily Current"
    # What a removed site left, the collector has.
    assert address_of(settings, "gone") == ("127.0.0.1", 5110)


def test_a_change_is_seen_and_one_that_cannot_be_used_changes_nothing(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    assert site_registry.names(write("")) == DEMO_SITES
    assert site_registry.names(write(BLOG)) == ("shop", "blog")
    assert site_registry.names(write("[blog")) == ("shop", "blog")
    assert "The sites stay as they were." in caplog.text
    assert site_registry.names(write(BLOG.replace("[blog]", "[notes]"))) == ("shop", "notes")
    assert site_registry.names(write("")) == DEMO_SITES


def test_the_file_is_looked_at_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    settings, file = Settings(home=tmp_path), tmp_path / "sites.toml"
    assert site_registry.names(settings) == DEMO_SITES
    file.write_text(BLOG)
    now_s += 0.9
    assert site_registry.names(settings) == DEMO_SITES
    now_s += 0.2
    assert site_registry.names(settings) == ("shop", "blog")
    # What has not changed is not read again.
    stamp = file.stat()
    file.write_text("x" * stamp.st_size)
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    now_s += 2
    assert site_registry.names(settings) == ("shop", "blog")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[blog", "cannot be read"),
        ('title = "Blog"', "title stands outside of a table such as [blog]"),
        ("[blog]", "[blog]: title: Field required"),
        ('[Blog]\ntitle = "Blog"', "a site's name matches"),
        ('[all]\ntitle = "All"', "is not 'all'"),
        ('[blog]\ntitle = "Blog"\ncolor = "#123456"', "color: Extra inputs"),
        ('[blog]\ntitle = "Blog"\ncolour = "red;}"', "colour"),
        ('[blog]\ntitle = "a\\u0007b"', "control characters"),
        ('[blog]\ntitle = "Blog"\norigins = ["https://blog.example.org/"]', "is no origin such as"),
        ('[blog]\ntitle = "Blog"\nport = 9092', "is that of ports.kafka of the settings too"),
        ('[blog]\ntitle = "Blog"\nport = 5004\n[wiki]\ntitle = "Wiki"\nport = 5004', "wiki is that of blog too"),
        ('[blog]\ntitle = "Blog"\nport = 65500', "exceeds 65535"),
        ('[shop]\ntitle = "Shop"\nport = 6000', "the port of shop is set as ports.shop"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(write: Write, text: str, fault: str) -> None:
    settings = write(text)
    with pytest.raises(SitesError) as told:
        site_registry.sites(settings)
    assert str(settings.home / "sites.toml") in str(told.value)
    assert fault in str(told.value)


def test_what_a_removed_site_left_is_known_by_its_folder(write: Write, tmp_path: Path) -> None:
    for name in ("zine", "news", "blog", "all", "No site", ".hidden"):
        (tmp_path / "spool" / name).mkdir(parents=True)
    (tmp_path / "spool" / "file").touch()
    settings = write(BLOG)
    assert site_registry.names_and_folders(settings, settings.spool_dir) == ("shop", "blog", "news", "zine")
    assert site_registry.names_and_folders(settings, settings.ledger_dir) == ("shop", "blog")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a", True), ("shop-2", True), ("s" * 31, True), ("s" * 32, False), ("", False), ("-a", False), ("2a", False),
     ("Shop", False), ("a_b", False), ("shop\n", False), ("é", False), ("all", False), ("alle", True), (None, False)],
)  # fmt: skip
def test_a_sites_name(text: object, is_one: bool) -> None:
    assert site_registry.is_app_id(text) is is_one


def test_the_example_of_the_documentation_can_be_used(write: Write) -> None:
    example, _ = re.findall(
        r"```toml\n(.*?)```", (REPOSITORY / "docs" / "operating" / "sites.md").read_text("utf-8"), re.DOTALL
    )
    assert site_registry.names(write(example)) == ("shop", "blog")


def test_the_event_schema_knows_the_same_names() -> None:
    app = SCHEMA["$defs"]["app"]
    assert (app["pattern"], app["not"]) == (f"^{APP_ID}$", {"const": ALL_APPS})
