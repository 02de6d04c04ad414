"""The operator's certificate and the printers' passwords: what cannot be read is one sentence at the start."""

from __future__ import annotations

import base64
import shutil
import ssl
from pathlib import Path

import pytest

from labelsvc.errors import InvalidInput, Unavailable
from labelsvc.printers.weblink import listener
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printers.weblink.credentials import Renewal, basic, context_of, passwords_of
from tests.printers.weblink.exchange import until, write_certificate


@pytest.mark.parametrize("text", [None, "", "-----BEGIN CERTIFICATE-----\n", "nothing"])
def test_a_certificate_that_is_none_is_one_sentence(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(
        Unavailable, match=r"^Expected a certificate in .*cert\.pem and its key in .*, got: .*\.$"
    ) as error:
        context_of(file, file)
    assert error.value.code == "weblink_certificate"


def test_another_certificate_is_shown_once_both_its_files_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a new start, and never one with another's key."""
    monkeypatch.setattr(listener, "RENEW_SECONDS", 0.0)
    monkeypatch.setattr(listener, "_TICK_SECONDS", 0.01)
    old, new, used = tmp_path / "old", tmp_path / "new", tmp_path / "used"
    for folder in (old, new, used):
        folder.mkdir()
    for folder in (old, new):
        write_certificate(folder)
    files = used / "cert.pem", used / "key.pem"
    for file in files:
        shutil.copy(old / file.name, file)
    renewal, looks = Renewal(*files), [0]

    def look() -> ssl.SSLContext | None:
        looks[0] += 1
        return renewal.look()

    with listener.Listener(Callers(), ("127.0.0.1", 0), context_of(*files), None, look) as listening:

        def several_looks() -> None:
            enough = looks[0] + 5
            until(lambda: looks[0] >= enough)

        def is_shown(folder: Path) -> bool:
            return ssl.get_server_certificate(listening.address) == (folder / "cert.pem").read_text()

        assert is_shown(old)
        shutil.copy(new / "cert.pem", files[0])
        several_looks()
        assert is_shown(old)
        shutil.copy(new / "key.pem", files[1])
        until(lambda: is_shown(new))
        files[0].unlink()
        several_looks()
        assert is_shown(new)


def test_passwords_are_lines_by_serial_number(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text("# line 3\nD2J180000001:a:b\n\nXXRBJ1234:čtyři\n", encoding="utf-8")
    assert passwords_of(file) == {"D2J180000001": "a:b", "XXRBJ1234": "čtyři"}


@pytest.mark.parametrize("line", ["D2J180000001", "D2J180000001:", ":secret", "no serial:secret", "THIRTEEN-LONG:x"])
def test_a_line_that_is_no_password_is_named_by_its_number_and_never_shown(line: str, tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text(f"A:b\n{line}\n")
    with pytest.raises(InvalidInput, match="Expected SERIAL:PASSWORD in line 2 of") as error:
        passwords_of(file)
    assert "secret" not in error.value.message
    with pytest.raises(Unavailable, match="Expected passwords in"):
        passwords_of(tmp_path / "missing")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([f"Basic {base64.b64encode(b'Aladdin:open sesame').decode()}"], ("Aladdin", "open sesame")),  # RFC 7617, 2
        (["Basic dGVzdDoxMjPCow=="], ("test", "123£")),  # RFC 7617, 2.1
        ([], ("", "")),
        (["Basic %%"], ("", "")),
        (["Basic /w=="], ("", "")),
        (["Basic QQ"], ("", "")),
        (["Bearer QUFB"], ("", "")),
        (["Basic " + "QUFB" * 200], ("", "")),
        (["Basic QTpi", "Basic QTpi"], ("", "")),
    ],
)
def test_basic_authentication_is_read(values: list[str], found: tuple[str, str]) -> None:
    assert basic(values) == found
