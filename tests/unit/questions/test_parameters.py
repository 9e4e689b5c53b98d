"""A shared parameter says what it takes in one place: for help, for the check, and for what the question gets."""

import pytest

from footfall.questions import parameters
from footfall.questions.model import UnknownValue


@pytest.mark.parametrize(
    ("parameter", "usage"),
    [
        (parameters.by("app", "page", "country"), "the dimension to divide by: app, page or country"),
        (parameters.window("1m"), "the length of a window: 1m"),
        (parameters.APP, "one site, or all: shop, news, academy or all"),
        (parameters.minutes(60, 1440), "how many minutes, the current one included: 1 to 1440"),
        (parameters.limit(), "how many rows at most: 1 or more"),
        (parameters.SESSION, "a session_id"),
    ],
)
def test_the_usage_names_choices_and_bounds(parameter: parameters.Parameter, usage: str) -> None:
    assert parameter.usage == usage


def test_sites_are_looked_up_when_a_question_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownValue):
        parameters.APP.value("q", "cinema")
    sites = (*parameters.apps(None), "cinema")
    monkeypatch.setattr(parameters, "apps", lambda app: sites if app in (None, "all") else (app,))
    assert parameters.APP.usage.endswith("cinema or all")
    assert parameters.APP.value("q", None) == sites


def test_what_is_left_out_is_the_default_or_nothing() -> None:
    assert parameters.by("app", "page").value("q", None) == "app"
    assert parameters.limit().value("q", None) is None
    assert parameters.FROM.value("q", None) is None
    assert parameters.state("open").value("q", None) is None


@pytest.mark.parametrize(
    ("parameter", "value", "sentence"),
    [
        (parameters.limit(most=10), 11, "The parameter limit lies between 1 and 10."),
        (parameters.limit(), 0, "The parameter limit is at least 1."),
        (parameters.KIND, "slow", "There is no kind 'slow'; there are: access, error, performance."),
        (parameters.state("open", "resolved"), "", "There is no state ''; there are: open, resolved."),
    ],
)
def test_another_value_is_refused(parameter: parameters.Parameter, value: object, sentence: str) -> None:
    with pytest.raises(UnknownValue) as refused:
        parameter.value("q", value)
    assert str(refused.value) == sentence


def test_a_day_given_as_to_counts_whole() -> None:
    day_ms = 1_795_478_400_000
    assert parameters.FROM.value("q", "2026-11-24") == day_ms
    assert parameters.TO.value("q", "2026-11-24") == day_ms + 86_400_000
    assert parameters.TO.value("q", "2026-11-24T00:00:00Z") == day_ms
