"""The master secret's file: 32 random bytes in hex, readable by its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

from labelsvc.errors import Conflict, Unavailable

SECRET_BYTES = 32


def create_secret(path: Path, random: bytes) -> None:
    """Write a new secret; never over one that is there, for its serials could not be read back.

    Args:
        random: 32 unguessable bytes.

    Raises:
        Conflict: the file exists.
        Unavailable: it cannot be written; nothing is left of it.
    """
    if len(random) != SECRET_BYTES:
        raise ValueError(f"Expected {SECRET_BYTES} bytes, got {len(random)}.")
    if os.path.lexists(path):
        raise _exists(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, random.hex() + "\n")
    except OSError as error:
        raise Unavailable("secret_unwritable", f"Expected to write {path}, got: {error.strerror}.") from error


def _exists(path: Path) -> Conflict:
    return Conflict("secret_exists", f"Expected no file at {path}, got one. It is left as it is.")


def _write(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # made a moment ago by another
        raise _exists(path) from None
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _keep_name(path.parent)
    except BaseException:
        path.unlink()
        raise


def _keep_name(directory: Path) -> None:
    """Bring a new file's name to the disk, too: the first serials may be printed before the system would."""
    if os.name == "nt":  # where a directory cannot be opened
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_secret(path: Path) -> bytes:
    """Return the master secret.

    Raises:
        Unavailable: there is none, or the file is not what `create_secret` writes.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise Unavailable(
            "secret_missing", f"Expected the master secret at {path}, got no file. Run: labelsvc secret init"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable("secret_unreadable", f"Expected to read {path}, got {type(error).__name__}.") from None
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise Unavailable("secret_unreadable", f"Expected {2 * SECRET_BYTES} hex digits in {path}, got something else.")
    return secret
