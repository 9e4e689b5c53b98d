"""Paths of visits: repeats collapsed, and the end of a visit."""

from footfall.metrics.paths import collapsed, path


def test_an_immediate_repeat_is_no_step() -> None:
    assert collapsed(["home", "list", "list", "home", "home"]) == ["home", "list", "home"]
    assert collapsed([]) == []


def test_six_steps_are_kept() -> None:
    assert collapsed(list("aabbcdefgh")) == list("abcdef")


def test_a_visit_ends_with_its_last_step() -> None:
    assert path(["home", "list", "product"], 2) == (["home", "list"], False)
    assert path(["home", "list"], 2) == (["home", "list"], True)
    assert path(["home"], 2) is None
    assert path(list("abcdef"), 5) == (list("abcde"), False)
