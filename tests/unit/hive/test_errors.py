"""Hive's messages become sentences."""

import pytest

from footfall.hive.errors import HiveRefused, failure, sentence


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


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        (
            "Failed to open new session: org.apache.hadoop.hive.ql.metadata.HiveException: MetaException(message:"
            "JDODataStoreException: objectstore-secondary - Connection is not available, request timed out.",
            "Hive's metastore cannot reach PostgreSQL",
        ),
        (
            "FAILED: SemanticException Unable to instantiate "
            "org.apache.hadoop.hive.ql.metadata.SessionHiveMetaStoreClient",
            "HiveServer2 cannot reach the metastore",
        ),
        (
            "Failed to open new session: java.net.ConnectException: Call From vm/127.0.0.1 to localhost:8020 failed on "
            "connection exception: java.net.ConnectException: Connection refused",
            "HiveServer2 cannot use HDFS",
        ),
    ],
)
def test_what_hive_cannot_reach_is_named(message: str, meaning: str) -> None:
    error = failure(message, "Hive refused the statement")
    assert str(error) == f"{meaning}."
    assert not isinstance(error, HiveRefused)


def test_a_fault_of_the_statement_is_a_refusal() -> None:
    error = failure("FAILED: SemanticException [Error 10001]: Line 1:14 Table not found 'x'", "Hive refused")
    assert isinstance(error, HiveRefused)
    assert str(error) == "Hive refused: [Error 10001]: Line 1:14 Table not found 'x'."
