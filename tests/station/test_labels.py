"""Labels on a station's disk: what is not what the server rendered is never printed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from labelsvc.station.labels import Spoilt, StoredLabels

LABELS = {4: b"^XA^FDone^FS^XZ\n", 5: b"^XA^FDtwo^FS^XZ\n", 6: b"^XA^FDthree^FS^XZ\n"}


def line(said: dict[str, object]) -> bytes:
    return json.dumps(said).encode() + b"\n"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def body() -> bytes:
    framed = b"".join(
        line(
            {
                "n": n,
                "serial": f"S{n}",
                "bytes": len(label),
                "sha256": hashlib.sha256(label).hexdigest(),
                "echo": f"E{n}",
            }
        )
        + label
        for n, label in LABELS.items()
    )
    whole = hashlib.sha256(b"".join(LABELS.values())).hexdigest()
    return framed + line({"labels": 3, "sha256": whole})


def stored(path: Path, data: bytes) -> StoredLabels:
    path.write_bytes(data)
    return StoredLabels(path, iter(LABELS), 1)


def test_labels_are_read_back_byte_for_byte_with_their_serials_and_echoes(tmp_path: Path) -> None:
    labels = stored(tmp_path / "labels", body())
    assert b"".join(labels.chunks(4, 6)) == b"".join(LABELS.values())
    assert [frame.serial for frame in labels.frames.values()] == ["S4", "S5", "S6"]
    assert (labels.echoed("E5"), labels.echoed("E9")) == (5, None)
    assert labels.digests() == [[4, 6, hashlib.sha256(b"".join(LABELS.values())).hexdigest()]]
    labels.close()


def test_every_byte_that_is_another_or_missing_is_noticed(tmp_path: Path) -> None:
    whole = body()
    for at in range(len(whole)):
        for data in (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole[:at]):
            try:
                labels = stored(tmp_path / "labels", data)
            except Spoilt:
                continue
            # What is left: a letter of a serial or of an echo, which no printer gets.
            assert b"".join(labels.chunks(4, 6)) == b"".join(LABELS.values()), at
            assert len(data) == len(whole)
            labels.close()
    with pytest.raises(Spoilt):
        stored(tmp_path / "labels", whole + b"x")


def test_what_was_handed_over_tells_the_last_label_that_was_touched_and_whether_it_can_come_out(tmp_path: Path) -> None:
    labels = stored(tmp_path / "labels", body())
    list(labels.chunks(4, 5))
    size = len(LABELS[4])
    assert labels.touched(0) == (None, False)
    assert labels.touched(1) == (4, False)
    assert labels.touched(size - 1) == (4, True)  # but for the line end
    assert labels.touched(size) == (4, True)
    assert labels.touched(size + 1) == (5, False)
    labels.close()
