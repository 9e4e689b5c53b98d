"""What happens in the CRM on one day: who signs up, who changes something, who leaves. Pure: seed and day decide it."""

import random
from datetime import date, datetime, timedelta, timezone
from typing import Final, Literal, NamedTuple

Kind = Literal["sign_up", "plan", "interests", "consent", "company_size", "delete"]
# Events of an ordinary day for each person in the CRM: with 9,600 people, 38 changes, 12 sign-ups and 3 deletions.
_CHANGES: Final = 0.004
_SIGN_UPS: Final = 0.00125
_DELETIONS: Final = 0.0003
_WEEKEND: Final = 0.6
_KINDS: Final[tuple[Kind, ...]] = ("plan", "plan", "plan", "interests", "interests", "consent", "company_size")
_DAY_MS: Final = 86_400_000
_BUSIEST_MS: Final = 14 * 3_600_000
# The ids that `user_id` makes, as a regular expression. All other people are those of real sites.
MADE_UP_ID: Final = "^u[0-9]{6,}$"


class Change(NamedTuple):
    """Something that happens to one person. at: UTC with whole milliseconds."""

    at: datetime
    user_id: str
    kind: Kind


def changes_of(seed: int, day: date, people: int) -> list[Change]:
    """The changes of a day, in order of time. Nobody changes twice.

    people: how many signed up before the day. Their ids are `u000001` to that number; who signs up gets the next ones.
    """
    rng = random.Random(f"{seed}/crm/{day}")  # noqa: S311 - reproducible
    pace = (_WEEKEND if day.weekday() >= 5 else 1.0) * rng.uniform(0.7, 1.3)
    changed, deleted, signed_up = (
        int(people * rate * pace + rng.random()) for rate in (_CHANGES, _DELETIONS, _SIGN_UPS)
    )
    numbers = rng.sample(range(1, people + 1), min(people, changed + deleted))
    kinds: list[Kind] = [rng.choice(_KINDS) if at >= deleted else "delete" for at in range(len(numbers))]
    found = [Change(_moment(rng, day), user_id(number), kind) for number, kind in zip(numbers, kinds, strict=True)]
    moments = sorted(_moment(rng, day) for _ in range(signed_up))
    found += [Change(at, user_id(people + 1 + more), "sign_up") for more, at in enumerate(moments)]
    return sorted(found)


def user_id(number: int) -> str:
    """The id of the person with this number, from 1."""
    return f"u{number:06d}"


def midnight(day: date) -> datetime:
    """The beginning of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)


def _moment(rng: random.Random, day: date) -> datetime:
    ms = min(int(rng.triangular(0, _DAY_MS, _BUSIEST_MS)), _DAY_MS - 1)
    return midnight(day) + timedelta(milliseconds=ms)
