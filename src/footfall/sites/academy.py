"""The academy: a catalogue of courses, their lessons, and a quiz for each."""

from typing import Any, Final, NamedTuple

from flask import Blueprint, abort, redirect, request, session, url_for
from werkzeug.wrappers import Response

from footfall.recommendations.offer import Item
from footfall.sites import accounts
from footfall.sites.catalogue import Catalogue
from footfall.sites.content import courses
from footfall.sites.content.courses import Course, Lesson
from footfall.sites.pages import impression, show
from footfall.sites.searching import did_you_mean, search_events, term_of_request
from footfall.sites.security import check_token

blueprint = Blueprint("academy", __name__)
# Read lessons that a browser remembers; the bound keeps the cookie small.
_MOST_REMEMBERED: Final = 40


@blueprint.app_context_processor
def _frame() -> dict[str, Any]:
    """The values that every page's header needs."""
    return {"subjects": courses.subjects()}


@blueprint.get("/")
def home() -> Response:
    return show("academy/home.html", "home", "home", events=[impression("chosen")], chosen=_chosen())


@blueprint.get("/catalogue")
def catalogue() -> Response:
    subject = request.args.get("subject", "")
    shelves = [(name, title, courses.of_subject(name)) for name, title in courses.subjects().items()]
    if subject in courses.subjects():
        shelves = [shelf for shelf in shelves if shelf[0] == subject]
    return show("academy/catalogue.html", "catalogue", "catalogue", shelves=shelves, chosen=subject)


@blueprint.get("/course/<slug>")
def course(slug: str) -> Response:
    found = _course_or_404(slug)
    return show(
        "academy/course.html",
        "course",
        found.subject,
        item=("course", slug),
        events=[impression("related")],
        course=found,
        read=_read(found),
        related=courses.related(found, 3),
    )


@blueprint.get("/course/<slug>/lesson/<int:number>")
def lesson(slug: str, number: int) -> Response:
    found = _course_or_404(slug)
    if not 1 <= number <= len(found.lessons):
        abort(404)
    _remember(found, number)
    return show(
        "academy/lesson.html",
        "lesson",
        found.subject,
        item=("lesson", f"{slug}/{number}"),
        course=found,
        lesson=found.lessons[number - 1],
        read=_read(found),
    )


@blueprint.get("/quiz/<slug>")
def quiz(slug: str) -> Response:
    found = _course_or_404(slug)
    result = session.get("quizzes", {}).get(slug)
    values = {"course": found, "questions": courses.quiz(found), "result": result}
    return show("academy/quiz.html", "quiz", found.subject, item=("quiz", slug), **values)


@blueprint.post("/quiz/<slug>")
def answers(slug: str) -> Response:
    found = _course_or_404(slug)
    check_token()
    questions = courses.quiz(found)
    right = sum(request.form.get(f"q{index}") == str(q.right) for index, q in enumerate(questions))
    quizzes = {**session.get("quizzes", {}), slug: right}
    session["quizzes"] = dict(list(quizzes.items())[-10:])
    return redirect(url_for("academy.quiz", slug=slug), 303)


@blueprint.get("/search")
def search() -> Response:
    term = term_of_request()
    found = courses.search(term) if term else []
    guesses = did_you_mean(term, [c.title for c in courses.courses().values()]) if term and not found else []
    values: dict[str, Any] = {"term": term, "count": len(found), "items": found, "guesses_for": guesses}
    return show("academy/search.html", "search", "search", events=search_events(term, len(found)), **values)


@blueprint.get("/account")
def account() -> Response:
    if accounts.current_user() is None:
        return accounts.redirect_to_login()
    begun = {slug for slug, _ in session.get("read", ())}
    mine = [
        (c, _read(c), session.get("quizzes", {}).get(c.slug)) for c in courses.courses().values() if c.slug in begun
    ]
    return show("academy/account.html", "account", "account", mine=mine, chosen=list(courses.courses().values())[:6])


class Found(NamedTuple):
    """An item of the academy: a course, or one of its lessons."""

    course: Course
    lesson: Lesson | None = None


def _chosen() -> list[Course]:
    """The courses of the front page."""
    return [course for subject in courses.subjects() for course in courses.of_subject(subject)[:2]]


def _find(item: Item) -> Found | None:
    item_type, item_id = item
    slug, _, number = item_id.partition("/")
    course = courses.courses().get(slug)
    if course is None:
        return None
    if item_type == "lesson":
        return next((Found(course, lesson) for lesson in course.lessons if str(lesson.number) == number), None)
    return Found(course) if item_type == "course" and item_id == slug else None


def _taken() -> set[Item]:
    read = session.get("read", ())
    return {("course", slug) for slug, _ in read} | {("lesson", f"{slug}/{number}") for slug, number in read}


CATALOGUE: Final = Catalogue(
    "academy/for_you.html",
    size=4,
    find=_find,
    popular=lambda: [("course", course.slug) for course in _chosen()],
    taken=_taken,
)


def _course_or_404(slug: str) -> Course:
    found = courses.courses().get(slug)
    if found is None:
        abort(404)
    return found


def _read(of: Course) -> set[int]:
    """The numbers of the lessons of a course that this browser has read."""
    return {number for slug, number in session.get("read", ()) if slug == of.slug}


def _remember(of: Course, number: int) -> None:
    if number not in _read(of):
        session["read"] = [*session.get("read", ()), [of.slug, number]][-_MOST_REMEMBERED:]
        session.permanent = True
