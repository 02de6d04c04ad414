"""A file that stands for a printer: whole labels only, never through a link, and what a full disk took is told."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelsvc.printers.file import FileTransport
from labelsvc.printers.transport import NotReady, SendFailed

LABEL = b"^XA^FO20,20^A0N,30,30^FDA0001^FS^XZ\n"
CHUNK = LABEL * 100
ROOM = 64 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a disk of 64 KiB; for those who may not mount one, where no file may be larger than that."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)]
    if sys.platform == "linux" and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        yield place
        subprocess.run(["umount", str(place)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)  # Python ignores the signal that comes with it
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    yield place
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def opened(path: Path) -> FileTransport:
    transport = FileTransport(path)
    transport.open(at_rest=True)
    return transport


def test_labels_are_appended_and_the_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "lines" / "one.zpl"
    for _ in range(2):
        transport = opened(path)
        transport.send([CHUNK, LABEL])
        assert transport.close() is None
    assert path.read_bytes() == (CHUNK + LABEL) * 2
    assert path.stat().st_mode & 0o007 == 0  # serials are nobody else's


def test_what_was_sent_is_in_the_file_before_it_is_closed(tmp_path: Path) -> None:
    transport = opened(tmp_path / "one.zpl")
    transport.send([LABEL])
    assert (tmp_path / "one.zpl").read_bytes() == LABEL
    transport.abandon()
    transport.abandon()
    assert transport.close() is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"secret")
    (tmp_path / "one.zpl").symlink_to(elsewhere)
    with pytest.raises(NotReady) as refused:
        opened(tmp_path / "one.zpl")
    assert refused.value.reasons == ("other-error",)
    assert elsewhere.read_bytes() == b"secret"


def test_a_link_to_nothing_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "one.zpl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotReady):
        opened(tmp_path / "one.zpl")
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_that_nobody_reads_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "one.zpl")
    with pytest.raises(NotReady) as refused:
        opened(tmp_path / "one.zpl")
    assert refused.value.reasons == ("other-error",)


def test_a_pipe_that_somebody_reads_is_no_file_either(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "one.zpl")
    reader = os.open(tmp_path / "one.zpl", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(NotReady) as refused:
        opened(tmp_path / "one.zpl")
    os.close(reader)
    assert refused.value.message == "Expected a file to write, got something else of this name."


def test_a_folder_of_this_name_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(NotReady) as refused:
        opened(tmp_path)
    assert refused.value.message == "Expected a file to write, got is a directory."


def test_a_file_where_a_folder_should_be_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "lines").touch()
    with pytest.raises(NotReady):
        opened(tmp_path / "lines" / "one.zpl")


def test_on_a_full_disk_every_byte_written_counts_and_no_torn_label_stays(small_disk: Path) -> None:
    path = small_disk / "one.zpl"
    transport = opened(path)
    with pytest.raises(SendFailed) as failed:
        transport.send([CHUNK] * 100)
    transport.abandon()
    written = path.read_bytes()
    assert len(written) % len(CHUNK) == 0
    assert written == CHUNK * (len(written) // len(CHUNK))
    assert len(written) <= failed.value.handed_over <= ROOM
    assert failed.value.handed_over - len(written) < len(CHUNK)
    assert failed.value.again
    assert failed.value.message.startswith("Expected the file to take data, got ")


def test_a_disk_that_is_full_already_takes_nothing_and_leaves_what_there_was(small_disk: Path) -> None:
    path = small_disk / "one.zpl"
    before = LABEL + b"\n" * (ROOM - len(LABEL))
    path.write_bytes(before)
    transport = opened(path)
    with pytest.raises(SendFailed) as failed:
        transport.send([LABEL])
    transport.abandon()
    assert failed.value.handed_over == 0
    assert path.read_bytes() == before


def test_two_printers_that_write_one_file_do_not_tear_each_others_labels(tmp_path: Path) -> None:
    path = tmp_path / "one.zpl"

    def write(label: bytes) -> None:
        transport = opened(path)
        for _ in range(200):
            transport.send([label])
        transport.close()

    labels = [LABEL.replace(b"A0001", f"B{at:04}".encode()) for at in range(2)]
    threads = [threading.Thread(target=write, args=(label,)) for label in labels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_bytes().splitlines(keepends=True)) == sorted(labels * 200)
