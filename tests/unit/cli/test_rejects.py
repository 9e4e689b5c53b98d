"""The verb `rejects`: wrong use, escaped bytes, and the fields of a row."""

import base64
import re
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from footfall.cli import main as command_line
from footfall.cli import rejects
from footfall.events.rejects import RejectRecord
from footfall.verification.rejects_log import Kept


@pytest.mark.parametrize(
    ("original", "shown"),
    [
        (b'{"seq": 1}', '{"seq": 1}'),
        ("Müller – 5 €".encode(), "Müller – 5 €"),
        (b"\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        (b"a\r\nb\tc\0", r"a\x0d\x0ab\x09c\x00"),
        (b"\xff\xfe", r"\xff\xfe"),
        (b"caf\xe9 \xc3\xa9", r"caf\xe9 é"),
        # C1 controls, a direction override, a line separator and an unassigned character.
        ("\x9b2J \u202egnp.exe \u2028 \u200b".encode(), r"\x9b2J \u202egnp.exe \u2028 \u200b"),
        ("\U000e0041".encode(), r"\U000e0041"),
        (b"[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)
def test_control_characters_are_escaped(original: bytes, shown: str) -> None:
    assert rejects.visible(original) == shown


@given(st.binary(max_size=200))
def test_whatever_was_sent_is_printable(original: bytes) -> None:
    assert rejects.visible(original).isprintable()


def test_a_row_is_the_contract() -> None:
    record = RejectRecord(None, "shop", "not_json", "parse", "A sentence.", 1_795_507_200_000, b"\xff{")
    assert rejects.row(Kept(7, record)) == {
        "event_id": None,
        "app_id": "shop",
        "reason": "not_json",
        "stage": "parse",
        "rejected_at": "2026-11-24T08:00:00.000Z",
        "original": base64.b64encode(b"\xff{").decode(),
        "offset": 7,
    }


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["list", "--app", "bank"], r"no app 'bank'; there are: shop, news, academy"),
        (["list", "--reason", "mood"], r"no reason 'mood'; there are: not_json, .*bad_clock"),
        (["list", "--limit", "0"], r"--limit"),
        (["show"], r"EVENT_ID\|OFFSET"),
        (["replay"], r"EVENT_ID\|OFFSET"),
        (["replay", "7", "--set", "seq"], r"--set seq has no field or no value"),
        (["replay", "7", "--set", "=\x1b"], r"--set =\\x1b has no field or no value"),
        (["replay", "7", "--set", "seq=1", "--set", "seq=2"], r"seq is set twice"),
        (["replay", "7", "--set", "seq=1", "--unset", "seq"], r"seq is set twice, or both set and unset"),
        (["replay", "7", "--set", "received_at=now"], r"received_at cannot be set"),
        (["replay", "7", "--set", "page_title=\udcff"], r"is not valid UTF-8"),
        (["replay", "7", "--file", "/nowhere/event.json"], r"event\.json cannot be read: No such file"),
        (["replay", "7", "--file", "/"], r"/ cannot be read: Is a directory"),
        (["replay", "7", "--file", "-"], r"Standard input does not contain a JSON object"),
    ],
)
def test_wrong_use_is_reported(arguments: list[str], named: str, capfd: pytest.CaptureFixture[str]) -> None:
    done = CliRunner().invoke(rejects.app, arguments)
    assert done.exit_code == 2
    assert re.search(named, (done.output + capfd.readouterr().err).replace("\n", " "))


def test_values_are_json_or_else_text(tmp_path: Path) -> None:
    settings = ["a=1", 'b="1"', "c=/x=y", "d=", 'e={"f": [null]}', "g=NaN", "h=Müller", "i=null"]
    changes = rejects.read_changes(settings, ["j", "j"], None)
    assert changes.set == {
        "a": 1, "b": "1", "c": "/x=y", "d": "", "e": {"f": [None]}, "g": "NaN", "h": "Müller", "i": None
    }  # fmt: skip
    assert (changes.unset, changes.replacement) == ({"j"}, None)
    file = tmp_path / "event.json"
    file.write_bytes(b' {"seq": 1}\n')
    assert rejects.read_changes([], [], str(file)).replacement == b' {"seq": 1}\n'


@pytest.mark.parametrize("arguments", [["list"], ["show", "7", "--json"], ["replay", "7"]])
def test_missing_kafka_is_reported(
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("footfall.verification.rejects_log._PATIENCE_S", 0.5)
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("FOOTFALL_PORT_OFFSET", "0")
    said: list[str] = []
    monkeypatch.setattr("footfall.cli.output.stderr.print", lambda text, **_: said.append(text))
    monkeypatch.setattr("sys.argv", ["footfall", "rejects", *arguments])
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("FOOTFALL_PORTS__KAFKA", str(held.getsockname()[1]))
        with pytest.raises(SystemExit) as done:
            command_line.main()
    assert done.value.code == 1
    assert re.fullmatch(r"Kafka at 127.0.0.1:\d+ does not answer: .*\. See `\./footfall status`\.", said[0])
    assert "Traceback" not in "".join(capfd.readouterr())
