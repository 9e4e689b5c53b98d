"""docs/event.md names every field and every reason."""

from pathlib import Path

from footfall.events.consent import KEPT
from footfall.events.rejects import REASONS
from footfall.events.validate import SCHEMA

PAGE = (Path(__file__).parents[3] / "docs" / "event.md").read_text("utf-8")


def test_every_field_of_the_schema_is_documented() -> None:
    assert [name for name in SCHEMA["$defs"]["stored"]["properties"] if f"`{name}`" not in PAGE] == []


def test_every_reason_is_documented() -> None:
    assert [reason for reason in REASONS if f"`{reason}`" not in PAGE] == []


def test_every_event_and_page_type_is_documented() -> None:
    names = SCHEMA["$defs"]["event_type"]["enum"] + SCHEMA["$defs"]["page_type"]["enum"]
    assert [name for name in names if name not in PAGE] == []


def test_the_optional_fields_that_are_kept_without_consent_are_listed() -> None:
    sent = SCHEMA["$defs"]["sent"]
    always = {*sent["required"], "page_view_id", "page_path", "page_section", "page_type"}
    optional = [name for name, shape in sent["properties"].items() if shape is not True and name not in always]
    listed = PAGE[PAGE.index("Of the optional ones it has") : PAGE.index("`consent` becomes `denied`")]
    assert [name for name in optional if (f"`{name}`" in listed) is not (name in KEPT)] == []
    assert always <= KEPT
