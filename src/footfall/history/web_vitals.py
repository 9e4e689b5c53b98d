"""The web vitals of a visit: how fast the page felt on which it ends.

A live browser measures a share of the pages, each when it is first left. Here the last page of each visit is measured,
by an event after all others, so that these keep the numbers, identities and times that they would have without it.
"""

import random
from typing import Final

from footfall.events.identity import new_uuid7
from footfall.history.event_recorder import LastPage, RecordedEvent
from footfall.metrics.web_vitals import WEB_VITALS
from footfall.sites.visitors.felt import vitals
from footfall.sites.visitors.population import Person

# The share of last pages that are touched without an event, as when somebody taps a picture. Links and forms lead to
# further pages, so without it next to no last page would know its answer to a tap.
_TAPPED_SHARE: Final = 0.5


def measured(last: RecordedEvent, page: LastPage, person: Person, rng: random.Random) -> RecordedEvent:
    """The event that says how fast the last page of a visit felt, at the time of the visit's last event.

    rng: of the visit. Everything else must have been drawn from it before.
    """
    occurred_ms, seq, _, _, session_id, campaign, _ = last
    touched = page.touched or rng.random() < _TAPPED_SHARE
    felt = vitals(rng, person.device.device_type, page.response_ms, touched)
    return occurred_ms, seq + 1, WEB_VITALS, new_uuid7(occurred_ms, rng), session_id, {**campaign, **felt}, page.body
