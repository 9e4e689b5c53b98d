import gzip
import hashlib
from pathlib import Path

import pytest

import footfall.sites
from footfall.sites import assets

FOLDER = Path(footfall.sites.__file__).parent


def test_the_tracker_is_smaller_than_six_kibibytes() -> None:
    assert len(gzip.compress(assets.served("footfall.js"), 9)) < 6 * 1024


def test_the_tracker_that_is_served_was_made_of_the_source_as_it_is() -> None:
    made_of = assets.served("footfall.js").splitlines()[0].decode().removeprefix("//")
    source = (FOLDER / "tracker.js").read_bytes()
    assert made_of == hashlib.sha256(source).hexdigest()[:16], "tracker.js changed: run src/footfall/sites/minify.sh"


@pytest.mark.parametrize("name", ["../app.py", "app.py", "tracker.js", "", ".", "x" * 5000, "a\0b", "icon.svg/"])
def test_nothing_else_is_served(name: str) -> None:
    with pytest.raises(KeyError):
        assets.served(name)


def test_styles_ask_for_nothing_from_elsewhere() -> None:
    for name in ("base.css", "shop.css", "news.css", "academy.css"):
        content = assets.served(name).decode()
        assert "url(" not in content
        assert "@import" not in content
