"""A PostgreSQL for these tests. The path of its home is longer than Linux allows for a socket."""

from collections.abc import Iterator

import pytest

from footfall.settings import Settings
from tests.support.postgres import Server, own_server


@pytest.fixture(scope="package")
def server(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with its databases. Tests may kill it, and start it again."""
    home = tmp_path_factory.mktemp("postgres") / ("long" * 30)
    with own_server(home, platform.install) as server:
        server.start()
        server.step("postgres-databases")
        yield server
