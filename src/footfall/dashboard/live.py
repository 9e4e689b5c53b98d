"""The live page: what stands where, and how often it is drawn anew."""

import logging
import time
from collections.abc import Callable

import streamlit as st

from footfall.dashboard import HERE, alerts, panels, site_colours, visit, world_map
from footfall.dashboard.data import Figures
from footfall.dashboard.figures import ALL, app_ids, as_of_ms
from footfall.dashboard.markup import Html, prose, tag

log = logging.getLogger(__name__)

REFRESH_S = 2.0
_KEPT = "navigation"


def show(figures: Figures) -> None:
    """Draws the page; its fragments then draw themselves anew without touching the rest."""
    st.set_page_config(page_title="Footfall · Live", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.html(HERE / "page.css")
    st.html(site_colours.style_sheet(figures.sites()).text)
    st.html(world_map.land().text)
    opened = st.query_params.get("session") or st.query_params.get("user", "")
    title, sites, search = st.columns([12, 7, 5], gap="medium", vertical_alignment="center")
    with title:
        _head(figures)
    with sites:
        app = _site(figures)
    with search:
        wanted = st.text_input(
            "Look up a visit",
            value=opened,
            max_chars=128,
            placeholder="Session, user or browser id",
            label_visibility="collapsed",
        ).strip()
    # What was asked for stands where the reader looks first.
    if wanted:
        _visit(figures, wanted)
    if alert := st.query_params.get("alert"):
        _alert(figures, alert)
    _now(figures, app)
    _where(figures, app)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        is_paused = st.toggle("Pause the navigation")
        _latest(figures, app, is_paused)
        _visits(figures, app)
    with right:
        _lists(figures, app)


def _site(figures: Figures) -> str | None:
    """The site that the page is about; None for all."""
    asked = st.query_params.get("app")
    apps = app_ids(_names(figures), figures.active().value or [])
    chosen = st.segmented_control(
        "Site",
        [ALL, *apps],
        default=asked if asked in apps else ALL,
        format_func=lambda app: "All sites" if app == ALL else app,
        label_visibility="collapsed",
    )
    return chosen if chosen in apps else None


def _names(figures: Figures) -> list[str]:
    return [site.app_id for site in figures.sites()]


@st.fragment(run_every=REFRESH_S)
def _head(figures: Figures) -> None:
    _draw(lambda: panels.header(figures.active(), _now_ms()))


@st.fragment(run_every=REFRESH_S)
def _now(figures: Figures, app: str | None) -> None:
    _draw(lambda: alerts.alerts(figures.alerts(), _now_ms(), app))
    _draw(lambda: panels.now(figures.active(), figures.metrics(), _now_ms(), app, _names(figures)))


@st.fragment(run_every=REFRESH_S)
def _where(figures: Figures, app: str | None) -> None:
    _draw(lambda: panels.where(figures.countries(), figures.cities(), app))


@st.fragment(run_every=REFRESH_S)
def _latest(figures: Figures, app: str | None, is_paused: bool) -> None:
    kept = st.session_state.get(_KEPT) if is_paused else None
    reading = figures.latest() if kept is None else kept
    st.session_state[_KEPT] = reading
    _draw(lambda: panels.latest(reading, app, is_paused))


@st.fragment(run_every=REFRESH_S)
def _visits(figures: Figures, app: str | None) -> None:
    _draw(lambda: panels.visits(figures.visits(), app))


@st.fragment(run_every=REFRESH_S)
def _lists(figures: Figures, app: str | None) -> None:
    _draw(lambda: panels.errors(figures.errors(app)))
    _draw(lambda: panels.pages(figures.pages(), _counted_ms(figures), app))
    _draw(lambda: panels.sections(figures.sections(), _counted_ms(figures), app))
    _draw(lambda: panels.pipeline(figures.lags()))


@st.fragment(run_every=REFRESH_S)
def _visit(figures: Figures, wanted: str) -> None:
    _draw(lambda: visit.look_up(figures, wanted))


@st.fragment(run_every=REFRESH_S)
def _alert(figures: Figures, wanted: str) -> None:
    _draw(lambda: alerts.look_up(figures, wanted, _now_ms()))


def _counted_ms(figures: Figures) -> int:
    return as_of_ms(figures.active().value or []) or _now_ms()


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
