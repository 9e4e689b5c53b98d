"""The newspaper's articles: seven sections, some forty articles each, about places that do not exist."""

# ruff: noqa: E501 - lists of words and sentences read best in lines of their own length

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from footfall.sites.content.reports import BODIES, HEADLINES, SLOTS
from footfall.sites.content.words import chance, matches, slug, some

_PER_SECTION: Final = 42


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the paper: its name in addresses, its title, and one line about it."""

    slug: str
    title: str
    line: str


@dataclass(frozen=True, slots=True)
class Article:
    """One article; `age_minutes` is how long before now it appears to have been published."""

    slug: str
    title: str
    section: Section
    teaser: str
    paragraphs: tuple[str, ...]
    author: str
    age_minutes: int
    corrected: str | None
    """The time of a correction, `H:MM`, as an editor typed it."""


_SECTIONS: Final = (
    Section("politics", "Politics", "Councils, ballots, budgets."),
    Section("economy", "Economy", "Work, prices, harbours and banks."),
    Section("science", "Science", "From the lab and the field."),
    Section("climate", "Climate & weather", "Coasts, forests, heat and rain."),
    Section("culture", "Culture", "Stage, screen, page and plate."),
    Section("sport", "Sport", "Who won, and how."),
    Section("travel", "Travel", "Slow trains and good reasons."),
)
_AUTHORS: Final = ("Ada Brook", "Tomas Weir", "Ines Halloran", "Jun Castell", "Mira Osei", "Peter Vandal", "Rosa Lindqvist",
                   "Samir Dent", "Yuki Farrow", "Clara Novak")  # fmt: skip


@lru_cache(maxsize=1)
def sections() -> tuple[Section, ...]:
    """The sections in the order of the navigation."""
    return _SECTIONS


@lru_cache(maxsize=1)
def articles() -> dict[str, Article]:
    """All articles by slug, the newest first."""
    made: dict[str, Article] = {}
    for section in _SECTIONS:
        number = 0
        count = 0
        while count < _PER_SECTION and number < 400:
            article = _article(section, number)
            number += 1
            if article.slug not in made and all(article.title[:24] != a.title[:24] for a in made.values()):
                made[article.slug] = article
                count += 1
    newest_first = sorted(made.values(), key=lambda a: (a.age_minutes, a.slug))
    # One correction is not a time but a word, a typical slip of a late hour: its page fails on purpose.
    odd = newest_first[len(newest_first) * 2 // 3].slug
    return {a.slug: _corrected(a, "late") if a.slug == odd else a for a in newest_first}


def in_section(section: Section) -> list[Article]:
    """The articles of one section, the newest first."""
    return [article for article in articles().values() if article.section == section]


def search(term: str) -> list[Article]:
    """The articles that contain every word of `term`, those with all words in the headline first."""
    found = [a for a in articles().values() if matches(term, f"{a.title} {a.section.title} {' '.join(a.paragraphs)}")]
    return sorted(found, key=lambda a: (not matches(term, a.title), a.age_minutes))


def related(article: Article, count: int) -> list[Article]:
    """Articles to read next: mostly from the same section, one from another."""
    rng = chance("related", article.slug)
    near = [a for a in in_section(article.section) if a != article]
    far = [a for a in articles().values() if a.section != article.section][:80]
    return some(rng, near, count - 1) + some(rng, far, 1)


def minutes_of(correction: str) -> int:
    """The minute of the day of a correction typed as `H:MM`; ValueError for any other text."""
    hours, _, minutes = correction.partition(":")
    return int(hours) * 60 + int(minutes)


def _article(section: Section, number: int) -> Article:
    rng = chance("article", section.slug, number)
    words = {name: rng.choice(choices) for name, choices in SLOTS.items()}
    words["other_place"] = rng.choice([place for place in SLOTS["place"] if place != words["place"]])
    # Only numbers whose ordinal ends in -th.
    words["n"] = str(rng.choice((*range(4, 21), *range(24, 30))))
    words["percent"] = str(rng.randrange(4, 39))
    title = _sentence(HEADLINES[section.slug][number % len(HEADLINES[section.slug])], words)
    own, shared = BODIES[section.slug], BODIES["any"]
    texts = some(rng, own, 4) + some(rng, shared, 4)
    sentences = [_sentence(text, words) for text in texts]
    paragraphs = tuple(" ".join(sentences[i : i + 2]) for i in range(0, len(sentences), 2))
    return Article(
        slug=slug(title),
        title=title,
        section=section,
        teaser=sentences[0],
        paragraphs=paragraphs,
        author=rng.choice(_AUTHORS),
        age_minutes=int(rng.expovariate(1 / 2_900)) + 7,
        corrected=f"{rng.randrange(6, 23)}:{rng.randrange(60):02d}" if rng.random() < 0.08 else None,
    )


def _corrected(article: Article, when: str) -> Article:
    return Article(**{name: getattr(article, name) for name in article.__slots__} | {"corrected": when})


def _sentence(template: str, words: dict[str, str]) -> str:
    text = template.format(**words)
    return text[0].upper() + text[1:]


def columns(items: Sequence[Article], count: int) -> list[list[Article]]:
    """`items` distributed over `count` columns, in reading order from left to right."""
    return [list(items[start::count]) for start in range(count)]
