"""The live page: what stands where, and how often it is drawn anew."""

import logging
import time
from collections.abc import Callable

import streamlit as st

from footfall.dashboard import HERE, panels, visit
from footfall.dashboard.data import Figures
from footfall.dashboard.markup import Html, prose, tag

log = logging.getLogger(__name__)

REFRESH_S = 2.0


def show(figures: Figures) -> None:
    """Draws the page; its fragments then draw themselves anew without touching the rest."""
    st.set_page_config(page_title="Footfall · Live", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.html(HERE / "page.css")
    opened = st.query_params.get("session") or st.query_params.get("user", "")
    title, search = st.columns([5, 3], gap="medium", vertical_alignment="center")
    with title:
        _head(figures)
    with search:
        wanted = st.text_input(
            "Look up a visit",
            value=opened,
            max_chars=128,
            placeholder="Look up a session, user or browser by its id",
            label_visibility="collapsed",
        ).strip()
    # What was asked for stands where the reader looks first.
    if wanted:
        _visit(figures, wanted)
    _live(figures)


@st.fragment(run_every=REFRESH_S)
def _head(figures: Figures) -> None:
    _draw(lambda: panels.header(figures.active(), _now_ms()))


@st.fragment(run_every=REFRESH_S)
def _live(figures: Figures) -> None:
    _draw(lambda: panels.now(figures.active(), figures.metrics(), _now_ms()))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _draw(lambda: panels.latest(figures.latest()))
    with right:
        _draw(lambda: panels.errors(figures.errors()))
        _draw(lambda: panels.pages(figures.pages()))
        _draw(lambda: panels.sections(figures.sections()))
        _draw(lambda: panels.pipeline(figures.lags()))


@st.fragment(run_every=REFRESH_S)
def _visit(figures: Figures, wanted: str) -> None:
    _draw(lambda: visit.look_up(figures, wanted))


def _now_ms() -> int:
    return int(time.time() * 1000)


def _draw(make: Callable[[], Html]) -> None:
    # A panel that cannot be drawn must not take the others with it.
    try:
        made = make()
    except Exception:
        log.exception("A panel of the live page could not be drawn")
        made = tag("section", tag("p", prose(_BROKEN), class_="ff-trouble"), class_="ff-panel ff-stale")
    st.html(made.text)


_BROKEN = "This panel cannot be drawn; the others are not affected. `./footfall logs dashboard` says why."
