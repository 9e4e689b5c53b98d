"""Each test has a home of its own."""

from tests.support.fresh_home import environment, fake_java, java, settings

__all__ = ["environment", "fake_java", "java", "settings"]
