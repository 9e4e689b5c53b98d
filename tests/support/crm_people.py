"""Versions of people as the CRM's view gives them, extracts of them, and their history computed in the simplest way."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from footfall.lake.layout import Files
from footfall.warehouse.sqoop.extracts import Extract
from footfall.warehouse.sqoop.source import COLUMNS

# Texts that a careless reader would break, or take for no text.
TEXTS = (
    "free",
    "null",
    "NULL",
    "\\N",
    "\\",
    "\\\\n",
    "a\tb",
    "a\nb",
    "a\r\nb",
    'a "b"',
    "it's, so",
    "ü😀\u2028\x85",
    "",
    None,
)


class PersonVersion(NamedTuple):
    """One row of the CRM's view, in the order of an extract's columns."""

    user_id: str
    version: int
    updated_ms: int
    valid_from_ms: int
    deleted: int = 0
    plan: str | None = "free"
    country: str | None = "FR"
    birth_year: int | None = 1990
    signed_up_on: str | None = "2025-03-01"
    marketing_consent: str | None = "true"
    company_size: str | None = None
    interests: str | None = '["music"]'

    @property
    def line(self) -> bytes:
        """The version as a line of an extract."""
        return b"\t".join(_text(value) for value in self) + b"\n"


assert PersonVersion._fields == COLUMNS


def people(seed: int, number: int) -> list[PersonVersion]:
    """People with some versions each, some of which begin at the same instant, in any order."""
    chance = random.Random(seed)
    found: list[PersonVersion] = []
    for person in range(number):
        at_ms = 1_790_000_000_000 + chance.randrange(1000)
        for version in range(1, chance.choice((1, 1, 2, 3, 6)) + 1):
            interests = [chance.choice(TEXTS) for _ in range(chance.randrange(3))]
            found.append(
                PersonVersion(
                    user_id=chance.choice(("u", "ü\t", "\\N")) + str(person) if version == 1 else found[-1].user_id,
                    version=version,
                    updated_ms=at_ms,
                    valid_from_ms=at_ms,
                    deleted=int(chance.random() < 0.2),
                    plan=chance.choice(TEXTS),
                    country=chance.choice(TEXTS),
                    birth_year=chance.choice((1950, 2001, None)),
                    signed_up_on=chance.choice(TEXTS),
                    marketing_consent=chance.choice(("true", "false", None)),
                    company_size=chance.choice(TEXTS),
                    interests=chance.choice((json.dumps(interests, ensure_ascii=False), None)),
                )
            )
            at_ms += chance.choice((0, 1, 86_400_000))
    chance.shuffle(found)
    return found


def store(files: Files, extract: Extract, versions: Iterable[PersonVersion]) -> Extract:
    """Stores a complete extract of these versions. Returns it with its number of rows."""
    lines = [version.line for version in versions]
    extract = replace(extract, rows=len(lines))
    files.write(f"{extract.folder}/part-m-00000", b"".join(lines))
    files.write(f"{extract.folder}/_extract.json", json.dumps(asdict(extract)).encode())
    return extract


def history(versions: Iterable[PersonVersion]) -> list[dict[str, Any]]:
    """The rows of `profiles_history`, ordered by user and time."""
    by_user: dict[str, dict[int, PersonVersion]] = defaultdict(dict)
    for version in versions:
        by_user[version.user_id][version.version] = version
    return [row for user in sorted(by_user) for row in _of_user(list(by_user[user].values()))]


def _of_user(versions: list[PersonVersion]) -> Iterator[dict[str, Any]]:
    # Of several versions that begin at one instant, the last replaces the others.
    beginning = {one.valid_from_ms: one for one in sorted(versions, key=lambda one: one.version)}
    starts = sorted(beginning)
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        one = beginning[start]
        yield {
            "user_id": one.user_id,
            "valid_from_ms": start,
            "valid_to_ms": end,
            "plan": one.plan,
            "country": one.country,
            "birth_year": one.birth_year,
            "signed_up_on": one.signed_up_on,
            "marketing_consent": {"true": True, "false": False, None: None}[one.marketing_consent],
            "company_size": one.company_size,
            "interests": None if one.interests is None else json.loads(one.interests),
            "deleted": bool(one.deleted),
        }


def _text(value: str | int | None) -> bytes:
    if value is None:
        return rb"\N"
    escapes = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "".join(escapes.get(character, character) for character in str(value)).encode()
