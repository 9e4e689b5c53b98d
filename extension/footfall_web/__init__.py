"""Measures a Flask application (`Footfall`) or any WSGI application (`Middleware`) with Footfall."""

from footfall_web.flask_extension import Footfall
from footfall_web.middleware import Middleware
from footfall_web.sink import Answer, Sink, Unavailable

__all__ = ["Answer", "Footfall", "Middleware", "Sink", "Unavailable"]
