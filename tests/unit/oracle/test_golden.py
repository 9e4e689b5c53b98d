"""The oracle gives the answers that were worked out by hand from the golden archive."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import tests.oracle
from footfall.lake.schema import archived as archive_schema
from tests.oracle import golden
from tests.oracle.golden.cases import Case, cases
from tests.oracle.oracle import QUESTIONS, Oracle, answers, without_fingerprints

CASES = cases()


def files(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(pattern))


@pytest.fixture(scope="module", params=[False, True], ids=["archive", "every record"])
def oracle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    root = tmp_path_factory.mktemp("golden")
    golden.write_archive(root / "events", every_record=request.param)
    logs = golden.write_logs(root / "logs")
    with Oracle(files(root, "events/*/*/*.parquet"), logs, [golden.write_profiles(root)]) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=str)
def test_oracle_gives_the_answers_that_were_worked_out_by_hand(oracle: Oracle, case: Case) -> None:
    rows = oracle.answer(case.question, **case.ask)

    if case.question == "site-errors":
        rows = without_fingerprints(rows)
    assert rows == case.rows
    # 1 == 1.0 == True in Python, but a count is no ratio.
    assert [types(row) for row in rows] == [types(row) for row in case.rows]
    assert [list(row) for row in rows] == [list(row) for row in case.rows]


def types(row: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in row.items()}


def test_every_question_has_answers_for_each_population() -> None:
    asked = {(case.question, case.ask["bots"]) for case in CASES}

    assert asked == {(question, bots) for question in QUESTIONS for bots in ("exclude", "include", "only")}


def test_oracle_imports_nothing_of_footfall() -> None:
    folder = Path(tests.oracle.__path__[0])
    sources = [*folder.glob("*.py"), *(folder / "questions").glob("*.py")]
    imported = {name for source in sources for name in imports(source)}

    assert len(sources) > 12
    assert {name for name in imported if name.startswith("tests.")} <= {
        name for name in imported if name.startswith("tests.oracle") and "golden" not in name
    }
    assert not {name for name in imported if name.partition(".")[0] == "footfall"}


def imports(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_golden_archive_has_the_columns_of_the_archive(tmp_path: Path) -> None:
    golden.write_archive(tmp_path)
    written = files(tmp_path, "app_id=*/dt=*/*.parquet")

    assert {file.parent.name for file in written} == {f"dt={golden.FROM_DT}", f"dt={golden.TO_DT}"}
    assert all(pq.read_schema(file).equals(archive_schema()) for file in written)
    # What a record says must arrive in a column: a misspelt name would be dropped silently.
    assert {name for event in golden.events() for name in event} <= {"app_id", *archive_schema().names}


def test_golden_archive_holds_each_identity_once_but_for_a_compaction() -> None:
    kept = golden.events()

    assert len(golden.records()) == len(kept) + 3
    assert len({(event["session_id"], event["event_id"]) for event in kept}) == len(kept) == 88


def test_events_at_or_past_a_days_end_of_the_archive_do_not_count(tmp_path: Path) -> None:
    golden.write_archive(tmp_path)
    last = max(event["kafka_offset"] for event in golden.events() if event["session_id"] == "h1")
    ends = {golden.FROM_DT: {str(partition): 10_000 for partition in range(7)} | {"7": last}}

    (row,) = answers(
        "daily-summary",
        events=files(tmp_path, "*/*/*.parquet"),
        archive_ends=ends,
        from_dt=golden.FROM_DT,
        to_dt=golden.FROM_DT,
        app="academy",
    )

    assert (row["events"], row["conversions"]) == (4, 1)


def test_a_retry_on_the_next_day_does_not_take_the_place_of_a_record_past_the_end(tmp_path: Path) -> None:
    golden.write_archive(tmp_path, every_record=True)

    rows = answers(
        "daily-summary",
        events=files(tmp_path, "*/*/*.parquet"),
        archive_ends={golden.FROM_DT: {"1": 7}},
        from_dt=golden.FROM_DT,
        to_dt=golden.TO_DT,
        app="shop",
    )

    # The end is that of partition 1, and the day knows no other: nothing of the 23rd counts.
    assert [(row["dt"], row["events"]) for row in rows] == [(golden.TO_DT, 17)]


@pytest.mark.parametrize(
    ("parameters", "message"), [({}, "needs the parameter by"), ({"by": "plan", "size": 1}, "no parameter size")]
)
def test_a_wrong_parameter_is_named(oracle: Oracle, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        oracle.answer("engagement-by-profile", golden.FROM_DT, golden.TO_DT, **parameters)
