"""Generates `docs/settings.md` from the settings: `python -m footfall.settings_page`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from footfall.settings import REPOSITORY, Settings

PAGE: Final = REPOSITORY / "docs" / "settings.md"

_HEAD: Final = """# Settings

This page is generated from `src/footfall/settings.py` and `setting_groups.py` by `python -m footfall.settings_page`.
Do not edit it by hand.

A setting is an environment variable or a line of `settings.toml` in the home folder (`.footfall`). The variable takes
precedence. `up` stores the settings that it was called with in `run/settings.json`. Services that are restarted later,
and the verbs that act on a running platform, use the stored settings. A change takes effect at the next `up`, which
restarts only the services that depend on the changed setting.

```toml
# .footfall/settings.toml
visitors_per_site = 20

[ports]
kafka = 9192
```

`home` and `install` can be set only by environment variables, and they must be absolute paths. An invalid setting ends
a verb with an error message and exit status 2.
"""
_ROW: Final = "| {} | {} | {} | {} | {} |"


def page() -> str:
    """The whole page. Paths are relative to the clone."""
    single = [(name, field) for name, field in Settings.model_fields.items() if _group(field) is None]
    parts = [_HEAD, "## Single settings", _table("", "FOOTFALL", single)]
    for name, field in Settings.model_fields.items():
        if group := _group(field):
            variable = f"FOOTFALL_{name.upper()}_"
            title = f"## `[{name}]`: {field.description}"
            parts += [title, _table(f"{name}.", variable, list(group.model_fields.items()))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(prefix: str, variable: str, fields: list[tuple[str, FieldInfo]]) -> str:
    head = [_ROW.format("Setting", "Variable", "Default", "Allowed", "Meaning"), _ROW.format(*["---"] * 5)]
    rows = (
        _ROW.format(
            f"`{prefix}{name}`", f"`{variable}_{name.upper()}`", _default(field), _allowed(field), field.description
        )
        for name, field in fields
    )
    return "\n".join([*head, *rows])


def _group(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(
        call_default_factory=True, validated_data={"home": Settings.model_fields["home"].default}
    )
    if isinstance(value, Path):
        return f"`{value.relative_to(REPOSITORY)}`"
    return f"`{json.dumps(value) if isinstance(value, tuple) else value}`"


def _allowed(field: FieldInfo) -> str:
    if field.annotation is not None and (choices := [c for c in get_args(field.annotation) if isinstance(c, str)]):
        return " or ".join(f"`{choice}`" for choice in choices)
    return ", ".join(_bounds(field.metadata))


def _bounds(metadata: list[Any]) -> Iterator[str]:
    for bound in metadata:
        for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            if hasattr(bound, attribute):
                yield f"{sign} {getattr(bound, attribute)}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
