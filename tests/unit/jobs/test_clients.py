"""The command line of the clients that are modules of ours."""

from collections.abc import Callable, Sequence
from datetime import date

import pytest

from footfall.jobs.errors import WrongRequest
from footfall.jobs.model import Request, python_client, request_of
from footfall.settings import Settings
from footfall.warehouse import register
from footfall.warehouse.pig import run as pig
from footfall.warehouse.spark import run as spark
from footfall.warehouse.sqoop import run as sqoop

RUN = "20261126T010203-00ff"
REQUEST = Request(RUN, (date(2026, 11, 24), date(2026, 11, 25)))


def test_a_client_reads_the_request_that_its_command_names() -> None:
    command = python_client("footfall.warehouse.register")(Settings(), REQUEST)
    assert request_of(command[3:]) == REQUEST
    assert request_of([RUN, "2026-11-25", "2026-11-24", "2026-11-25"]) == REQUEST


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "The arguments are a run and its days"),
        ([RUN], "The arguments are a run and its days"),
        (["today", "2026-11-24"], "The arguments are a run and its days"),
        (["../x", "2026-11-24"], "The arguments are a run and its days"),
        (["x'; rm", "2026-11-24"], "The arguments are a run and its days"),
        ([RUN, "24.11.2026"], "A day is written as 2026-11-28"),
        ([RUN, "yesterday"], "A day is written as 2026-11-28"),
    ],
)
@pytest.mark.parametrize("client", [pig.main, spark.main, sqoop.main, register.main])
def test_wrong_arguments_are_one_sentence(
    client: Callable[[Sequence[str]], int],
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(WrongRequest):
        request_of(arguments)
    assert client(arguments) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(sentence)
