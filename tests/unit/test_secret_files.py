import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from footfall.secret_files import EmptySecret, secret
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


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_an_empty_file_is_no_secret(tmp_path: Path, content: bytes) -> None:
    settings = Settings(home=tmp_path)
    secret(settings, "one")
    (settings.secrets_dir / "one").write_bytes(content)
    with pytest.raises(EmptySecret, match=r"secrets/one is empty\. Delete the file"):
        secret(settings, "one")


def test_a_site_does_not_sign_its_cookies_with_an_empty_key(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, install=tmp_path / "install")
    settings.secrets_dir.mkdir(mode=0o700, parents=True)
    (settings.secrets_dir / "site-shop-session-key").touch()
    ended = subprocess.run(
        [sys.executable, "-m", "footfall.sites.server", "shop"],
        env={**os.environ, **settings.as_environment()},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("The secret ")
