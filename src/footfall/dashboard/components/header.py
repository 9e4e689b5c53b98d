"""The live page's title and the age of its figures."""

from footfall.dashboard import wording
from footfall.dashboard.components.page_switch import page_switch
from footfall.dashboard.components.parts import PENDING
from footfall.dashboard.data.readings import Reading
from footfall.dashboard.figures import as_of_ms
from footfall.dashboard.markup import Html, prose, tag
from footfall.questions.model import Row

_LOST = "The connection to the dashboard is lost, so this page shows old figures. It reconnects by itself."


def header(active: Reading[list[Row]], now_ms: int, app: str | None = None) -> Html:
    """The page's title, the links to other pages, and a sentence on how old the figures are. app: None for all."""
    if active.value is None and active.trouble is None:
        state, sentence = "waiting", PENDING
    elif active.value is None:
        state, sentence = "behind", "There are no live figures at the moment. The panels below say why."
    elif active.trouble is not None:
        state, sentence = "behind", wording.unread(as_of_ms(active.value), now_ms)
    else:
        state, sentence = wording.age(as_of_ms(active.value), now_ms)
    return tag(
        "div",
        tag("h1", "Footfall ", tag("small", "Live")),
        page_switch(None, app),
        tag("p", tag("i", class_="ff-dot", aria_hidden="true"), prose(sentence), class_="ff-age"),
        # The style sheet shows this sentence when no new header has arrived for a while. Without a connection, nothing
        # else could replace "Live". The time makes each header differ from the one before.
        tag("p", _LOST, class_="ff-lost", role="status", data_drawn=now_ms),
        class_=f"ff-head ff-{state}",
    )
