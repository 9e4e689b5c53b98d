"""An ASCII terminal gets similar text and valid JSON, and never a traceback."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.cli import encoding, output

_NARROW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


def _footfall(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "footfall", *arguments],
        env=os.environ | {"FOOTFALL_HOME": str(home)} | (variables or _NARROW),
        capture_output=True,
        timeout=50,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a platform that died, so that `status` and `doctor` report something."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "wanted.json").write_text('["zookeeper"]')
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "status", "shown"),
    [
        (("--help",), 0, b"Usage: ./footfall VERB ...\n"),
        (("--version",), 0, b"footfall "),
        (("query",), 0, b"live-active-users"),
        (("status",), 1, b"zookeeper  zookeeper  stopped  -    -"),
        (("doctor",), 1, b"\nx "),
        (("stra\u00dfe",), 2, b"There is no verb "),
    ],
    ids=str,
)
def test_a_verb_writes_ascii_to_an_ascii_terminal(
    home: Path, arguments: tuple[str, ...], status: int, shown: bytes
) -> None:
    done = _footfall(home, *arguments)
    assert b"Traceback" not in done.stderr
    assert (done.returncode, (done.stdout + done.stderr).isascii()) == (status, True)
    assert shown in done.stdout + done.stderr


def test_a_document_stays_json(home: Path) -> None:
    done = _footfall(home, "doctor", "--json")
    assert done.stdout.isascii()
    assert isinstance(json.loads(done.stdout), dict)


@pytest.mark.parametrize("text", ["Z\u00fcrich \u2013 \u4e1c\u4eac \U0001f600", "\x7f\u2028"])
def test_a_documents_values_are_the_same_in_every_encoding(text: str) -> None:
    document = json.dumps({"city": text, text: [1.5]}, ensure_ascii=False)
    assert encoding.json_for(document, "utf-8") == document
    for name in ("ascii", "latin-1", "cp437"):
        assert json.loads(encoding.json_for(document, name).encode(name).decode(name)) == json.loads(document)


def test_a_document_is_written_with_escapes_where_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    output.print_json([{"city": "Z\u00fcrich \U0001f600"}])
    assert json.loads(written.getvalue().decode("ascii")) == [{"city": "Z\u00fcrich \U0001f600"}]


def test_characters_that_a_terminal_cannot_show_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    stream = io.TextIOWrapper(shown, encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    encoding.make_safe()
    stream.write("Z\u00fcrich \u2013 5 \u00d7 \u2264 3\u2026 \u201cStra\u00dfe\u201d \ufb01 \u6771 \udcff")
    assert shown.getvalue() == b'Zurich - 5 x <= 3... "Strasse" fi ? ?'


def test_a_terminal_with_utf_8_gets_unchanged_characters(home: Path) -> None:
    done = _footfall(home, "--help", LC_ALL="C.UTF-8", PYTHONIOENCODING="utf-8")
    assert done.stdout.startswith("Usage: ./footfall VERB \u2026\n".encode())
