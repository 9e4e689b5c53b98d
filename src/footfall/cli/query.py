"""`./footfall query NAME [--PARAMETER VALUE …]`: asks a question and prints a table, or JSON with `--json`.

Each question is a subcommand. The parameters of the question are its options.
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

_JSON = typer.Option(False, "--json", help="Print a JSON array of rows instead of a table.")


class _Questions(TyperGroup):
    """The group of all questions. A command is built only when it is called or listed."""

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
    """Builds the command for a question, with an option for each of its parameters."""

    def ask(context: typer.Context, as_json: bool, **values: Any) -> None:
        given = {p.name: values[p.keyword] for p in question.parameters if values[p.keyword] is not None}
        _ask(settings, question, given | _unknown(question, context.args), as_json or context.obj)

    keyword_only = inspect.Parameter.KEYWORD_ONLY
    # Typer reads options from the signature of a function, and this signature is known only at run time.
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
        # The question itself refuses unknown options, and its error lists the known ones.
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )(ask)
    return typer.main.get_command(command)


def _option(parameter: Parameter, settings: Settings) -> Any:
    """The default is only displayed; the question itself applies it."""
    usage = parameter.usage(settings)
    default = "" if parameter.default is None else f" [default: {parameter.default}]"
    needed = " [required]" if parameter.required else ""
    text = f"{usage[0].upper()}{usage[1:]}.{default}{needed}"
    return typer.Option(None, _spelt(parameter.name), help=text, show_default=False)


def _spelt(name: str) -> str:
    """The option of a parameter."""
    return f"--{name.replace('_', '-')}"


def _unknown(question: Question, words: list[str]) -> dict[str, str]:
    """Returns the first unknown option as a parameter, which the question then refuses with an error."""
    for word in words:
        if not word.startswith("-"):
            output.wrong_use(
                f"{question.name} does not take the argument {word!r}. See `./footfall query {question.name} --help`."
            )
        name = word.removeprefix("--").partition("=")[0]
        if any(parameter.name == name for parameter in question.parameters):
            output.wrong_use(f"{question.name} takes the option {_spelt(name)}, not --{name}.")
        return {name: ""}
    return {}


def _ask(settings: Settings, question: Question, given: dict[str, Any], as_json: bool) -> None:
    with Sources(settings) as sources:
        try:
            rows = question_registry.ask(sources, question.name, **given)
        except UnknownValue as error:
            output.wrong_use(str(error))
        except EngineUnavailable as error:
            output.fail(output.remedied(error))
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(question.columns, rows, question.when_empty)


app = typer.Typer(
    cls=_Questions,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    subcommand_metavar="[NAME [--PARAMETER VALUE …]]",
)
app.callback(help="Run a query. Without a name, list all queries.")(_list_unless_asked)
