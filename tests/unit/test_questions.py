"""What is asked wrongly is answered with what could be asked."""

from typing import Any

import pytest

from footfall import question_registry
from footfall.questions.model import Row, UnknownValue
from tests.unit.realtime.live_log import LOG, counted, sources
from tests.unit.realtime.memory_store import Cells

APPS = "shop, news, academy, all"
LIVE = {
    "live-active-users": ("app", "by"),
    "live-cities": ("app",),
    "live-errors": ("app",),
    "live-metrics": ("app", "by", "minutes"),
    "live-visits": ("app",),
    "recent-pages": ("user",),
    "session": ("session",),
}


@pytest.fixture(scope="module")
def cells() -> Cells:
    return counted(LOG)


def ask(cells: Cells, name: str, **parameters: Any) -> list[Row]:
    return question_registry.ask(sources(cells), name, **parameters)


def refused(cells: Cells, name: str, **parameters: Any) -> str:
    """The sentence that refuses that question."""
    with pytest.raises(UnknownValue) as told:
        ask(cells, name, **parameters)
    return str(told.value)


def test_the_live_questions_are_there() -> None:
    found = question_registry.questions()
    assert {name: tuple(p.name for p in found[name].parameters) for name in LIVE} == LIVE
    assert list(found) == sorted(found)
    assert all(question_registry.find(name) is question and question.name == name for name, question in found.items())


def test_an_unknown_question_names_all(cells: Cells) -> None:
    sentence = refused(cells, "live-metric")
    assert sentence == f"There is no question 'live-metric'; there are: {', '.join(question_registry.questions())}."


@pytest.mark.parametrize("name", [name for name, parameters in LIVE.items() if "app" in parameters])
@pytest.mark.parametrize("app", ["Shop", "", "shop\0", "alle"])
def test_an_unknown_app_names_all(cells: Cells, name: str, app: str) -> None:
    assert refused(cells, name, app=app) == f"There is no app {app!r}; there are: {APPS}."


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("live-active-users", "app, page, country"),
        ("live-metrics", "app, page, section, country, device"),
    ],
)
@pytest.mark.parametrize("by", ["city", "", "error"])
def test_an_unknown_dimension_names_all(cells: Cells, name: str, known: str, by: str) -> None:
    assert refused(cells, name, by=by) == f"There is no dimension {by!r}; there are: {known}."
    for dimension in known.split(", "):
        assert {row["dimension"] for row in ask(cells, name, by=dimension)} == {dimension}


@pytest.mark.parametrize("minutes", [0, -1, 1441, 10**9])
def test_minutes_out_of_bounds_name_the_bounds(cells: Cells, minutes: int) -> None:
    assert refused(cells, "live-metrics", minutes=minutes) == "The parameter minutes lies between 1 and 1440."


@pytest.mark.parametrize("minutes", [1, 1440])
def test_minutes_at_the_bounds_are_answered(cells: Cells, minutes: int) -> None:
    assert ask(cells, "live-metrics", minutes=minutes)[0]["minute_at"] == "2026-11-24T12:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("live-metrics", {"minutes": "5"}, "The parameter minutes of live-metrics is a whole number."),
        ("live-metrics", {"minutes": 5.0}, "The parameter minutes of live-metrics is a whole number."),
        ("live-metrics", {"minutes": True}, "The parameter minutes of live-metrics is a whole number."),
        ("live-errors", {"app": 1}, "The parameter app of live-errors is a text."),
        ("session", {"session": 1}, "The parameter session of session is a text."),
    ],
)
def test_a_value_of_another_kind_is_told_which(
    cells: Cells, name: str, parameters: dict[str, Any], sentence: str
) -> None:
    assert refused(cells, name, **parameters) == sentence


@pytest.mark.parametrize("name", LIVE)
def test_an_unknown_parameter_names_all(cells: Cells, name: str) -> None:
    known = ", ".join(LIVE[name])
    assert refused(cells, name, colour="red") == f"There is no parameter of {name} 'colour'; there are: {known}."


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("recent-pages", "recent-pages needs the parameter user: a user_id or an anonymous_id."),
        ("session", "session needs the parameter session: a session_id."),
    ],
)
def test_what_is_needed_is_asked_for(cells: Cells, name: str, sentence: str) -> None:
    assert refused(cells, name) == sentence
    assert refused(cells, name, **{LIVE[name][0]: None}) == sentence


# The beginning of someone's name, a name with another's behind it, a session, and one known from history alone.
@pytest.mark.parametrize("user", ["nobody", "a-an", "a-ana\0s-ana", "", "s-ana", "a-old"])
def test_an_unknown_user_is_given_examples(cells: Cells, user: str) -> None:
    assert refused(cells, "recent-pages", user=user) == (
        f"There is no user {user!r} in the live tables; there are, for example: a-ana, a-ana2, a-ben, a-bot, a-dan."
    )


@pytest.mark.parametrize("session", ["nobody", "s-an", "", "a-ana", "s-old"])
def test_an_unknown_session_is_given_examples(cells: Cells, session: str) -> None:
    assert refused(cells, "session", session=session) == (
        f"There is no session {session!r} in the live tables; there are, for example: "
        "s-ana, s-ana2, s-ben, s-bot, s-dan."
    )


# Nothing, half a character as a terminal may hand it over, longer than any key.
@pytest.mark.parametrize("value", ["", "a\udc80", "x" * 40_000])
def test_what_no_event_can_say_is_unknown_too(cells: Cells, value: str) -> None:
    for name, what in (("recent-pages", "user"), ("session", "session")):
        sentence = refused(cells, name, **{what: value})
        assert sentence.startswith(f"There is no {what} {value[:128]!r} in the live tables; there are, for example: ")


def test_examples_can_be_asked_for(cells: Cells) -> None:
    for name, parameter in (("recent-pages", "user"), ("session", "session")):
        examples = refused(cells, name, **{parameter: "nobody"}).rpartition(": ")[2].rstrip(".").split(", ")
        assert all(ask(cells, name, **{parameter: example}) for example in examples)


def test_empty_tables_have_no_examples() -> None:
    assert refused(Cells(), "session", session="s") == (
        "There is no session 's' in the live tables; there are, for example: none yet."
    )
    assert refused(Cells(), "recent-pages", user="u").endswith("for example: none yet.")
