"""Puts the verbs together. A verb is `footfall.cli.VERB`: a function of its own name, or a typer app called `app`.

A verb's module is imported only when it is called: `--help` and `status` should not wait for what they do not need.
"""

import errno
import importlib
import os
import platform
import re
import sys
from typing import NoReturn

import typer

from footfall.cli import encoding
from footfall.cli.output import stderr, stdout
from footfall.errors import EngineUnavailable, FootfallError
from footfall.settings import REPOSITORY, SettingsError

# Verb → its one line in the help.
VERBS = {
    "up": "Install what is missing, start everything, wait until it is healthy.",
    "down": "Stop everything; --purge also deletes all data.",
    "status": "The state of every service.",
    "doctor": "Find what is wrong and how to mend it.",
    "logs": "Show a service's log.",
    "run": "Become one service (what the process manager calls).",
    "query": "Ask a question.",
    "verify": "Prove that no event was lost or counted twice.",
    "rejects": "Events that failed validation.",
    "history": "Make past days of visits and their logs.",
    "incident": "Make the simulated world misbehave.",
    "rebuild": "Build the live tables anew from Kafka.",
    "recover": "Start the archive anew after a lost checkpoint.",
    "test": "Check the project, on a platform of its own.",
}


# Of the machine and the home, not of the program: a sentence says all that there is to say.
_OF_THE_HOME = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOTDIR)


def main() -> None:
    """Runs the verb that was asked for. An error with a sentence for its user ends as that, never as a traceback."""
    # What visitors did is nobody else's on this machine: data, logs and ledgers are their owner's alone.
    os.umask(0o077)
    encoding.make_safe()
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        _help()
        sys.exit(0 if arguments else 2)
    if arguments[0] == "--version":
        stdout.print(f"footfall {_version()} (Python {platform.python_version()})")
        sys.exit(0)
    verb, rest = arguments[0], arguments[1:]
    if verb not in VERBS:
        _end(f"There is no verb {verb!r}; there are: {', '.join(VERBS)}.", 2)
    try:
        _load(verb)(rest, prog_name=f"footfall {verb}")
    except SettingsError as error:
        _end(str(error), 2)
    except EngineUnavailable as error:
        _end(f"{error} See `./footfall status`.", 1)
    except FootfallError as error:
        _end(str(error), 1)
    except OSError as error:
        if error.errno not in _OF_THE_HOME or error.filename is None:
            raise
        _end(f"{error.filename} cannot be used: {error.strerror}.", 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _end(sentence: str, status: int) -> NoReturn:
    stderr.print(sentence, style="red", markup=False, soft_wrap=True)
    sys.exit(status)


def _load(verb: str) -> typer.Typer:
    module = importlib.import_module(f"footfall.cli.{verb}")
    app: typer.Typer | None = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command(help=VERBS[verb])(getattr(module, verb))
    return app


def _help() -> None:
    stdout.print(
        "Usage: footfall VERB …\n\nWhat people do on web sites, in real time, with numbers that can be proved.\n"
    )
    for verb, line in VERBS.items():
        stdout.print(f"  {verb:<10} {line}", markup=False)
    stdout.print("\n`footfall VERB --help` explains one verb; `footfall --version` names the release.")


def _version() -> str:
    """The release, as pyproject.toml names it."""
    found = re.search(r'^version = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    return found.group(1) if found else "of an unknown version"
