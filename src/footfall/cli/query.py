"""`footfall query NAME [--PARAMETER VALUE …]`: asks a question; a table for people, `--json` for programs."""

import time
from typing import Any

import typer

from footfall import questions
from footfall.cli import output
from footfall.cluster.supervision import run
from footfall.hdfs import HdfsUnavailable
from footfall.realtime.store import HBaseStore, HBaseUnavailable


def query(
    name: str = typer.Argument("", help="The question; without it, all are listed."),
    app: str = typer.Option(None, help="shop, news, academy or all."),
    by: str = typer.Option(None, help="What to divide by, such as app, page, section, country, device."),
    minutes: int = typer.Option(None, help="How many minutes back, the current one included."),
    user: str = typer.Option(None, help="A user_id or an anonymous_id."),
    session: str = typer.Option(None, help="A session_id."),
    kind: str = typer.Option(None, help="access, error or performance."),
    window: str = typer.Option(None, help="1m or 5m."),
    since: str = typer.Option(None, "--from", help="A UTC day, or a time such as 2026-11-24T08:00:00Z."),
    until: str = typer.Option(None, "--to", help="Likewise; a day is meant whole, a time is excluded."),
    state: str = typer.Option(None, help="open or resolved."),
    limit: int = typer.Option(None, help="How many rows."),
    as_json: bool = typer.Option(False, "--json", help="One JSON array of rows instead of a table."),
) -> None:
    """Asks a question."""
    if not name:
        _list(as_json)
        return
    given = {
        "app": app,
        "by": by,
        "minutes": minutes,
        "user": user,
        "session": session,
        "kind": kind,
        "state": state,
        "window": window,
        "from": since,
        "to": until,
        "limit": limit,
    }
    settings = run.recall()
    store = HBaseStore(settings)
    context = questions.Context(settings, store, int(time.time() * 1000))
    try:
        question = questions.find(name)
        rows = questions.ask(context, name, **{key: value for key, value in given.items() if value is not None})
    except questions.UnknownValue as error:
        output.wrong_use(str(error))
    except (HBaseUnavailable, HdfsUnavailable) as error:
        output.fail(f"{error} See `./footfall status`.")
    finally:
        store.close()
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(question.columns, rows)


def _list(as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {"name": found.name, "parameters": ", ".join(parameter.name for parameter in found.parameters)}
        for found in questions.registry().values()
    ]
    if as_json:
        output.print_json(rows)
    else:
        output.print_table(("name", "parameters"), rows)
