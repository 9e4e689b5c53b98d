"""Every verb prints the sentence of a FootfallError and no traceback."""

import sys

import pytest

from footfall.cli import main as command_line
from footfall.cluster.supervision import run
from footfall.errors import EngineUnavailable, FootfallError
from footfall.lake.errors import ArchiveRefused
from footfall.settings import SettingsError
from tests.support.fresh_home import environment as environment


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (EngineUnavailable("Kafka is away."), 1, "Kafka is away. See `./footfall status`."),
        (EngineUnavailable("See `./footfall up`."), 1, "See `./footfall up`."),
        (EngineUnavailable("It is away; see `status`."), 1, "It is away; see `status`."),
        (ArchiveRefused("The checkpoint [x] is gone."), 1, "The checkpoint [x] is gone."),
        (FootfallError("It is not so."), 1, "It is not so."),
        (SettingsError("The settings are invalid."), 2, "The settings are invalid."),
    ],
)
@pytest.mark.parametrize("verb", [("verify",), ("recover", "archive"), ("rebuild", "live"), ("rejects", "list")])
def test_it_is_a_sentence_and_a_status(
    verb: tuple[str, ...],
    error: FootfallError,
    status: int,
    sentence: str,
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(run, "recall", fail)
    monkeypatch.setattr(sys, "argv", ["footfall", *verb])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out, " ".join(said.err.split())) == (status, "", sentence)
