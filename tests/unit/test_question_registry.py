"""A question is one file: it is found, asked and displayed, and nothing else names it."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import footfall
from footfall import question_registry
from footfall.cluster.service import PythonModule
from footfall.cluster.services import BY_NAME
from footfall.cluster.supervision import dependencies
from footfall.questions.model import UnknownValue
from footfall.questions.sources import Sources
from footfall.settings import Settings
from tests.unit.cli.test_main import Call
from tests.unit.cli.test_main import call as call
from tests.unit.cli.test_main import environment as environment

PACKAGE = Path(footfall.__file__).parent
# These have rows, or refuse the request with a sentence.
NEVER_EMPTY = {"data-quality", "segments", "session", "similar-items"}
RAINY_DAYS = '''"""Days on which it rained."""

from footfall.questions import parameters
from footfall.questions.model import Question
from footfall.questions.sources import Source

ALMANAC = Source("almanac", lambda settings: {"shop": 3, "news": 5})


def run(context, app, limit):
    """Rows of `rainy-days`."""
    return [{"days": days, "app_id": one} for one, days in context.store.items() if app in (None, one)][:limit]


QUESTION = Question(
    "rainy-days",
    __doc__,
    columns=("app_id", "days"),
    parameters=(parameters.app(lambda context, _: context.store), parameters.limit(default=7, most=9)),
    source=ALMANAC,
    run=run,
)
'''

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Adds a question's file to a station `weather`, which is nowhere named."""
    folder = tmp_path / "stations" / "weather" / "questions"
    folder.mkdir(parents=True)
    for package in (folder.parent, folder):
        (package / "__init__.py").touch()
    monkeypatch.setattr(footfall, "__path__", [*footfall.__path__, str(tmp_path / "stations")])

    def put(name: str, content: str) -> None:
        (folder / name).write_text(content)
        _forget()

    yield put
    _forget()


def _forget() -> None:
    """Clears the cache, so that the questions are searched again, as in a new process."""
    question_registry.questions.cache_clear()
    for name in [name for name in sys.modules if name.startswith(("footfall.weather", "footfall.cli.query"))]:
        del sys.modules[name]


def test_a_question_is_one_file(write: Write, call: Call) -> None:
    write("rainy_days.py", RAINY_DAYS)
    assert question_registry.find("rainy-days").columns == ("app_id", "days")

    sources = Sources(Settings())
    # Columns come in the question's order, whatever the order in which it made them.
    assert [list(row.items()) for row in question_registry.ask(sources, "rainy-days")] == [
        [("app_id", "shop"), ("days", 3)],
        [("app_id", "news"), ("days", 5)],
    ]
    with pytest.raises(UnknownValue, match="between 1 and 9"):
        question_registry.ask(sources, "rainy-days", limit=10)

    assert "rainy-days             Days on which it rained.\n" in call("query", "--help").out
    assert "rainy-days" in call("query").out
    help_page = call("query", "rainy-days", "--help").out
    assert "Usage: ./footfall query rainy-days" in help_page
    assert "How many rows at most: 1 to 9. [default: 7]" in help_page
    assert "--app" in help_page
    assert "--minutes" not in help_page
    answer = call("query", "rainy-days", "--app", "news")
    assert (answer.status, [line.split() for line in answer.out.splitlines()]) == (
        0,
        [["app_id", "days"], ["news", "5"]],
    )


def test_a_file_that_begins_with_an_underscore_is_no_question(write: Write) -> None:
    write("_rainy_days.py", RAINY_DAYS)
    assert "rainy-days" not in question_registry.questions()


def test_two_files_with_one_name_are_an_error(write: Write) -> None:
    write("rainy_days.py", RAINY_DAYS.replace('"rainy-days"', '"session"'))
    with pytest.raises(TypeError, match=r"answer the question session: .*realtime.* and .*weather|.*weather.*realtime"):
        question_registry.questions()


@pytest.mark.parametrize("columns", ['("app_id",)', '("app_id", "days", "litres")'])
def test_an_answer_with_other_columns_is_an_error(write: Write, columns: str) -> None:
    write("rainy_days.py", RAINY_DAYS.replace('("app_id", "days")', columns))
    with pytest.raises(TypeError, match="rainy-days answered with days, app_id"):
        question_registry.ask(Sources(Settings()), "rainy-days")


def test_a_wrong_parameter_opens_no_source(write: Write) -> None:
    write("rainy_days.py", RAINY_DAYS.replace('{"shop": 3, "news": 5}', "1 / 0"))
    with pytest.raises(UnknownValue):
        question_registry.ask(Sources(Settings()), "rainy-days", limit=0)
    with pytest.raises(ZeroDivisionError):
        question_registry.ask(Sources(Settings()), "rainy-days")


def test_each_description_fits_into_one_line_of_a_terminal() -> None:
    for question in question_registry.questions().values():
        assert 0 < len(question.description) <= 53, question.name
        assert question.description.endswith("."), question.name


def test_each_question_says_why_it_may_have_no_row() -> None:
    for question in question_registry.questions().values():
        assert (question.when_empty == "") is (question.name in NEVER_EMPTY), question.name
        assert question.when_empty.endswith(".") or not question.when_empty, question.name


def test_each_question_takes_its_source_and_its_parameters() -> None:
    for question in question_registry.questions().values():
        arguments = question.run.__code__.co_varnames[: question.run.__code__.co_argcount]
        assert sorted(arguments) == sorted(["context", *(p.keyword for p in question.parameters)]), question.name


def test_the_form_of_a_question_lies_below_the_stations_and_the_registry_above() -> None:
    ground = {"footfall.errors", "footfall.hdfs", "footfall.names", "footfall.settings", "footfall.site_registry"}
    for path in PACKAGE.rglob("*.py"):
        folder = path.relative_to(PACKAGE).parts[0]
        imported = set(_imported(path))
        if folder == "questions":
            below = {name for name in imported if not name.startswith("footfall.questions")}
            assert {name for name in below if not any(name == g or name.startswith(f"{g}.") for g in ground)} == set()
        if folder not in ("cli", "dashboard"):
            assert not any("question_registry" in name for name in imported), path


def test_the_dashboard_restarts_when_a_question_changes() -> None:
    command = BY_NAME["dashboard"].command
    assert isinstance(command, PythonModule)
    files = {file.relative_to(PACKAGE).with_suffix("").as_posix() for file in dependencies.of(command).files}
    for question in question_registry.questions().values():
        assert question.run.__module__.removeprefix("footfall.").replace(".", "/") in files


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("footfall"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("footfall"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
