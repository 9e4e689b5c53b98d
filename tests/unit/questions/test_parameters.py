"""A shared parameter is defined once: its help, its validation, and the argument of the question."""

from pathlib import Path

import pytest

from footfall import site_registry
from footfall.questions import parameters, times
from footfall.questions.model import UnknownValue
from footfall.questions.sources import Context
from footfall.settings import Settings


@pytest.mark.parametrize(
    ("parameter", "usage"),
    [
        (parameters.by("app", "page", "country"), "the dimension to divide by: app, page or country"),
        (parameters.window("1m"), "the length of a window: 1m"),
        (parameters.app(lambda *_: ()), "a site's app_id, or all: shop, news, academy or all"),
        (parameters.minutes(60, 1440), "how many minutes, the current one included: 1 to 1440"),
        (parameters.limit(), "how many rows at most: 1 or more"),
        (parameters.SESSION, "a session_id"),
    ],
)
def test_the_usage_names_choices_and_bounds(parameter: parameters.Parameter, usage: str) -> None:
    assert parameter.usage(Settings()) == usage


def test_sites_are_looked_up_when_a_question_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_registry, "_LOOK_EVERY_S", 0.0)
    settings = Settings(home=tmp_path)
    named: list[str] = []
    app = parameters.app(lambda context, name: named.append(name) or context.store)  # type: ignore[func-returns-value]
    assert app.convert is not None
    asked = Context(settings, {"cinema"}, 0)
    assert app.convert(asked, app.checked("q", None)) is None
    assert app.convert(asked, "shop") == "shop"
    assert named == []
    # The cinema is registered no more, and has data; the circus has none.
    assert app.convert(asked, "cinema") == "cinema"
    with pytest.raises(UnknownValue, match=r"There is no app 'circus'; there are: shop, news, academy, all\."):
        app.convert(asked, "circus")
    assert named == ["cinema", "circus"]
    (tmp_path / "sites.toml").write_text('[circus]\ntitle = "Circus"\n')
    assert app.usage(settings) == "a site's app_id, or all: circus or all"
    assert app.convert(asked, "circus") == "circus"


def test_a_missing_parameter_has_its_default_or_none() -> None:
    assert parameters.by("app", "page").checked("q", None) == "app"
    assert parameters.limit().checked("q", None) is None
    assert parameters.FROM.checked("q", None) is None
    assert parameters.state("open").checked("q", None) is None


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
        parameter.checked("q", value)
    assert str(refused.value) == sentence


def test_a_day_given_as_to_counts_whole() -> None:
    day_ms = 1_795_478_400_000
    assert times.from_ms("2026-11-24") == day_ms
    for text in ("２０２６-11-24", "２０２６-11-24T00:00:00Z"):
        with pytest.raises(UnknownValue, match="is a UTC day such as"):
            times.from_ms(text)
    assert times.to_ms("2026-11-24") == day_ms + 86_400_000
    assert times.to_ms("2026-11-24T00:00:00Z") == day_ms
