import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from footfall.secret_files import secret
from footfall.settings import Settings


def test_a_secret_is_made_once_kept_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    made = secret(settings, "one")
    assert len(made) == 64
    assert secret(settings, "one") == made
    assert secret(settings, "other") != made
    files = sorted(settings.secrets_dir.iterdir())
    assert [path.name for path in files] == ["one", "other"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700


def test_all_who_come_at_once_are_given_the_same(tmp_path: Path) -> None:
    for attempt in range(50):
        settings = Settings(home=tmp_path / str(attempt))
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(lambda _, of=settings: secret(of, "one"), range(8)))) == 1
        assert [path.name for path in settings.secrets_dir.iterdir()] == ["one"]
