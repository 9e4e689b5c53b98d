"""The query of an extract, and changes of the CRM's view."""

import pytest

from footfall.warehouse.sqoop.source import COLUMNS, SourceChanged, Span, new_columns, query


def test_the_first_extract_takes_all_versions_and_a_later_one_a_half_open_span() -> None:
    assert query(Span(None, 2000)).endswith("FROM crm.people_versions_extract WHERE updated_ms < 2000 AND $CONDITIONS")
    assert query(Span(1000, 2000)).endswith("WHERE updated_ms >= 1000 AND updated_ms < 2000 AND $CONDITIONS")


def test_each_column_is_cast_to_text() -> None:
    assert query(Span(None, 1)).startswith(f"SELECT {', '.join(f'{name}::text' for name in COLUMNS)} FROM ")


def test_a_new_column_is_named_and_ignored() -> None:
    assert new_columns([*COLUMNS, "shoe_size", "hobby"]) == ("hobby", "shoe_size")
    assert new_columns(list(COLUMNS)) == ()


def test_a_missing_column_is_an_error_that_names_it() -> None:
    left = [name for name in COLUMNS if name not in ("plan", "interests")]
    with pytest.raises(SourceChanged, match="lacks the columns plan, interests"):
        new_columns(left)


def test_a_missing_view_is_an_error() -> None:
    with pytest.raises(SourceChanged, match="does not exist, or sqoop may not read it"):
        new_columns([])
