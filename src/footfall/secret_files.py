"""Secrets that are made once and kept where only their owner can read them."""

import os
import secrets

from footfall.settings import Settings


def secret(settings: Settings, name: str) -> bytes:
    """The secret of that name, made on the first call: 64 hexadecimal digits.

    Whoever comes second in a race of two first calls takes the first one's: the file appears whole or not at all.
    """
    settings.secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.secrets_dir / name
    if not path.exists():
        draft = path.with_name(f"{name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
