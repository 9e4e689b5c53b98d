"""The live page: where each component stands, and how often it is redrawn."""

import time

import streamlit as st

from footfall.dashboard import HERE, site_colours
from footfall.dashboard.components import world_map
from footfall.dashboard.components.alerts import alert_details, alerts_panel
from footfall.dashboard.components.errors import errors_panel
from footfall.dashboard.components.felt import felt_panel
from footfall.dashboard.components.header import header
from footfall.dashboard.components.navigation import navigation_panel
from footfall.dashboard.components.now import now_panel
from footfall.dashboard.components.one_visit import visit_panel
from footfall.dashboard.components.parts import unknown_site
from footfall.dashboard.components.pipeline import pipeline_panel
from footfall.dashboard.components.rankings import pages_panel, sections_panel
from footfall.dashboard.components.visits import visits_panels
from footfall.dashboard.components.where import where_panel
from footfall.dashboard.data.readings import Readings
from footfall.dashboard.figures import ALL, app_ids, as_of_ms
from footfall.dashboard.pages._parts import draw

REFRESH_S = 2.0
_PAUSED_READING = "navigation"


def show(readings: Readings) -> None:
    """Draws the page. From then on, each of its fragments redraws itself alone."""
    st.set_page_config(page_title="Footfall · Live", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.html(HERE / "page.css")
    st.html(site_colours.style_sheet(readings.sites()).text)
    st.html(world_map.land().text)
    linked = st.query_params.get("session") or st.query_params.get("user", "")
    title, sites, search = st.columns([12, 7, 5], gap="medium", vertical_alignment="center")
    with sites:
        app = _chosen_site(readings)
    with title:
        _header(readings, app)
    with search:
        visit = st.text_input(
            "Look up a visit",
            value=linked,
            max_chars=128,
            placeholder="Session, user or browser id",
            label_visibility="collapsed",
        ).strip()
    # The answer to a request stands at the top, where the user looks first.
    if visit:
        _visit(readings, visit)
    if alert := st.query_params.get("alert"):
        _alert(readings, alert)
    _now(readings, app)
    _where(readings, app)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        is_paused = st.toggle("Pause the navigation")
        _navigation(readings, app, is_paused)
        _visits(readings, app)
    with right:
        _lists(readings, app)


def _chosen_site(readings: Readings) -> str | None:
    """The site that the user chose; None for all sites."""
    linked = st.query_params.get("app")
    active = readings.active().value
    apps = app_ids(_registered(readings), active or [])
    chosen = st.segmented_control(
        "Site",
        [ALL, *apps],
        default=linked if linked in apps else ALL,
        format_func=lambda app: "All sites" if app == ALL else app,
        label_visibility="collapsed",
    )
    if chosen in apps:
        return chosen
    # While the figures are missing, it may be a site that has just been removed.
    if active is not None:
        draw(lambda: unknown_site(linked, apps))
    return None


def _registered(readings: Readings) -> list[str]:
    return [site.app_id for site in readings.sites()]


@st.fragment(run_every=REFRESH_S)
def _header(readings: Readings, app: str | None) -> None:
    draw(lambda: header(readings.active(), _now_ms(), app))


@st.fragment(run_every=REFRESH_S)
def _now(readings: Readings, app: str | None) -> None:
    draw(lambda: alerts_panel(readings.alerts(), _now_ms(), app))
    draw(lambda: now_panel(readings.active(), readings.metrics(), _now_ms(), app, _registered(readings)))


@st.fragment(run_every=REFRESH_S)
def _where(readings: Readings, app: str | None) -> None:
    draw(lambda: where_panel(readings.countries(), readings.cities(), app))


@st.fragment(run_every=REFRESH_S)
def _navigation(readings: Readings, app: str | None, is_paused: bool) -> None:
    paused = st.session_state.get(_PAUSED_READING) if is_paused else None
    reading = readings.latest() if paused is None else paused
    st.session_state[_PAUSED_READING] = reading
    draw(lambda: navigation_panel(reading, app, is_paused))


@st.fragment(run_every=REFRESH_S)
def _visits(readings: Readings, app: str | None) -> None:
    draw(lambda: visits_panels(readings.visits(), app))


@st.fragment(run_every=REFRESH_S)
def _lists(readings: Readings, app: str | None) -> None:
    draw(lambda: errors_panel(readings.errors(app)))
    draw(lambda: felt_panel(readings.vitals("app" if app is None else "device"), app))
    draw(lambda: pages_panel(readings.pages(), _counted_ms(readings), app))
    draw(lambda: sections_panel(readings.sections(), _counted_ms(readings), app))
    draw(lambda: pipeline_panel(readings.lags()))


@st.fragment(run_every=REFRESH_S)
def _visit(readings: Readings, name: str) -> None:
    draw(lambda: visit_panel(readings, name))


@st.fragment(run_every=REFRESH_S)
def _alert(readings: Readings, alert_id: str) -> None:
    draw(lambda: alert_details(readings, alert_id, _now_ms()))


def _counted_ms(readings: Readings) -> int:
    return as_of_ms(readings.active().value or []) or _now_ms()


def _now_ms() -> int:
    return int(time.time() * 1000)
