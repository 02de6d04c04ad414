from __future__ import annotations

import dataclasses
from datetime import UTC, time
from pathlib import Path

import pytest

from labelsvc.errors import InvalidInput
from labelsvc.settings import NAMES, Settings, without_password

DOMAIN = {"LABELSVC_DIGITAL_LINK_DOMAIN": "id.example.com"}


def read(**more: str) -> Settings:
    return Settings.from_environment({**DOMAIN, **{f"LABELSVC_{name}": value for name, value in more.items()}})


def test_with_the_domain_alone_everything_lies_in_one_visible_directory(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read()
    assert settings.data_dir == tmp_path / "labelsvc-data"
    assert settings.secret_file == tmp_path / "labelsvc-data" / "secret"
    assert settings.database_url == f"sqlite:///{tmp_path}/labelsvc-data/labelsvc.sqlite"


def test_database_and_secret_follow_the_data_directory(tmp_path: Path) -> None:
    settings = read(DATA_DIR=str(tmp_path))
    assert settings.database_url == f"sqlite:///{tmp_path}/labelsvc.sqlite"
    assert settings.secret_file == tmp_path / "secret"


def test_the_digital_link_domain_has_no_default() -> None:
    with pytest.raises(InvalidInput, match=r"Expected LABELSVC_DIGITAL_LINK_DOMAIN .*, got nothing"):
        Settings.from_environment({})


def test_the_site_is_a_location_by_its_gln_or_its_uri() -> None:
    assert read().site is None
    assert read(SITE="9521321000001").site == "https://id.gs1.org/414/9521321000001"
    assert read(SITE="https://id.example.com/locations/HALL-1").site == "https://id.example.com/locations/HALL-1"
    for text in ("9521321000003", "HALL-1", "https://a b"):
        with pytest.raises(InvalidInput, match=r"LABELSVC_SITE: Expected"):
            read(SITE=text)


@pytest.mark.parametrize(
    "text",
    ["id.example.com", "https://id.example.com", "https://ID.Example.com/", "ID.EXAMPLE.COM/"],
)
def test_spellings_of_one_domain_are_one_setting(text: str) -> None:
    assert read(DIGITAL_LINK_DOMAIN=text).digital_link == "https://id.example.com"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "id.example.com?x=1",
        "id.example.com#a",
        "ftp://id.example.com",
        "a@b",
        "idé.example.com",
        "a b",
        "a\nb",
    ],
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="LABELSVC_DIGITAL_LINK_DOMAIN: Expected a domain"):
        read(DIGITAL_LINK_DOMAIN=text)


def test_an_unknown_name_is_an_error_that_names_the_nearest_known_one() -> None:
    with pytest.raises(InvalidInput) as caught:
        read(DATABASE_ULR="sqlite:///x")
    assert caught.value.message == "Expected a setting such as LABELSVC_DATABASE_URL, got LABELSVC_DATABASE_ULR."


def test_names_without_our_prefix_are_not_ours() -> None:
    assert Settings.from_environment({**DOMAIN, "PORT": "99999999", "LABELSVCX_PORT": "a"}).port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80.0"),
        ("PORT", "eighty"),
        ("PORT", "٨٠"),
        ("THREADS", "0"),
        ("THREADS", "257"),
        ("MAX_BODY", "1"),
        ("MAX_UPLOAD", "1000000000000"),
        ("LOG_FORMAT", "xml"),
        ("REPRINT_REASONS", ""),
        ("REPRINT_REASONS", "Fork Lift"),
        ("REPRINT_REASONS", "wet,,dry"),
        ("REPRINT_REASONS", ",".join(f"r{n}" for n in range(51))),
        ("SHIFTS", ""),
        ("SHIFTS", "24:00"),
        ("SHIFTS", "6:00"),
        ("SHIFTS", "06:00,"),
        ("SHIFTS", "06:00 Europe/Atlantis"),
        ("SHIFTS", "06:00 ../../etc/passwd"),
        ("LOG_LEVEL", "INFO"),
        ("HOST", "a b"),
        ("DATA_DIR", ""),
    ],
)
def test_a_value_outside_its_bounds_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^LABELSVC_{name}: Expected .*, got "):
        read(**{name: value})


def test_a_wrong_database_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(InvalidInput) as caught:
        read(DATABASE_URL="mysql://me:hunter2@host/db")
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hunter2@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:hun@ter/2@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me@host/db?password=hunter2", "postgresql://me@host/db?***"),
        ("sqlite:////var/lib/a.sqlite", "sqlite:////var/lib/a.sqlite"),
    ],
)
def test_a_shown_database_url_has_no_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_the_settings_can_be_printed_without_giving_the_password_away() -> None:
    shown = repr(read(DATABASE_URL="postgresql://me:hunter2@host/db"))
    assert "hunter2" not in shown
    assert "port=8080" in shown


def test_settings_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read().port = 1  # type: ignore[misc]


def test_every_field_can_be_set_from_the_environment() -> None:
    assert len(NAMES) == len(dataclasses.fields(Settings))


WEBLINK = {"WEBLINK_CERTIFICATE": "/etc/cert.pem", "WEBLINK_KEY": "/etc/key.pem"}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8443", ("0.0.0.0", 8443)),
        ("[::]:8443", ("::", 8443)),
        ("l.example.com:1", ("l.example.com", 1)),
    ],
)
def test_printers_dial_in_where_it_is_said_and_with_a_certificate(text: str, address: tuple[str, int]) -> None:
    settings = read(WEBLINK_LISTEN=text, **WEBLINK)
    assert settings.weblink_listen == address
    assert (settings.weblink_certificate, settings.weblink_key) == (Path("/etc/cert.pem"), Path("/etc/key.pem"))
    assert read().weblink_listen is None
    with pytest.raises(InvalidInput, match="Expected LABELSVC_WEBLINK_CERTIFICATE and LABELSVC_WEBLINK_KEY beside"):
        read(WEBLINK_LISTEN=text)


@pytest.mark.parametrize("text", ["", "8443", "host", "host:", "host:0", "host:65536", ":1", "::1:80", "a b:1", "h:x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="LABELSVC_WEBLINK_LISTEN: Expected "):
        read(WEBLINK_LISTEN=text, **WEBLINK)


def test_shifts_begin_by_the_clock_of_their_zone() -> None:
    assert read(SHIFTS="22:00,06:00,14:00").shifts == ((time(6), time(14), time(22)), UTC)
    starts, zone = read(SHIFTS="06:00,18:00 Europe/Prague").shifts
    assert (starts, str(zone)) == ((time(6), time(18)), "Europe/Prague")


def test_a_site_has_reasons_of_its_own() -> None:
    assert read(REPRINT_REASONS="forklift, wet").reprint_reasons == ("forklift", "wet")
