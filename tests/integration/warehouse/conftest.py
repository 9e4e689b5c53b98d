"""The Spark of the streaming tests serves these tests too."""

from tests.integration.streaming.conftest import spark as spark
