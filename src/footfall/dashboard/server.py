"""The dashboard's server. `streamlit run` finds `app` in this file and serves it."""

import streamlit as st
from starlette.middleware import Middleware

from footfall.dashboard import PAGE
from footfall.dashboard.gate import Gate
from footfall.settings import load_settings

app = st.App(PAGE, middleware=[Middleware(Gate, settings=load_settings())])
