"""The academy's courses, their lessons and their quizzes."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from footfall.sites.content.syllabus import PARAGRAPHS, SUBJECTS, SYLLABUS, TASKS
from footfall.sites.content.words import chance, matches, slug, some


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; `number` from 1."""

    number: int
    title: str
    minutes: int
    paragraphs: tuple[str, ...]
    task: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a quiz; `right` is the index of the right answer."""

    text: str
    answers: tuple[str, ...]
    right: int


@dataclass(frozen=True, slots=True)
class Course:
    """One course with its lessons in order."""

    slug: str
    title: str
    subject: str
    level: str
    line: str
    teacher: str
    lessons: tuple[Lesson, ...]

    @property
    def minutes(self) -> int:
        """The duration of all lessons together."""
        return sum(lesson.minutes for lesson in self.lessons)


_TEACHERS: Final = ("Dr Hana Vogt", "Luis Arden", "Prof. Emeka Stone", "Sofie Lund", "Dara Finch", "Marek Holm")


@lru_cache(maxsize=1)
def courses() -> dict[str, Course]:
    """All courses by slug, subject by subject."""
    return {course.slug: course for course in map(_course, SYLLABUS)}


@lru_cache(maxsize=1)
def subjects() -> dict[str, str]:
    """The titles of the subjects by their names in addresses."""
    return dict(SUBJECTS)


def of_subject(subject: str) -> list[Course]:
    """The courses of one subject."""
    return [course for course in courses().values() if course.subject == subject]


def search(term: str) -> list[Course]:
    """The courses whose title, subject or lessons contain every word of `term`, matches in the title first."""
    found = [
        c
        for c in courses().values()
        if matches(term, f"{c.title} {SUBJECTS[c.subject]} {c.line} {' '.join(lesson.title for lesson in c.lessons)}")
    ]
    return sorted(found, key=lambda c: (not matches(term, c.title), c.title))


def related(course: Course, count: int) -> list[Course]:
    """Courses to take next."""
    rng = chance("related", course.slug)
    near = [c for c in of_subject(course.subject) if c != course]
    far = [c for c in courses().values() if c.subject != course.subject]
    return (some(rng, near, count - 1) + some(rng, far, count))[:count]


@lru_cache(maxsize=64)
def quiz(course: Course) -> tuple[Question, ...]:
    """The course's quiz: which lesson covers which topic, and which lesson comes first."""
    rng = chance("quiz", course.slug)
    elsewhere = [lesson.title for c in courses().values() if c.subject != course.subject for lesson in c.lessons]
    questions = []
    for lesson in some(rng, course.lessons, 2):
        wrong = [other.title for other in course.lessons if other != lesson][:2]
        questions.append(_question(rng.randrange(3), f"What is lesson {lesson.number} about?", lesson.title, wrong))
    stranger, own = rng.choice(elsewhere), [lesson.title for lesson in some(rng, course.lessons, 2)]
    questions.append(_question(rng.randrange(3), "Which of these does this course not treat?", stranger, own))
    return tuple(questions)


def _question(place: int, text: str, right: str, wrong: list[str]) -> Question:
    answers = list(wrong)
    answers.insert(place, right)
    return Question(text, tuple(answers), place)


def _course(entry: tuple[str, str, str, str, str]) -> Course:
    subject, title, level, line, lessons = entry
    rng = chance("course", title)
    titles = [part.strip() for part in lessons.split("|")]
    return Course(
        slug=slug(title),
        title=title,
        subject=subject,
        level=level,
        line=line,
        teacher=rng.choice(_TEACHERS),
        lessons=tuple(_lesson(title, number, name) for number, name in enumerate(titles, 1)),
    )


def _lesson(course: str, number: int, title: str) -> Lesson:
    rng = chance("lesson", course, number)
    words = {"topic": title[0].lower() + title[1:], "course": course, "n": str(rng.randrange(4, 10))}
    return Lesson(
        number=number,
        title=title,
        minutes=rng.randrange(6, 28),
        paragraphs=tuple(text.format(**words) for text in some(rng, PARAGRAPHS, 4)),
        task=rng.choice(TASKS).format(**words),
    )
