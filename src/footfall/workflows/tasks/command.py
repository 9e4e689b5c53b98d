"""Runs our command line as a child process of a task, and ends it when the task is cancelled."""

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from footfall.workflows.names import PYTHON_VARIABLE

# A cancelled `job run` ends its client and its YARN application, which may take this long in seconds.
PATIENCE_S: Final = 60.0
_CHUNK: Final = 65536


class Ended(NamedTuple):
    """How a command ended. output: its stdout. sentence: the last line of its stderr. cancelled: by `end`."""

    status: int
    output: str
    sentence: str
    cancelled: bool = False


class Command:
    """A call of `./footfall ARGUMENTS`.

    cancel: the arguments of another call that ends what the first one started elsewhere, such as an application on
    YARN; empty if there is nothing.
    """

    def __init__(
        self, arguments: Sequence[str], cancel: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        given = os.environ if environment is None else environment
        self._line = [given[PYTHON_VARIABLE], "-m", "footfall"]
        self._arguments, self._cancel = list(arguments), list(cancel)
        # Airflow's own settings contain its secrets.
        self._environment = {name: value for name, value in given.items() if not name.startswith("AIRFLOW__")}
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def run(self, on_line: Callable[[str], None]) -> Ended:
        """Runs it to its end. on_line: gets each line of its output.

        If the caller is interrupted, the command is ended first.
        """
        self._process = self._start(self._arguments, subprocess.PIPE)
        try:
            output, errors = _read(self._process, on_line)
            status = self._process.wait()
        except BaseException:
            self.end()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)
            raise
        if self._ended:
            return Ended(status, output, "It was cancelled.", cancelled=True)
        last = next((line.strip() for line in reversed(errors.splitlines()) if line.strip()), "")
        return Ended(status, output, last or f"footfall {self._arguments[0]} ended with status {status}.")

    def end(self) -> None:
        """Ends the command, with all processes of its group, and what it started elsewhere. Does not wait.

        Airflow kills a task five seconds after it has asked it to end. So the second call is made by a process that
        outlives this one.
        """
        if self._process is None or self._process.poll() is not None or self._ended:
            return
        self._ended = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        if self._cancel:
            self._start(self._cancel, subprocess.DEVNULL)

    def _start(self, arguments: list[str], output: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*self._line, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # A group of its own, which one signal reaches, and which Airflow's signals do not reach.
            start_new_session=True,
        )


def _read(process: "subprocess.Popen[bytes]", on_line: Callable[[str], None]) -> tuple[str, str]:
    """Reads stdout and stderr until both are closed, and returns them. Passes each line on when it is complete."""
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    texts = [_Text() for _ in pipes]
    with selectors.DefaultSelector() as selector:
        for pipe, text in zip(pipes, texts, strict=True):
            selector.register(pipe, selectors.EVENT_READ, text)
        while selector.get_map():
            for key, _ in selector.select():
                chunk = os.read(key.fd, _CHUNK)
                for line in key.data.add(chunk):
                    on_line(line)
                if not chunk:
                    selector.unregister(key.fileobj)
    output, errors = (text.read.decode("utf-8", "replace") for text in texts)
    return output, errors


class _Text:
    """What was read from a pipe."""

    def __init__(self) -> None:
        self.read = b""
        self._shown = 0  # bytes that were returned as lines

    def add(self, chunk: bytes) -> list[str]:
        """Adds what was read, and returns the lines that are complete with it. An empty chunk is the end."""
        self.read += chunk
        complete = self.read.rfind(b"\n") + 1 if chunk else len(self.read)
        lines = self.read[self._shown : complete].decode("utf-8", "replace").splitlines()
        self._shown = max(self._shown, complete)
        return lines
