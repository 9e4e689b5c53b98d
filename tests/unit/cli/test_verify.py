"""The verb `verify`: the times that it accepts, and the format of a report."""

import sys
from dataclasses import replace

import pytest
import typer

from footfall.cli import main as command_line
from footfall.cli import verify
from footfall.verification.findings import HOUR_MS
from tests.support.events import NOW_MS
from tests.support.fresh_home import environment as environment
from tests.unit.verification.faults import invent_a_row, promise_an_event
from tests.unit.verification.world import World, made_world

# 2024-11-24T08:00:00Z, which is in the past.
PAST_MS = 1_732_435_200_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2024-11-24T08", PAST_MS),
        ("2024-11-24T08Z", PAST_MS),
        ("2024-11-24 08:00", PAST_MS),
        ("2024-11-24T08:00:00.250Z", PAST_MS + 250),
        ("2024-11-24T09:30:00+01:30", PAST_MS),
    ],
)
def test_a_time_is_rfc_3339_or_an_hour(text: str, ms: int) -> None:
    assert verify.parse_since(text) == ms


@pytest.mark.parametrize(
    "text", ["yesterday", "2024-11-24", "2024-13-24T08", "2024-11-24T25", "9999-01-01T00", "08:00", "２０２４-11-24T08"]
)
def test_another_time_is_wrong_use(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        verify.parse_since(text)
    assert ended.value.exit_code == 2
    assert text in capsys.readouterr().err


def test_agreement_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    verify.show(made_world().verify())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["hour", "app_id", "accepted", "in_kafka", "counted", "archived", "repeats", "rejected"]
    assert ["2026-11-24T08Z", "academy", "16", "16", "16", "0", "1", "0"] in [line.split() for line in lines]
    assert "archive: not part of this profile" in lines
    covered = "The table covers all events up to 2026-11-24T09:00:00.000Z; the first are of the hour 2026-11-24T07Z."
    assert covered in lines
    assert lines[-1] == "ok: all stores agree at 2026-11-24T09:00:00.000Z."


def test_sums_by_kind_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    report = made_world().verify()
    part = {
        "compared": True,
        "written": {"access": 12, "error": 0, "performance": 11},
        "repeats": {"access": 0, "error": 0, "performance": 0},
        "files_from": "2026-11-24T08:00:00.000Z",
    }
    verify.show(replace(report, stores={**report.stores, "logs": part}))
    lines = capsys.readouterr().out.splitlines()
    assert "logs: 23 written (12 access, 11 performance), 0 repeats" in lines
    assert any(line.endswith(", 2 explained (2 rejected: wrong_type)") for line in lines)


def test_problems_are_shown_with_some_names(capsys: pytest.CaptureFixture[str]) -> None:
    world = made_world()
    name = promise_an_event(world)
    for _ in range(29):
        promise_an_event(world)
    invent_a_row(world)
    verify.show(world.verify())
    lines = capsys.readouterr().out.splitlines()
    sentence = "✗ ledger: 30 events that were answered 202 are not in Kafka. [shop 2026-11-24T08:00:00.000Z]"
    at = lines.index(sentence)
    assert lines[at + 1] == f"    {name}"
    assert lines[at + 6] == "    … 25 more"
    assert lines[at + 7].startswith("✗ live: 1 cells count events although no event in Kafka belongs to them.")
    assert not any(line.startswith("ok") for line in lines)


def test_what_visitors_sent_is_inert(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.visit("shop", 1, page_path="/[red]\x1b[31m")
    world.count()
    for rows in world.cells.tables["minute_metrics"], world.cells.tables["active_users"]:
        del rows[next(key for key in rows if b"[red]" in key)]
    verify.show(world.verify())
    out = capsys.readouterr().out
    assert "page /[red]\N{REPLACEMENT CHARACTER}[31m" in out
    assert "\x1b" not in out


def test_older_hours_are_summed(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    for hour in range(20):
        world.visit("shop", 2, NOW_MS - hour * HOUR_MS)
    world.count()
    verify.show(world.verify())
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["before", "shop", "16", "16", "16", "0", "0", "0"]
    assert lines[2].split() == ["2026-11-23T21Z", "shop", "2", "2", "2", "0", "0", "0"]
    assert any(line.endswith("Its rows `before` sum up the hours before 2026-11-23T21Z.") for line in lines)


def test_a_report_that_leaves_hours_out_says_from_when_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    for hour in range(5):
        world.visit("shop", 2, NOW_MS - hour * HOUR_MS)
    world.count()
    verify.show(world.verify(since_ms=NOW_MS - 3 * HOUR_MS))
    said = "The table covers events from 2026-11-24T05:00:00.000Z to 2026-11-24T09:00:00.000Z. Older ones are left out."
    assert said in capsys.readouterr().out.splitlines()


def test_an_empty_time_does_not_mean_all_of_time(
    environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["footfall", "verify", "--since", ""])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == 2
    assert "--since '' is not a time." in capsys.readouterr().err
