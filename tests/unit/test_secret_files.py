import stat
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
