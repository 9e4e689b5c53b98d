"""The pages, drawn by Streamlit without a browser or an engine, for tests."""

import re
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from footfall.dashboard.data.readings import Readings
from tests.unit.dashboard.rows import MadeUp


def page(source: MadeUp, **query: str) -> AppTest:
    """The live page over `source`, drawn once."""

    # Streamlit runs the function's text by itself: nothing of this module is known in it.
    def script(readings):  # type: ignore[no-untyped-def]
        from footfall.dashboard.pages.live import show

        show(readings)

    return _drawn_once(script, Readings(source, patience_s=5), query)


def history_page(source: MadeUp, readings: Readings | None = None, **query: str) -> AppTest:
    """The history page over `source`, drawn once. readings: the answers of the source, if others than its own."""

    def script(readings):  # type: ignore[no-untyped-def]
        from footfall.dashboard.pages.history import show

        show(readings)

    return _drawn_once(script, readings or Readings(source, patience_s=5), query)


def learning_page(source: MadeUp, **query: str) -> AppTest:
    """The learning page over `source`, drawn once."""

    def script(readings):  # type: ignore[no-untyped-def]
        from footfall.dashboard.pages.learning import show

        show(readings)

    return _drawn_once(script, Readings(source, patience_s=5), query)


def _drawn_once(script: Callable[..., None], readings: Readings, query: dict[str, str]) -> AppTest:
    test = AppTest.from_function(script, kwargs={"readings": readings}, default_timeout=30)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def drawn(test: AppTest) -> str:
    """All HTML of the page but its style sheet."""
    bodies = [element.proto.body for element in test.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


def lines(text: str, title: str) -> list[list[str]]:
    """The cells of the lines of a panel's tables, without tags."""
    panel = text[text.index(f"<h2>{title}</h2>") :].split("</section>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", panel)
    return [[re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", line)] for line in found]
