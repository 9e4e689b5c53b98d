"""One page has one path, however its address is written (RFC 3986, section 6.2.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.events.paths import normal_path
from footfall.events.stamp import Context, accept
from footfall.events.validate import SCHEMA, check_stored
from tests.support.events import NOW_MS, example_event


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/%63af%C3%A9", "/caf%C3%A9"),
        ("/café", "/caf%C3%A9"),
        ("/%7Euser/%2D%2e%5F", "/~user/-._"),
        # What is reserved means something else when it is encoded.
        ("/a%2Fb%3f%23", "/a%2Fb%3F%23"),
        ("/a/b", "/a/b"),
        ("/a%20b+c", "/a%20b+c"),
        ("/100%", "/100%"),
        ("/%zz%4", "/%zz%4"),
        ("/a/./b/../c", "/a/c"),
        ("/a/%2e%2E/c", "/c"),
        ("/../../a", "/a"),
        ("/a/..", "/"),
        ("/a/.", "/a/"),
        ("/.well-known/...", "/.well-known/..."),
        ("//a//", "//a//"),
        ("/%E6%97%a5", "/%E6%97%A5"),
        ("/" + "日" * 200, "/" + "日" * 200),
    ],
)
def test_normal_paths(written: str, normal: str) -> None:
    assert normal_path(written) == normal


@given(st.text(st.sampled_from("/.%aA2fFeE4é~ ")).map(lambda text: "/" + text))
def test_a_normal_path_is_its_own_normal_form_and_still_a_path(path: str) -> None:
    normal = normal_path(path)
    assert normal.startswith("/")
    assert normal_path(normal) == normal


def test_a_stored_event_has_normal_paths() -> None:
    event = example_event(page_path="/%63af%c3%a9", previous_path="/café")
    stored = accept(event, Context("shop", NOW_MS))
    assert isinstance(stored, dict)
    assert (stored["page_path"], stored["previous_path"]) == ("/caf%C3%A9", "/caf%C3%A9")
    assert check_stored(stored) is None
    assert SCHEMA["$defs"]["path"]["maxLength"] == 1024
