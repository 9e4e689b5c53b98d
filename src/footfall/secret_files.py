"""Secrets that are generated once and stored in files that only their owner can read."""

import os
import secrets

from footfall.errors import FootfallError
from footfall.settings import Settings


class EmptySecret(FootfallError):
    """The file of a secret holds nothing; the message is a sentence."""


def secret(settings: Settings, name: str) -> bytes:
    """Returns the secret with this name, 64 hexadecimal digits. The first call generates it.

    If two first calls race, both return the secret of the winner: the file is complete as soon as it exists.
    Raises EmptySecret if the file holds nothing: everybody would know such a key.
    """
    settings.secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.secrets_dir / name
    if not path.exists():
        draft = path.with_name(f"{name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            # Otherwise a power cut could leave the name without the content.
            os.fsync(descriptor)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if not (found := path.read_bytes()).strip():
        raise EmptySecret(f"The secret {path} is empty. Delete the file: what needs it makes a new one when it starts.")
    return found
