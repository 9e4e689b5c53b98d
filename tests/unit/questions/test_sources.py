"""A store is opened when a question first needs it, once, and closed once."""

from footfall.questions.sources import Source, Sources
from footfall.settings import Settings


class Opened:
    """Notes what is opened and closed."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def source(self, name: str) -> Source[str]:
        """A source that is read by its own name."""

        def open_it(_: Settings) -> str:
            self.log.append(f"open {name}")
            return name

        return Source(name, open_it, lambda reader: self.log.append(f"close {reader}"))


def test_only_sources_that_are_used_are_opened_and_only_once() -> None:
    opened = Opened()
    first, second = opened.source("first"), opened.source("second")
    with Sources(Settings(), clock_ms=iter(range(9)).__next__) as sources:
        assert opened.log == []
        contexts = [sources.context(second), sources.context(second)]
        assert [(context.store, context.now_ms) for context in contexts] == [("second", 0), ("second", 1)]
        assert opened.log == ["open second"]
    assert opened.log == ["open second", "close second"]
    sources.close()
    assert opened.log == ["open second", "close second"]
    assert sources.context(first).store == "first"


def test_a_given_reader_is_used_and_closed() -> None:
    opened = Opened()
    source = opened.source("store")
    with Sources(Settings(), {source: "given"}) as sources:
        assert sources.context(source).store == "given"
    assert opened.log == ["close given"]


def test_a_source_without_a_connection_needs_no_closing() -> None:
    with Sources(Settings()) as sources:
        assert sources.context(Source("plain", lambda settings: settings)).store == Settings()
