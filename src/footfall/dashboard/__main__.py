"""Streamlit's own command line with two of its habits switched off. No setting does either.

Streamlit asks checkip.amazonaws.com for this machine's public address, to compare it with the origin of a foreign page.
So any web site could make Footfall send a request to the internet. An unknown address prevents that.

Streamlit also makes a menu of every file in a folder `pages` beside its entry. Here those files are modules of the
package, and `app.py` decides which of them it shows.
"""

import sys

from streamlit import net_util
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli


def _unknown() -> str | None:
    return None


if __name__ == "__main__":
    net_util.get_external_ip = _unknown
    PagesManager.uses_pages_directory = False
    sys.exit(cli.main(prog_name="footfall.dashboard"))
