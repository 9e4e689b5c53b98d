"""The process of one site's visitors: `python -m footfall.sites.visitors.run APP`.

SIGTERM ends every visit in order: each page sends its last ping, and the next process resends the events that have no
answer yet.
"""

import logging
import signal
import sys
import threading
from types import FrameType

from footfall.settings import SettingsError, load_settings
from footfall.site_registry import DEMO_SITES
from footfall.sites.incidents import active
from footfall.sites.visitors.behaviour import BehaviourError
from footfall.sites.visitors.slots import keep_visited
from footfall.sites.visitors.world import cached_share


def main(arguments: list[str]) -> int:
    """Runs the visitors of the site named in `arguments` until SIGTERM or SIGINT; returns 2 for an unknown name."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    if len(arguments) != 1 or arguments[0] not in DEMO_SITES:
        print(f"Name one site: {', '.join(DEMO_SITES)}.", file=sys.stderr)
        return 2
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        settings = load_settings()
        share = cached_share(lambda kind: active(settings, arguments[0], kind) or 0.0)
        keep_visited(settings, arguments[0], stop, share)
    except (SettingsError, BehaviourError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
