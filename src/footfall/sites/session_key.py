"""The key that signs a site's session cookies: made once, kept where only its owner can read it."""

import os
import secrets

from footfall.settings import Settings


def session_key(settings: Settings, app: str) -> bytes:
    """The site's key, made on the first call; it stays the same, so that a restart logs nobody out.

    Whoever comes second in a race of two first starts takes the key of the first: the file appears whole or not at all.
    """
    settings.secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.secrets_dir / f"site-{app}-session-key"
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
