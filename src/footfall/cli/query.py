"""`footfall query NAME [--PARAMETER VALUE …]`: asks a question; a table for people, `--json` for programs.

Each question is a command of its own, whose options are made of the question's parameters.
"""

import inspect
from functools import cached_property
from typing import Any

import typer
from typer.core import TyperGroup

from footfall import question_registry
from footfall.cli import output
from footfall.cluster.supervision import run
from footfall.errors import EngineUnavailable
from footfall.questions.model import Parameter, Question, UnknownValue
from footfall.questions.sources import Sources
from footfall.settings import Settings

_JSON = typer.Option(False, "--json", help="One JSON array of rows instead of a table.")


class _Questions(TyperGroup):
    """The group of all questions, each made into a command when it is asked for or listed."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(question_registry.questions())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        try:
            question = question_registry.find(cmd_name)
        except UnknownValue as error:
            output.wrong_use(str(error))
        return _command(question, self._settings)

    @cached_property
    def _settings(self) -> Settings:
        return run.recall()


def _list_unless_asked(context: typer.Context, as_json: bool = _JSON) -> None:
    context.obj = as_json
    if context.invoked_subcommand is not None:
        return
    rows: list[dict[str, Any]] = [
        {
            "name": question.name,
            "parameters": ", ".join(parameter.name for parameter in question.parameters),
            "description": question.description,
        }
        for question in question_registry.questions().values()
    ]
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(("name", "description"), rows)


def _command(question: Question, settings: Settings) -> Any:
    """The command that asks a question, with an option for each of its parameters."""

    def ask(context: typer.Context, as_json: bool, **values: Any) -> None:
        given = {p.name: values[p.keyword] for p in question.parameters if values[p.keyword] is not None}
        _ask(settings, question, given | _unknown(question, context.args), as_json or context.obj)

    keyword_only = inspect.Parameter.KEYWORD_ONLY
    # Typer reads a function's options from its signature; this one is known only now.
    ask.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("context", keyword_only, annotation=typer.Context),
            *(
                inspect.Parameter(p.keyword, keyword_only, annotation=p.kind, default=_option(p, settings))
                for p in question.parameters
            ),
            inspect.Parameter("as_json", keyword_only, annotation=bool, default=_JSON),
        ]
    )
    command = typer.Typer(add_completion=False, rich_markup_mode=None)
    command.command(
        question.name,
        help=question.description,
        short_help=question.description,
        # An option that it does not have is refused by the question, which names those that it has.
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )(ask)
    return typer.main.get_command(command)


def _option(parameter: Parameter, settings: Settings) -> Any:
    """Its default is only shown: the question fills it in."""
    usage = parameter.usage(settings)
    default = "" if parameter.default is None else f" [default: {parameter.default}]"
    needed = " [required]" if parameter.required else ""
    text = f"{usage[0].upper()}{usage[1:]}.{default}{needed}"
    return typer.Option(None, f"--{parameter.name}", help=text, show_default=False)


def _unknown(question: Question, words: list[str]) -> dict[str, str]:
    """The first word that no option took, as a parameter that the question refuses."""
    for word in words:
        if not word.startswith("-"):
            output.wrong_use(
                f"{question.name} has no place for {word!r}; see `./footfall query {question.name} --help`."
            )
        return {word.removeprefix("--").partition("=")[0]: ""}
    return {}


def _ask(settings: Settings, question: Question, given: dict[str, Any], as_json: bool) -> None:
    with Sources(settings) as sources:
        try:
            rows = question_registry.ask(sources, question.name, **given)
        except UnknownValue as error:
            output.wrong_use(str(error))
        except EngineUnavailable as error:
            output.fail(f"{error} See `./footfall status`.")
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(question.columns, rows)


app = typer.Typer(
    cls=_Questions,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    subcommand_metavar="[NAME [--PARAMETER VALUE …]]",
)
app.callback(help="Ask a question. Without a name, list all.")(_list_unless_asked)
