"""Streamlit's entry. Streamlit runs this file once for each page that a browser opens."""

import streamlit as st

from footfall.dashboard.data.engines import Engines
from footfall.dashboard.data.readings import Readings
from footfall.dashboard.pages import live
from footfall.settings import load_settings


@st.cache_resource(show_spinner=False)
def _readings() -> Readings:
    return Readings(Engines(load_settings()))


live.show(_readings())
