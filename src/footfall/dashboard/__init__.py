"""The dashboard: Streamlit pages over the live figures. It asks questions and shows the answers; it defines no figure.

- `server.py` is what Streamlit serves: `app.py`, the entry of each page, behind `gate.py`.
- `pages/` holds one file a page: where each component stands. Only pages, `app.py` and `server.py` import Streamlit.
- `components/` holds one file a component: readings in, HTML out.
- `data/` asks the engines and caches the answers for all open pages.
- `figures.py` computes what a component shows from the rows of an answer; `wording.py` puts figures into words.
- `markup.py` makes all HTML, and escapes every string that a visitor can choose.
"""

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from footfall.settings import Settings

HERE: Final = Path(__file__).resolve().parent
SERVER: Final = HERE / "server.py"
PAGE: Final = HERE / "app.py"
CONFIG: Final = HERE / "config.yaml"


def command(settings: Settings) -> list[str]:
    """The command line of the dashboard's process.

    Options are passed as flags, because flags override a `.streamlit` folder that the user may keep for other programs.
    """
    options = yaml.safe_load(CONFIG.read_text("utf-8"))
    options["server"] |= {"address": settings.bind_host("dashboard"), "port": settings.port("dashboard")}
    return [sys.executable, "-m", "footfall.dashboard", "run", str(SERVER), *_flags("", options)]


def _flags(prefix: str, options: dict[str, Any]) -> list[str]:
    flags: list[str] = []
    for name, value in options.items():
        if isinstance(value, dict):
            flags += _flags(f"{prefix}{name}.", value)
        else:
            flags.append(f"--{prefix}{name}={str(value).lower() if isinstance(value, bool) else value}")
    return flags
