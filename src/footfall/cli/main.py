"""The entry point. The module `footfall.cli.VERB` holds a function named VERB, or a Typer app named `app`.

A verb's module is imported only when the verb is called, so that `--help` and `status` stay fast.
"""

import errno
import importlib
import os
import platform
import re
import sys
from typing import Final, NoReturn

import typer

from footfall.cli import encoding
from footfall.cli.output import remedied, stderr, stdout
from footfall.errors import EngineUnavailable, FootfallError
from footfall.settings import REPOSITORY, SettingsError

# Verb → its line in the help.
VERBS = {
    "up": "Install what is missing, start all services, and wait until they are healthy.",
    "install": "Install what the services need, without starting them.",
    "down": "Stop all services. With --purge, also delete all data.",
    "status": "Show the state of every service, and how far each consumer lags.",
    "doctor": "Find problems and print how to fix them.",
    "logs": "Print the log of a service.",
    "cluster": "Run the platform as several nodes on Docker Compose.",
    "run": "Run one service in this process (the process manager calls it).",
    "site": "Add, list and remove the sites that are measured.",
    "query": "Run a query; without a name, list all queries.",
    "verify": "Check that no event was lost or counted twice.",
    "rejects": "List, show and replay events that failed validation.",
    "history": "Generate visits and site logs for past days.",
    "batch": "Turn past days into tables: run, check and publish them.",
    "learn": "Learn segments and recommendations from past days.",
    "job": "List, run and cancel single batch jobs, and read their logs.",
    "incident": "Simulate an incident: errors, slow pages, missing visitors, bots, bad events.",
    "rebuild": "Rebuild the live tables from Kafka.",
    "recover": "Restart the archive after its checkpoint was lost.",
    "test": "Run the checks and tests of this project on a separate platform.",
}


# What a person types in the folder of the clone. Messages name it the same way, so that they can be copied.
_PROGRAM: Final = "./footfall"
# Not with --cluster: what belongs to this machine.
_LOCAL: Final = ("up", "down", "install", "cluster", "test")
_CLUSTER: Final = "--cluster"

# These errors come from the machine or the home folder, not from a bug. They are printed without a traceback.
_ENVIRONMENT_ERRORS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.ENOTDIR)


def main() -> None:
    """Runs the verb given on the command line. Prints a FootfallError as a sentence, never as a traceback."""
    # Visitor data is private: only the owner may read data, logs and ledgers.
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
        if _CLUSTER in rest and verb not in _LOCAL:
            rest = [word for word in rest if word != _CLUSTER]
            if verb != "logs":
                sys.exit(_run_inside([verb, *rest]))
            # Docker keeps the logs of nodes.
            verb, rest = "cluster", [verb, *rest]
        _load(verb)(rest, prog_name=f"{_PROGRAM} {verb}")
    except SettingsError as error:
        _end(str(error), 2)
    except EngineUnavailable as error:
        _end(remedied(error), 1)
    except FootfallError as error:
        _end(str(error), 1)
    except OSError as error:
        if error.errno not in _ENVIRONMENT_ERRORS or error.filename is None:
            raise
        _end(f"{error.filename} cannot be used: {error.strerror}.", 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run_inside(arguments: list[str]) -> int:
    from footfall.cli.cluster import run_inside

    return run_inside(arguments)


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
        f"Usage: {_PROGRAM} VERB …\n\n"
        "Shows what people do on web sites in real time, with numbers that can be verified.\n"
    )
    for verb, line in VERBS.items():
        stdout.print(f"  {verb:<10} {line}", markup=False)
    stdout.print("\nWith --cluster, a verb acts on the cluster instead of this machine.")
    stdout.print(f"`{_PROGRAM} VERB --help` explains a verb. `{_PROGRAM} --version` prints the version.")


def _version() -> str:
    """The version in pyproject.toml."""
    found = re.search(r'^version = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    return found.group(1) if found else "(unknown version)"
