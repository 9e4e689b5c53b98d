"""`footfall site`: one sentence or one document each, and no traceback."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall import site_registry
from footfall.cli import main as command_line
from footfall.cli.up import HOW_TO_ADD
from footfall.logs import layout
from footfall.runtime import requested
from footfall.settings import Settings
from tests.support.fresh_home import environment as environment

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Calls the command line for the home `tmp_path`; returns status, standard output and standard error."""
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["footfall", "site", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, " ".join(said.err.split())

    return run


def test_a_site_is_added_listed_and_removed(call: Call, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.run_dir.mkdir()
    requested.write(settings, ["collector"])
    status, out, err = call("add", "blog", "--origin", "https://www.example.org", "--title", "Field notes")
    assert (status, err) == (0, "")
    assert '<script defer src="http://localhost:5010/footfall.js" data-site="blog"></script>' in out
    status, out, _ = call("list", "--json")
    assert [site["app_id"] for site in json.loads(out)] == ["shop", "news", "academy", "blog"]
    assert json.loads(out)[-1] == {
        "app_id": "blog",
        "title": "Field notes",
        "colour": None,
        "origins": ["https://www.example.org"],
        "collected_by": "collector",
    }
    assert "https://www.example.org" in call("list")[1]
    status, out, err = call("remove", "blog")
    assert (status, err) == (0, "")
    assert "Its data stay until their retention" in out
    assert "blog" not in call("list")[1]


def test_a_site_that_only_has_a_server_needs_no_origin(call: Call, tmp_path: Path) -> None:
    status, out, _ = call("add", "bakery")
    assert status == 0
    assert "no page may send it events" in out
    assert "  ./footfall site key bakery\n" in out
    assert "  http://localhost:5010/v1/events?site=bakery\n" in out
    assert "<script" not in out
    assert json.loads(call("list", "--json")[1])[-1]["origins"] == []
    *_, shop, news, academy, bakery = call("list")[1].splitlines()
    assert "none: its server sends" in bakery
    # The pages of a demo site have its own host.
    assert not any("none" in line for line in (shop, news, academy))


def test_a_demo_site_that_is_added_again_needs_no_element(call: Call) -> None:
    call("remove", "shop")
    for origins in ((), ("--origin", "https://www.example.org")):
        status, out, _ = call("add", "shop", *origins)
        assert (status, out) == (0, "shop is a site now. The service site-shop has its pages and takes their events.\n")
        call("remove", "shop")


def test_in_a_cluster_the_key_is_made_there(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_HOST", "cli")
    assert "  ./footfall site key bakery --cluster\n" in call("add", "bakery")[1]


def test_it_says_if_the_collector_does_not_run(call: Call) -> None:
    _, _, err = call("add", "blog", "--origin", "https://www.example.org")
    assert err == "The service collector does not run; `./footfall up` starts it."


def test_without_the_demo_it_says_how_to_add_a_site(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_DEMO__ENABLED", "false")
    assert call("list") == (0, "", f"There is no site. {HOW_TO_ADD}")
    assert call("list", "--json")[:2] == (0, "[]\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "Blog", "--origin", "https://a.example"), "'Blog' is no name for a site"),
        (("add", "shop", "--origin", "https://a.example"), "There is a site shop already"),
        (("add", "blog", "--origin", "a.example"), "'a.example' is no origin such as"),
        (("remove", "blog"), "There is no site 'blog'; there are: shop, news, academy."),
    ],
)
def test_wrong_use_is_a_sentence(call: Call, tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    assert sentence in err
    assert not (tmp_path / "sites.toml").exists()


def test_a_key_is_made_once_and_only_its_file_is_said(call: Call, tmp_path: Path) -> None:
    assert call("key", "blog") == (2, "", "There is no site 'blog'; there are: shop, news, academy.")
    call("add", "blog", "--origin", "https://www.example.org")
    status, out, _ = call("key", "blog")
    key = Path(out.strip())
    assert (status, key) == (0, tmp_path / "secrets" / "site-key-blog")
    made = key.read_text()
    assert len(made) == 64
    assert call("key", "blog")[1] == out
    assert key.read_text() == made
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("arguments", [("incident", "errors"), ("history", "--days", "1")])
def test_what_needs_the_demo_says_so(
    arguments: tuple[str, ...], call: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOOTFALL_DEMO__ENABLED", "false")
    monkeypatch.setattr(sys, "argv", ["footfall", *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == 1
    assert "the setting demo.enabled switches the demo sites off." in " ".join(capsys.readouterr().err.split())


def test_the_folder_for_logs_is_printed(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    folder = tmp_path / "logs" / "sites" / "_added"
    status, out, err = call("logs")
    assert (status, out, folder.parent.exists()) == (0, f"{folder}\n", False)
    assert "flume does not run" in err
    settings.run_dir.mkdir()
    requested.write(settings, ["flume"])
    assert call("logs") == (0, f"{folder}\n", "")
    # Flume follows it, whichever sites there are, and no site has its name.
    assert layout.followed(settings) == ["shop", "news", "academy", "_added"]
    assert call("add", "_added", "--origin", "https://www.example.org")[0] == 2


def test_in_a_cluster_added_sites_have_no_logs(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_HOST", "flume-shop")
    status, out, err = call("logs")
    assert (status, out) == (1, "")
    assert "demo sites only" in err
