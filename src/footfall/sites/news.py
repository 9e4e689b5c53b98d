"""The newspaper: a front page, sections, articles and a newsletter."""

import re
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Blueprint, abort, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

from footfall.recommendations.offer import Item
from footfall.sites import accounts
from footfall.sites.catalogue import Catalogue
from footfall.sites.content import articles
from footfall.sites.content.articles import Article
from footfall.sites.pages import impression, show
from footfall.sites.searching import did_you_mean, search_events, term_of_request
from footfall.sites.security import check_token

blueprint = Blueprint("news", __name__)
_RESULTS: Final = 20
_ITEM: Final = "article"
_ADDRESS: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}")


def published(article: Article) -> str:
    """When an article was published, in UTC: the time for today's articles, else the date."""
    now = _now()
    moment = now - timedelta(minutes=article.age_minutes)
    if moment.date() == now.date():
        return f"Today, {moment:%H:%M}"
    return f"{moment.day} {moment:%B %Y}"


def _now() -> datetime:
    found: datetime = current_app.config["NOW"]()
    return found


@blueprint.app_context_processor
def _frame() -> dict[str, Any]:
    """The values that every page's header needs."""
    now = _now()
    return {"sections": articles.sections(), "published": published, "today": f"{now:%A}, {now.day} {now:%B %Y}"}


@blueprint.get("/")
def front() -> Response:
    newest = list(articles.articles().values())
    by_section = [(section, articles.in_section(section)[:4]) for section in articles.sections()]
    return show(
        "news/front.html",
        "front",
        "front",
        events=[impression("front")],
        lead=newest[0],
        seconds=newest[1:5],
        brief=newest[5:13],
        by_section=by_section,
    )


@blueprint.get("/section/<slug>")
def section(slug: str) -> Response:
    found = next((s for s in articles.sections() if s.slug == slug), None)
    if found is None:
        abort(404)
    return show("news/section.html", "section", slug, section=found, items=articles.in_section(found)[:30])


@blueprint.get("/article/<slug>")
def article(slug: str) -> Response:
    found = articles.articles().get(slug)
    if found is None:
        abort(404)
    corrected = None
    if found.corrected is not None:
        hours, minutes = divmod(articles.minutes_of(found.corrected), 60)
        corrected = f"{hours:02d}:{minutes:02d}"
    return show(
        "news/article.html",
        "article",
        found.section.slug,
        item=(_ITEM, slug),
        events=[impression("next")],
        article=found,
        corrected=corrected,
        related=articles.related(found, 5),
    )


@blueprint.get("/search")
def search() -> Response:
    term = term_of_request()
    found = articles.search(term) if term else []
    guesses = did_you_mean(term, [a.title for a in articles.articles().values()]) if term and not found else []
    values: dict[str, Any] = {"term": term, "count": len(found), "items": found[:_RESULTS], "guesses_for": guesses}
    return show("news/search.html", "search", "search", events=search_events(term, len(found)), **values)


@blueprint.get("/newsletter")
def newsletter() -> Response:
    return show("news/newsletter.html", "account", "newsletter", done=False, failed=False)


@blueprint.post("/newsletter")
def subscribe() -> Response:
    check_token()
    if _ADDRESS.fullmatch(request.form.get("email", "").strip()) is None:
        return show("news/newsletter.html", "account", "newsletter", done=False, failed=True, status=422)
    # Only the fact is stored; this site sends no e-mail and needs no address.
    session["subscribed"] = True
    return redirect(url_for("news.subscribed"), 303)


@blueprint.get("/newsletter/thanks")
def subscribed() -> Response:
    newest = list(articles.articles().values())[:4]
    return show("news/newsletter.html", "account", "newsletter", done=True, failed=False, items=newest)


@blueprint.get("/account")
def account() -> Response:
    if accounts.current_user() is None:
        return accounts.redirect_to_login()
    items = list(articles.articles().values())[:6]
    return show("news/account.html", "account", "account", items=items, subscribed=bool(session.get("subscribed")))


def _find(item: Item) -> Article | None:
    item_type, slug = item
    return articles.articles().get(slug) if item_type == _ITEM else None


CATALOGUE: Final = Catalogue(
    "news/for_you.html",
    size=4,
    find=_find,
    # The front page, from its top.
    popular=lambda: [(_ITEM, slug) for slug in [*articles.articles()][:16]],
    taken=tuple,
)
