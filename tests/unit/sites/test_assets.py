import gzip
import hashlib
import json
from pathlib import Path

import pytest

import footfall.sites
from footfall.settings import REPOSITORY
from footfall.sites import assets

FOLDER = Path(footfall.sites.__file__).parent


def test_the_tracker_is_smaller_than_six_kibibytes() -> None:
    assert len(gzip.compress(assets.served("footfall.js"), 9)) < 6 * 1024


@pytest.mark.parametrize(("served", "source"), [("footfall.js", "tracker.js"), ("footfall-vitals.js", "vitals.js")])
def test_the_scripts_that_are_served_were_made_of_the_sources_as_they_are(served: str, source: str) -> None:
    made_of = assets.served(served).splitlines()[0].decode().removeprefix("//")
    found = hashlib.sha256((FOLDER / source).read_bytes()).hexdigest()[:16]
    assert made_of == found, f"{source} changed: run src/footfall/sites/minify.sh"


def test_the_second_script_holds_the_version_of_web_vitals_that_is_locked() -> None:
    locked = json.loads((REPOSITORY / "locks" / "tracker" / "package-lock.json").read_text("utf-8"))
    version = locked["packages"]["node_modules/web-vitals"]["version"]
    assert f"web-vitals {version}, Copyright 2020 Google LLC" in assets.served("footfall-vitals.js").decode()


@pytest.mark.parametrize("name", ["../app.py", "app.py", "tracker.js", "", ".", "x" * 5000, "a\0b", "icon.svg/"])
def test_nothing_else_is_served(name: str) -> None:
    with pytest.raises(KeyError):
        assets.served(name)


def test_styles_ask_for_nothing_from_elsewhere() -> None:
    for name in ("base.css", "shop.css", "news.css", "academy.css"):
        content = assets.served(name).decode()
        assert "url(" not in content
        assert "@import" not in content
