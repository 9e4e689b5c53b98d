"""What the pages share: drawing a component, and a choice of the site that stands in the address."""

import logging
from collections.abc import Callable, Sequence

import streamlit as st

from footfall.dashboard.components.parts import broken_panel
from footfall.dashboard.figures import ALL
from footfall.dashboard.markup import Html

log = logging.getLogger(__name__)


def draw(component: Callable[[], Html | None]) -> None:
    """Draws a component of a page. A failing one must not take the rest of the page with it."""
    try:
        drawn = component()
    except Exception:
        log.exception("A panel of the %s page could not be drawn", component.__module__.rpartition(".")[2])
        drawn = broken_panel()
    if drawn is not None:
        st.html(drawn.text)


def choose_site(key: str, apps: Sequence[str]) -> str | None:
    """Offers the sites, and returns the one in the address; None for all. key: of the widget."""
    linked = st.query_params.get("app")
    app = linked if linked in apps else None
    # The address alone decides, so that the browser's buttons and links work as everywhere.
    st.session_state[key] = app or ALL
    st.segmented_control(
        "Site",
        [ALL, *apps],
        key=key,
        required=True,
        format_func=lambda name: "All sites" if name == ALL else name,
        on_change=to_address,
        args=("app", key),
        label_visibility="collapsed",
        wrap=True,
    )
    return app


def to_address(parameter: str, widget: str) -> None:
    """Puts the choice of a widget into the address, from where the page reads it."""
    chosen = st.session_state[widget]
    text = "" if chosen is None else str(chosen).strip()
    if text in ("", ALL):
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = text
