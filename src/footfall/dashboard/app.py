"""The live page, as Streamlit runs it: once for each page that is opened, and its fragments every two seconds."""

import streamlit as st

from footfall.dashboard.data import Figures
from footfall.dashboard.live import show
from footfall.dashboard.sources import Engines
from footfall.settings import load_settings


@st.cache_resource(show_spinner=False)
def _figures() -> Figures:
    return Figures(Engines(load_settings()))


show(_figures())
