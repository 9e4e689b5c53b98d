import stat
from pathlib import Path

from footfall.settings import Settings
from footfall.sites.session_key import session_key


def test_a_key_is_made_once_kept_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    key = session_key(settings, "shop")
    assert len(key) == 64
    assert session_key(settings, "shop") == key
    assert session_key(settings, "news") != key
    files = sorted(settings.secrets_dir.iterdir())
    assert [path.name for path in files] == ["site-news-session-key", "site-shop-session-key"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700
