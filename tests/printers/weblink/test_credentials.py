"""The operator's certificate and the printers' passwords: what cannot be read is one sentence at the start."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from labelsvc.errors import InvalidInput, Unavailable
from labelsvc.printers.weblink.credentials import basic, context_of, passwords_of


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
