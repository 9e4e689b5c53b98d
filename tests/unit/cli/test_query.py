"""The verb `query`: options of each question, messages for wrong use, and no engine client before it is needed."""

import json
import subprocess
import sys

import pytest

from footfall import question_registry
from footfall.realtime.store import HBaseStore
from footfall.settings import Settings
from tests.unit.cli.test_main import Call
from tests.unit.cli.test_main import call as call
from tests.unit.cli.test_main import environment as environment


def test_without_a_name_all_questions_are_listed(call: Call) -> None:
    known = question_registry.questions()
    for arguments in ((), ("--help",)):
        ended = call("query", *arguments)
        assert ended.status == 0
        for question in known.values():
            listed = [question.name, *question.description.split()]
            assert listed in [line.split() for line in ended.out.splitlines()]
    assert json.loads(call("query", "--json").out) == [
        {
            "name": question.name,
            "parameters": ", ".join(parameter.name for parameter in question.parameters),
            "description": question.description,
        }
        for question in known.values()
    ]


@pytest.mark.parametrize("name", question_registry.questions())
def test_the_help_of_a_question_has_its_parameters_and_no_other(call: Call, name: str) -> None:
    question = question_registry.find(name)
    ended = call("query", name, "--help")
    text = " ".join(ended.out.split())
    assert ended.status == 0
    assert f"Usage: ./footfall query {name} [OPTIONS] {question.description}" in text
    options = [line.split()[0] for line in ended.out.splitlines() if line.startswith("  --")]
    assert options == [
        *(f"--{parameter.name.replace('_', '-')}" for parameter in question.parameters),
        "--json",
        "--help",
    ]
    for parameter in question.parameters:
        assert parameter.usage(Settings())[1:] in text
        if parameter.default is not None:
            assert f"{parameter.usage(Settings())[1:]}. [default: {parameter.default}]" in text
        if parameter.required:
            assert f"{parameter.usage(Settings())[1:]}. [required]" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("live-metric",), "There is no question 'live-metric'; there are: actions, daily-summary, data-quality, "),
        (
            ("live-metrics", "--limit", "5"),
            "There is no parameter of live-metrics 'limit'; there are: app, by, minutes.",
        ),
        (("live-errors", "--colour=red", "--json"), "There is no parameter of live-errors 'colour'; there are: app."),
        (("live-metrics", "--by", "x"), "There is no dimension 'x'; there are: app, page, section, country, device."),
        (("live-metrics", "--app", ""), "There is no app ''; there are: shop, news, academy, all."),
        (("live-metrics", "--minutes", "-1"), "The parameter minutes lies between 1 and 1440."),
        (("live-metrics", "--minutes", "x"), "Invalid value for '--minutes'"),
        (
            ("live-errors", "shop"),
            "live-errors does not take the argument 'shop'. See `./footfall query live-errors --help`.",
        ),
        (("slow-pages", "--min_views", "5"), "slow-pages takes the option --min-views, not --min_views."),
        (("slow-pages", "--min_views=5"), "slow-pages takes the option --min-views, not --min_views."),
        (("session",), "session needs the parameter session: a session_id."),
        (("session", "--session"), "Option '--session' requires an argument."),
        (("windowed-metrics", "--from", "now"), "The parameter from is a UTC day such as 2026-11-24 or a time such as"),
        (("log-tail", "--kind", "slow"), "There is no kind 'slow'; there are: access, error, performance."),
    ],
)
def test_wrong_use_is_a_sentence_and_status_2(call: Call, arguments: tuple[str, ...], sentence: str) -> None:
    ended = call("query", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert sentence in ended.err


class Empty(HBaseStore):
    """Live tables without a row."""

    def scan(self, *_: object) -> list[tuple[bytes, dict[bytes, bytes]]]:
        return []

    def first_keys(self, *_: object) -> list[bytes]:
        return []


@pytest.mark.parametrize(
    "arguments", [("--json", "live-errors"), ("live-errors", "--json"), ("live-errors", "--app", "shop", "--json")]
)
def test_json_may_stand_before_and_after_the_name(
    call: Call, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("footfall.realtime.questions.HBaseStore", Empty)
    ended = call("query", *arguments)
    assert (ended.status, json.loads(ended.out)) == (0, [])


def test_an_empty_answer_says_why(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.realtime.questions.HBaseStore", Empty)
    ended = call("query", "live-errors")
    assert (ended.status, ended.out, ended.err) == (0, "", "No rows. Nothing failed in the last hour.")


def test_an_engine_that_does_not_answer_is_status_1(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing listens on a privileged port.
    monkeypatch.setenv("FOOTFALL_PORTS__HBASE_THRIFT", "1")
    monkeypatch.setenv("FOOTFALL_PORTS__NAMENODE_HTTP", "2")
    live = call("query", "live-errors")
    assert (live.status, live.out) == (1, "")
    assert live.err.startswith("HBase's Thrift server on port 1 could not do it: ")
    assert live.err.endswith(". See `./footfall status`.")
    logged = call("query", "log-tail", "--json")
    assert (logged.status, logged.out) == (1, "")
    assert logged.err.startswith("HDFS does not answer: ")


@pytest.mark.parametrize("arguments", [["query"], ["query", "--help"], ["query", "live-metrics", "--help"]])
def test_no_client_of_an_engine_is_loaded_for_a_list_or_a_help(arguments: list[str]) -> None:
    program = (
        "import sys; from footfall.cli.main import main\n"
        f"sys.argv = ['footfall', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert ended.code in (None, 0), ended.code\n"
        "print([name for name in ('happybase', 'pyarrow', 'pyspark') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout.splitlines()[-1] == "[]"
