"""The page about what was learned: segments, and items for one person or for everybody. The address names both."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from footfall.dashboard import HERE, site_colours
from footfall.dashboard.components.learning.head import head
from footfall.dashboard.components.learning.items import recommendations_panel, similar_panel
from footfall.dashboard.components.learning.segments import segments_panel
from footfall.dashboard.components.learning.states import nothing_panel
from footfall.dashboard.components.parts import unknown_site
from footfall.dashboard.data.readings import Readings
from footfall.dashboard.figures import ALL
from footfall.dashboard.pages._parts import choose_site, draw, to_address
from footfall.learning.questions.recommendations import FALLBACK
from footfall.learning.tables import RECOMMENDATIONS_POINTER, SEGMENTS_POINTER
from footfall.warehouse.published import Published

# Until all answers have arrived, and later to notice that something was published.
_LOOK_S: Final = 3.0
_SITE: Final = "learning-site"
_USER: Final = "learning-user"
_LONGEST: Final = 128


def show(readings: Readings) -> None:
    """Draws the page."""
    st.set_page_config(page_title="Footfall · Learning", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.html(HERE / "page.css")
    st.html(HERE / "history.css")
    st.html(site_colours.style_sheet(readings.sites()).text)
    learned = readings.learned().value or {}
    title, sites, search = st.columns([12, 7, 5], gap="medium", vertical_alignment="center")
    with sites:
        app = _choose_site(readings)
    with search:
        user = _choose_user()
    with title:
        draw(lambda: head(learned, app))
    st.fragment(_body, run_every=_LOOK_S)(readings, learned, app, user, st.query_params.get("item"))


def _choose_site(readings: Readings) -> str | None:
    """Offers the sites, and returns the one in the address; None for all."""
    apps = [site.app_id for site in readings.sites()]
    app = choose_site(_SITE, apps)
    draw(lambda: unknown_site(st.query_params.get("app"), apps))
    return app


def _choose_user() -> str | None:
    """Offers a field for a person, and returns the one in the address; None for nobody."""
    user = st.query_params.get("user", "")[:_LONGEST]
    st.session_state[_USER] = user
    st.text_input(
        "Whom to recommend to",
        key=_USER,
        max_chars=_LONGEST,
        placeholder="User or browser id",
        on_change=to_address,
        args=("user", _USER),
        label_visibility="collapsed",
    )
    return user or None


def _body(
    readings: Readings, learned: Mapping[str, Published], app: str | None, user: str | None, item: str | None
) -> None:
    """Everything below the head. It is drawn again by itself."""
    reading = readings.learned()
    if reading.value is not None and reading.value != learned:
        st.rerun()
    if not learned:
        draw(lambda: nothing_panel(reading))
        return
    segments, items = learned.get(SEGMENTS_POINTER), learned.get(RECOMMENDATIONS_POINTER)
    if item and items is not None:
        # The answer to a request stands at the top, where the user looks first.
        similar = readings.past(items.run, "similar-items", item=item[:_LONGEST])
        draw(lambda: similar_panel(similar, item[:_LONGEST]))
    if segments is not None:
        rows = readings.past(segments.run, "segments")
        draw(lambda: segments_panel(rows, segments))
    if items is not None:
        listed = readings.past(items.run, "recommendations", user=user or FALLBACK, app=app or ALL)
        draw(lambda: recommendations_panel(listed, items, user, app))
