"""Sites are added to the file and removed from it, and what else it holds stays as it is."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall import site_changes, site_registry
from footfall.settings import REPOSITORY, Demo, Settings
from footfall.site_addresses import address_of, service_of
from footfall.site_registry import DEMO_SITES, SitesError, browsers_origin

FILE = """# Ours.
[shop]
title = "Tea"  # and coffee

# The blog moved in May.
[ "blog" ]   # it has a server of its own
title = "Field notes"
origins = [
  "https://blog.example.org",
  "https://www.blog.example.org",
]

# The wiki.
[wiki]
title = "Wiki"
"""
ORIGIN = "https://www.example.org"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    """The settings of a home whose file has this text; without a text there is none."""
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)

    def made(text: str = "", **changed: object) -> Settings:
        if text:
            (tmp_path / "sites.toml").write_text(text)
        return Settings(home=tmp_path, **changed)  # type: ignore[arg-type]

    return made


Home = Callable[..., Settings]


def text_of(settings: Settings) -> str:
    return (settings.home / "sites.toml").read_text("utf-8")


def test_the_first_site_keeps_the_demo_sites(home: Home) -> None:
    settings = home()
    before = site_registry.sites(settings)
    added = site_changes.add(settings, "blog", [ORIGIN, "http://localhost:8000"], "Field “notes”\\", "#2F6B2A")
    assert site_registry.sites(settings) == (*before, added)
    assert (added.title, added.colour) == ("Field “notes”\\", "#2F6B2A")
    assert added.origins == (ORIGIN, "http://localhost:8000")
    assert service_of(settings, "blog") == "collector"
    assert address_of(settings, "blog") == settings.address("collector")


def test_the_rest_of_the_file_stays_as_it_is(home: Home) -> None:
    settings = home(FILE)
    site_changes.add(settings, "notes", [ORIGIN], None, None)
    assert text_of(settings) == f'{FILE}\n[notes]\ntitle = "notes"\norigins = ["{ORIGIN}"]\n'
    site_changes.remove(settings, "notes")
    assert text_of(settings).rstrip() == FILE.rstrip()
    site_changes.remove(settings, "blog")
    assert text_of(settings).rstrip() == (
        '# Ours.\n[shop]\ntitle = "Tea"  # and coffee\n\n# The blog moved in May.\n\n'
        '# The wiki.\n[wiki]\ntitle = "Wiki"'
    )
    assert site_registry.names(settings) == ("shop", "wiki")


def test_a_file_without_a_line_end_gets_one(home: Home) -> None:
    settings = home('[wiki]\ntitle = "Wiki"')
    site_changes.add(settings, "notes", [ORIGIN], None, None)
    assert site_registry.names(settings) == ("wiki", "notes")


def test_a_demo_site_can_be_removed_and_added_again(home: Home) -> None:
    settings = home()
    site_changes.remove(settings, "news")
    assert site_registry.names(settings) == ("shop", "academy")
    site_changes.add(settings, "news", [ORIGIN], None, None)
    assert site_registry.names(settings) == ("shop", "academy", "news")
    # Its own server takes its events as long as the demo runs.
    assert service_of(settings, "news") == "site-news"


def test_without_the_demo_there_are_only_sites_that_were_added(home: Home) -> None:
    settings = home(demo=Demo(enabled=False))
    assert site_registry.sites(settings) == ()
    site_changes.add(settings, "blog", [ORIGIN], None, None)
    assert text_of(settings).startswith("[blog]")
    # A name of a demo site is a name like any other then.
    site_changes.add(settings, "shop", [ORIGIN], None, None)
    assert site_registry.names(settings) == ("blog", "shop")
    assert service_of(settings, "shop") == "collector"


def test_a_site_may_have_no_origin(home: Home) -> None:
    settings = home(FILE)
    added = site_changes.add(settings, "bakery", [], None, None)
    assert (added.origins, service_of(settings, "bakery")) == ((), "collector")
    assert text_of(settings) == f'{FILE}\n[bakery]\ntitle = "bakery"\norigins = []\n'
    assert site_changes.remove(settings, "bakery") == added
    assert text_of(settings).rstrip() == FILE.rstrip()


def test_without_the_demo_its_names_are_free(home: Home) -> None:
    before = """# Ours.
[shop]
title = "Tea"

[blog]
title = "Field notes"
"""
    off = home(before, demo=Demo(enabled=False))
    assert site_registry.names(off) == ("blog",)
    site_changes.add(off, "shop", [], "Tools", None)
    assert text_of(off) == '# Ours.\n\n[blog]\ntitle = "Field notes"\n\n[shop]\ntitle = "Tools"\norigins = []\n'
    assert site_registry.names(off) == ("blog", "shop")
    assert service_of(off, "shop") == "collector"
    with pytest.raises(SitesError, match="There is a site shop already"):
        site_changes.add(off, "shop", [], None, None)
    assert site_changes.remove(off, "shop").title == "Tools"
    assert site_registry.names(off) == ("blog",)


def test_the_demo_can_be_switched_off_later(home: Home) -> None:
    site_changes.add(home(), "blog", [ORIGIN], None, None)
    assert site_registry.names(home()) == (*DEMO_SITES, "blog")
    off = home(demo=Demo(enabled=False))
    assert site_registry.names(off) == ("blog",)
    with pytest.raises(SitesError, match="blog is the last site"):
        site_changes.remove(off, "blog")
    with pytest.raises(SitesError, match="There is no site 'shop'; there are: blog"):
        site_changes.remove(off, "shop")
    assert site_registry.names(home()) == (*DEMO_SITES, "blog")


@pytest.mark.parametrize("name", ["Blog", "all", "2a", "a_b", "", "b" * 32, "blog]\n[x", "é"])
def test_a_bad_name_is_a_sentence(home: Home, name: str) -> None:
    settings = home()
    with pytest.raises(SitesError, match="is no name for a site"):
        site_changes.add(settings, name, [ORIGIN], None, None)
    assert not (settings.home / "sites.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("wiki", [ORIGIN], None, None), "There is a site wiki already"),
        (("notes", ["www.example.org"], None, None), "'www.example.org' is no origin such as"),
        (("notes", [ORIGIN, "https://*.example.org"], None, None), "is no origin such as"),
        (("notes", ["null"], None, None), "'null' is no origin such as"),
        (("notes", [f"{ORIGIN}/blog"], None, None), "is no origin such as"),
        (("notes", [ORIGIN], None, "green"), "'green' is no colour such as #2f6b2a"),
        (("notes", [ORIGIN], "x" * 65, None), "A title has 1 to 64 characters"),
        (("notes", [ORIGIN], "a\nb", None), "A title has 1 to 64 characters"),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    home: Home, arguments: tuple[str, list[str], str | None, str | None], fault: str
) -> None:
    settings = home(FILE)
    with pytest.raises(SitesError) as told:
        site_changes.add(settings, *arguments)
    assert fault in str(told.value)
    assert text_of(settings) == FILE


def test_what_cannot_be_removed_changes_nothing(home: Home) -> None:
    settings = home(FILE)
    with pytest.raises(SitesError, match="There is no site 'notes'; there are: shop, blog, wiki"):
        site_changes.remove(settings, "notes")
    assert text_of(settings) == FILE
    settings = home('[wiki]\ntitle = "Wiki"\n')
    with pytest.raises(SitesError, match="wiki is the last site"):
        site_changes.remove(settings, "wiki")


@pytest.mark.parametrize(
    "text",
    [
        'blog = {title = "Blog"}\n[wiki]\ntitle = "Wiki"\n',
        'blog.title = "Blog"\n[wiki]\ntitle = "Wiki"\n',
    ],
)
def test_a_file_of_another_style_is_left_to_a_person(home: Home, text: str) -> None:
    settings = home(text)
    with pytest.raises(SitesError, match="only a person can change"):
        site_changes.remove(settings, "blog")
    assert text_of(settings) == text


def test_an_unusable_file_is_a_sentence(home: Home) -> None:
    settings = home("[blog")
    with pytest.raises(SitesError, match="cannot be read"):
        site_changes.add(settings, "notes", [ORIGIN], None, None)
    (settings.home / "sites.toml").write_bytes(b"\xff")
    with pytest.raises(SitesError, match="cannot be read"):
        site_changes.add(settings, "notes", [ORIGIN], None, None)


def test_a_link_leads_to_the_file_that_is_changed_and_rights_stay(home: Home, tmp_path: Path) -> None:
    settings = home()
    kept = tmp_path / "elsewhere" / "our-sites.toml"
    kept.parent.mkdir()
    kept.write_text(FILE)
    kept.chmod(0o640)
    (tmp_path / "sites.toml").symlink_to(kept)
    site_changes.add(settings, "notes", [ORIGIN], None, None)
    assert (tmp_path / "sites.toml").is_symlink()
    assert "[notes]" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_changes_at_the_same_time_all_count(home: Home, tmp_path: Path) -> None:
    script = (
        "import sys; from footfall import site_changes; from footfall.settings import Path, Settings;"
        f"[site_changes.add(Settings(home=Path({str(tmp_path)!r})), f'{{sys.argv[1]}}{{n}}', ['{ORIGIN}'], None, None)"
        " for n in range(5)]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, name], env={"PYTHONPATH": str(REPOSITORY / "src")})
        for name in ("a", "b")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    added = {f"{name}{number}" for name in "ab" for number in range(5)}
    assert set(site_registry.names(home())) == {*DEMO_SITES, *added}


def test_nodes_of_a_cluster_share_the_list(home: Home) -> None:
    node = home(host="cli")
    site_changes.add(node, "blog", [ORIGIN], None, None)
    assert (node.run_dir / "sites.toml").exists()
    assert "blog" in site_registry.names(home(host="collector"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("https://www.Example.org/", "https://www.example.org"),
        ("HTTPS://example.org:443", "https://example.org"),
        ("http://example.org:80", "http://example.org"),
        ("http://example.org:443", "http://example.org:443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://my_site.example", "https://my_site.example"),
        ("http://[2001:DB8::1]:81", "http://[2001:db8::1]:81"),
        ("ftp://example.org", None),
        ("https://a@example.org", None),
        ("https://example.org?x", None),
        ("https://example.org:99999", None),
        ("https://", None),
        ("https://[", None),
        ("https://a..b", None),
        ("", None),
    ],
)
def test_an_origin_as_browsers_write_it(text: str, written: str | None) -> None:
    assert browsers_origin(text) == written


def test_a_default_port_in_the_file_is_left_out(home: Home) -> None:
    settings = home('[blog]\ntitle = "Blog"\norigins = ["https://blog.example.org:443"]\n')
    (blog,) = site_registry.sites(settings)
    assert blog.origins == ("https://blog.example.org",)
