"""The master secret's file: made once, readable by its owner alone, never written over."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from labelsvc.errors import Conflict, Unavailable
from labelsvc.storage.secret_file import SECRET_BYTES, create_secret, read_secret

SECRET = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secret"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_can_read_it(path: Path, umask: int) -> None:
    """Whatever the umask; the directory is made where there is none."""
    before = os.umask(umask)
    try:
        create_secret(path, SECRET)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_written_is_read(path: Path) -> None:
    """As 64 hex digits, which survive an editor and a printout."""
    create_secret(path, SECRET)
    assert read_secret(path) == SECRET
    assert path.read_text() == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"


@pytest.mark.parametrize("there", [b"", b"something else", SECRET.hex().encode()])
def test_a_file_that_is_there_is_never_written_over(path: Path, there: bytes) -> None:
    """Not even an empty one: someone must look at it first."""
    path.parent.mkdir()
    path.write_bytes(there)
    path.chmod(0o644)
    with pytest.raises(Conflict) as refusal:
        create_secret(path, bytes(32))
    assert refusal.value.code == "secret_exists"
    assert path.read_bytes() == there
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_dangling_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    """The secret would land where nobody looks for it."""
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict):
        create_secret(path, SECRET)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("random", [b"", bytes(31), bytes(33)])
def test_only_32_bytes_are_a_secret(path: Path, random: bytes) -> None:
    """A shorter one could not be read again."""
    with pytest.raises(ValueError, match=rf"^Expected {SECRET_BYTES} bytes, got {len(random)}\.$"):
        create_secret(path, random)
    assert not path.exists()


def test_a_disk_without_room_leaves_no_half_secret(path: Path) -> None:
    """A process that may write 10 bytes a file; the next one finds nothing in its way."""
    program = f"""
import resource
from pathlib import Path
from labelsvc.errors import Unavailable
from labelsvc.storage.secret_file import create_secret
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    create_secret(Path({str(path)!r}), bytes(32))
except Unavailable as refusal:
    print(refusal.code, refusal.message)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"secret_unwritable Expected to write {path}, got: File too large.\n"
    assert list(path.parent.iterdir()) == []
    create_secret(path, SECRET)


def test_a_directory_that_cannot_be_made_is_said_so(path: Path) -> None:
    """A file is where the directory should be."""
    path.parent.write_text("")
    with pytest.raises(Unavailable) as refusal:
        create_secret(path, SECRET)
    assert refusal.value.code == "secret_unwritable"


def test_a_missing_one_names_the_command(path: Path) -> None:
    """Whoever starts the service for the first time reads what to do."""
    with pytest.raises(Unavailable) as refusal:
        read_secret(path)
    assert refusal.value.code == "secret_missing"
    assert refusal.value.message == f"Expected the master secret at {path}, got no file. Run: labelsvc secret init"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        SECRET.hex()[:-1].encode(),
        SECRET.hex()[:-2].encode(),
        SECRET.hex().encode() + b"00",
        b"x" * 64,
        b"\xff" * 64,
        SECRET,
        "ä".encode() * 32,
        SECRET.hex().encode() * 2,
    ],
)
def test_garbage_is_refused(path: Path, content: bytes) -> None:
    """A secret that was cut off or mangled would issue duplicates; the sentence never shows what is there."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(Unavailable) as refusal:
        read_secret(path)
    assert refusal.value.code == "secret_unreadable"
    assert SECRET.hex()[:8] not in refusal.value.message


@pytest.mark.parametrize("form", ["{}", "{}\n", "{}\r\n", " {} \n"])
def test_white_space_around_it_does_no_harm(path: Path, form: str) -> None:
    """Editors and clipboards add some."""
    path.parent.mkdir()
    path.write_text(form.format(SECRET.hex().upper()), newline="")
    assert read_secret(path) == SECRET


def test_a_directory_is_no_secret(path: Path) -> None:
    """A container's mount of a file that is not there makes one."""
    path.mkdir(parents=True)
    with pytest.raises(Unavailable, match="IsADirectoryError") as refusal:
        read_secret(path)
    assert refusal.value.code == "secret_unreadable"
