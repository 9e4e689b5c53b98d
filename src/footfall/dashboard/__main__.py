"""Streamlit's own command line, kept from asking the internet for this machine's address.

Streamlit compares a foreign page's origin with this machine's public address, and asks checkip.amazonaws.com for it:
any web site could so make Footfall send a request out. No setting turns that off; an unknown address does.
"""

import sys

from streamlit import net_util
from streamlit.web import cli


def _unknown() -> str | None:
    return None


if __name__ == "__main__":
    net_util.get_external_ip = _unknown
    sys.exit(cli.main(prog_name="footfall.dashboard"))
