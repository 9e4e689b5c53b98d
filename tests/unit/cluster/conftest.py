"""Each test has its own home."""

from tests.support.fresh_home import environment, fake_java, java, settings

__all__ = ["environment", "fake_java", "java", "settings"]
