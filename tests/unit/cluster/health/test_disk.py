"""The size of the data counts what is in the home and what services keep outside of it."""

from pathlib import Path

import pytest

from footfall.cluster import services
from footfall.cluster.health import disk
from footfall.cluster.service import Service
from footfall.settings import Settings


def test_data_outside_the_home_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, outside = Settings(home=tmp_path / "home"), tmp_path / "outside" / "base"
    settings.ledger_dir.mkdir(parents=True)
    outside.mkdir(parents=True)
    for path in (settings.ledger_dir / "a", outside / "b"):
        with path.open("wb") as file:
            file.truncate(2**29)
    made_up = [
        Service(name=name, engine="made_up", step=lambda _: None, outside=lambda _, folder=folder: folder)
        for name, folder in (("one", outside.parent), ("other", None))
    ]
    monkeypatch.setattr(services, "SERVICES", made_up)
    assert disk.disk(settings).data_gib == 1.0
