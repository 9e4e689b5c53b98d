"""Login and logout, the same on all three sites.

A user of the CRM logs in with an e-mail address and no password: the users are simulated, and a login gives access to
nothing but the user's own page.
"""

import re
from typing import Final

from flask import Blueprint, Response, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from footfall.sites.pages import emit_on_next_page, show
from footfall.sites.security import check_token

blueprint = Blueprint("accounts", __name__)

_ADDRESS: Final = re.compile(r"(u[0-9]{6})@example\.com")


def user_of(email: str) -> str | None:
    """The user of an address such as `u000123@example.com`; None if the address is not one of the CRM."""
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
    emit_on_next_page("login", element="log-in")
    return redirect("/account", 303)


@blueprint.post("/logout")
def log_out() -> BaseResponse:
    check_token()
    # The cart, the subscription and the courses belong to the user and end with the login.
    session.clear()
    return redirect("/", 303)


def current_user() -> str | None:
    """The id of the user who is logged in; None if nobody is."""
    user_id = session.get("user_id")
    return user_id if isinstance(user_id, str) else None


def redirect_to_login() -> BaseResponse:
    """Redirects to the login page, always to the same address, whatever the request contains."""
    return redirect(url_for("accounts.login"), 303)


def _form(email: str = "", status: int = 200) -> Response:
    return show("login.html", "account", "login", email=email, failed=status != 200, status=status)
