"""Measures a Flask application (`Footfall`) or any WSGI application (`Middleware`) with Footfall."""

from footfall_web.flask_extension import Footfall
from footfall_web.middleware import Middleware

__all__ = ["Footfall", "Middleware"]
