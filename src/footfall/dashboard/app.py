"""Streamlit's entry. Streamlit runs this file once for each page that a browser opens."""

import streamlit as st

from footfall.dashboard.components.page_switch import HISTORY, LEARNING
from footfall.dashboard.data.engines import Engines
from footfall.dashboard.data.readings import Readings
from footfall.dashboard.pages import history, learning, live
from footfall.settings import load_settings


@st.cache_resource(show_spinner=False)
def _readings() -> Readings:
    return Readings(Engines(load_settings()))


if (view := st.query_params.get("view")) == HISTORY:
    history.show(_readings())
elif view == LEARNING:
    learning.show(_readings())
else:
    live.show(_readings())
