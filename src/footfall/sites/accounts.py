"""Logging in and out, alike on the three sites. Whoever is in the CRM is let in by e-mail address alone: it is a world
of simulated people, and nothing but their own page is behind the door.
"""

import re
from typing import Final

from flask import Blueprint, Response, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from footfall.sites.pages import show, tell_next
from footfall.sites.security import check_token

blueprint = Blueprint("accounts", __name__)

_ADDRESS: Final = re.compile(r"(u[0-9]{6})@example\.com")


def user_of(email: str) -> str | None:
    """The user of an address such as `u000123@example.com`, None if it is none of the CRM's."""
    match = _ADDRESS.fullmatch(email.strip().lower())
    return match[1] if match else None


@blueprint.get("/login")
def login() -> BaseResponse:
    if "user_id" in session:
        return redirect("/account", 303)
    return _form()


@blueprint.post("/login")
def log_in() -> BaseResponse:
    check_token()
    email = request.form.get("email", "")
    user_id = user_of(email)
    if user_id is None:
        return _form(email=email[:200], status=422)
    session["user_id"] = user_id
    session.permanent = True
    tell_next("login", element="log-in")
    return redirect("/account", 303)


@blueprint.post("/logout")
def log_out() -> BaseResponse:
    check_token()
    # The cart, the newsletter and the courses go with the person they belong to.
    session.clear()
    return redirect("/", 303)


def whose() -> str | None:
    """The user who is logged in, None if nobody is."""
    user_id = session.get("user_id")
    return user_id if isinstance(user_id, str) else None


def login_first() -> BaseResponse:
    """Leads to the login; nothing of the request decides where that is."""
    return redirect(url_for("accounts.login"), 303)


def _form(email: str = "", status: int = 200) -> Response:
    return show("login.html", "account", "login", email=email, failed=status != 200, status=status)
