"""Hive's messages become sentences."""

import pytest

from footfall.hive.errors import sentence


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "Error while compiling statement: FAILED: ParseException line 1:0 cannot recognize input near 'SELEC' '1'",
            "line 1:0 cannot recognize input near 'SELEC' '1'.",
        ),
        (
            "Error while compiling statement: FAILED: SemanticException [Error 10001]: Line 1:14 Table not found 'x'",
            "[Error 10001]: Line 1:14 Table not found 'x'.",
        ),
        (
            "java.io.IOException: java.lang.RuntimeException: hdfs://x/part-0 is not a Parquet file.\n\tat x",
            "hdfs://x/part-0 is not a Parquet file.",
        ),
        ("", "it gave no reason."),
    ],
)
def test_names_of_classes_and_further_lines_are_left_out(message: str, expected: str) -> None:
    assert sentence(message) == expected
