"""A web server in Airflow's place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.workflows.made_up_airflow import MadeUpAirflow, made_up_airflow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MadeUpAirflow]:
    with made_up_airflow(tmp_path) as running:
        yield running
