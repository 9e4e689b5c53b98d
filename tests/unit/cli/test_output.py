"""The format of tables and sentences, whatever a visitor sent."""

import pytest
import typer

from footfall.cli import output


def test_a_table_aligns_figures_and_shows_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["page", "count", "rate"], [{"page": "/a", "count": 5, "rate": 0.123456}, {"page": "/b"}])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["page", "count", "rate"], ["/a", "5", "0.1235"], ["/b", "–", "–"]]
    assert lines[0].index("count") + len("count") == lines[1].index("5") + 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (15950.5, "15950"),
        (1_234_567.0, "1234567"),
        (-1000.4, "-1000"),
        (999.5, "999.5"),
        (0.000012, "1.2e-05"),
        (["home", "list"], "home → list"),
        ([], ""),
    ],
)
def test_a_value_is_written_for_people(value: object, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["value"], [{"value": value}])
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == ["value", shown]


def test_no_rows_are_said_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["page", "count"], [])
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "No rows.\n")


def test_a_visitors_text_is_inert(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["title"], [{"title": "[red]x[/red]\x1b[2J\nnext"}])
    [_, row] = capsys.readouterr().out.splitlines()
    assert row.strip() == "[red]x[/red]\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}next"


@pytest.mark.parametrize(("end", "status"), [(output.fail, 1), (output.wrong_use, 2)])
def test_a_sentence_is_not_cut_and_not_taken_for_markup(
    capsys: pytest.CaptureFixture[str], end: object, status: int
) -> None:
    assert callable(end)
    with pytest.raises(typer.Exit) as ended:
        end("[bold] " + "long " * 60)
    assert ended.value.exit_code == status
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "[bold] " + "long " * 60 + "\n")
