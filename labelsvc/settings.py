"""Settings of a process: frozen, read once from the environment (LABELSVC_*), checked before anything starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, time, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from labelsvc.errors import InvalidInput

PREFIX = "LABELSVC_"

LogFormat = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]
WebhookReach = Literal["public", "private", "loopback"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process must know before it starts.

    Attributes:
        digital_link: beginning of the Digital Links that labels carry, as `https://id.example.com`; it is printed for
            ever, so it has no default.
        data_dir: everything that is kept in files: the SQLite database, the secret, what `file:///` printers write.
        database_url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.
        secret_file: the master secret that all pool keys derive from.
        host, port, threads: where and with how many threads the web process listens.
        log_format: one JSON object a line, or for eyes; `auto` is `console` on a terminal, else `json`.
        max_body: bytes of a request's body.
        max_upload: bytes of an upload (a label format with its pictures).
        trusted_proxy: address of the proxy before this service; its X-Forwarded-For and -Proto are believed.
        max_capture: bytes of a document of EPCIS events.
        webhook_reach: where webhooks may lead: to the internet, also to private addresses, also to this machine.
        weblink_listen: host and port where the worker lets printers dial in; None: it does not.
        weblink_certificate, weblink_key: what they are answered with (PEM files).
        weblink_passwords: file of the passwords that they say; None: none are asked for.
        company_prefixes: GS1 company prefixes whose Digital Links can be written as EPC URNs.
        responder_gln: who answers, where a verification router service asks; None: it is not said.
        resolver_rate: answers of the resolver a minute, for one address.
        guess_alarm: serials that never were, asked for of one product in an hour, at which an alarm is raised.
        site: the location where units begin that are made here, canonical; None: their events name none.
        reprint_reasons: the site's own reasons for reprints, beside the ordinary ones.
        shifts: when shifts begin, by the clock of which zone.
    """

    digital_link: str
    data_dir: Path
    database_url: str
    secret_file: Path
    host: str = "127.0.0.1"
    port: int = 8080
    threads: int = 16
    log_format: LogFormat = "auto"
    log_level: LogLevel = "info"
    max_body: int = 1_000_000
    max_upload: int = 2_000_000
    max_capture: int = 20_000_000
    webhook_reach: WebhookReach = "public"
    trusted_proxy: str | None = None
    weblink_listen: tuple[str, int] | None = None
    weblink_certificate: Path | None = None
    weblink_key: Path | None = None
    weblink_passwords: Path | None = None
    responder_gln: str | None = None
    company_prefixes: tuple[str, ...] = ()
    resolver_rate: int = 120
    guess_alarm: int = 100
    site: str | None = None
    reprint_reasons: tuple[str, ...] = ()
    shifts: tuple[tuple[time, ...], tzinfo] = ((time(6), time(14), time(22)), UTC)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings out of an environment.

        Raises:
            InvalidInput: a LABELSVC_ name is unknown, a value breaks its rule, or a required one is missing.
        """
        given = {name[len(PREFIX) :]: value for name, value in environment.items() if name.startswith(PREFIX)}
        for name in given:
            _check_known(name)
        values = {field: _read(name, given[name]) for name, (field, _) in _READERS.items() if name in given}
        if "digital_link" not in values:
            raise InvalidInput(
                "setting_missing",
                f"Expected {PREFIX}DIGITAL_LINK_DOMAIN (the domain that labels will carry for ever, "
                "for instance id.example.com), got nothing.",
            )
        if "weblink_listen" in values and not {"weblink_certificate", "weblink_key"} <= set(values):
            message = (
                f"Expected {PREFIX}WEBLINK_CERTIFICATE and {PREFIX}WEBLINK_KEY beside WEBLINK_LISTEN, got nothing."
            )
            raise InvalidInput("setting_missing", message)
        values.setdefault("data_dir", Path("labelsvc-data").absolute())
        values.setdefault("database_url", f"sqlite:///{values['data_dir'] / 'labelsvc.sqlite'}")
        values.setdefault("secret_file", values["data_dir"] / "secret")
        return cls(**values)

    def __repr__(self) -> str:
        """Show every setting, a password never."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        shown["database_url"] = without_password(self.database_url)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def without_password(url: str) -> str:
    """Return a database URL that may be shown: the password and all parameters are left out."""
    shown, _, parameters = url.partition("?")
    # The last @ ends the user part, so that a password with an unescaped @ is hidden as a whole.
    shown = re.sub(r"(?<=://)([^:/@]*):.*@", r"\1:***@", shown)
    return f"{shown}?***" if parameters else shown


def _check_known(name: str) -> None:
    if name in _READERS:
        return
    near = get_close_matches(name, _READERS, n=1, cutoff=0.0)
    raise InvalidInput("setting_unknown", f"Expected a setting such as {PREFIX}{near[0]}, got {PREFIX}{name[:60]}.")


def _read(name: str, text: str) -> Any:
    _, read = _READERS[name]
    try:
        return read(text)
    except ValueError as error:
        raise InvalidInput("setting_value", f"{PREFIX}{name}: {error}") from None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise ValueError(f"Expected a whole number from {least} to {most}, got {_shown(text)}.")
        return int(text)

    return read


def _choice(options: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in options:
            raise ValueError(f"Expected one of {', '.join(options)}, got {_shown(text)}.")
        return text

    return read


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise ValueError(f"Expected a path, got {_shown(text)}.")
    return Path(text).expanduser().absolute()


def _database_url(text: str) -> str:
    # The value may hold a password, so it is not shown.
    if re.fullmatch(r"sqlite:///.+|postgresql(\+psycopg)?://.*/.+", text, re.DOTALL):
        return text
    raise ValueError("Expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME, got another form.")


def _host(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", text):
        raise ValueError(f"Expected a host name or an address, got {_shown(text)}.")
    return text


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65_535 or (":" in bare and bare == host):
        raise ValueError(f"Expected HOST:PORT, got {_shown(text)}.")
    return _host(bare), int(port)


def _digital_link(text: str) -> str:
    """Read `id.example.com` or `https://id.example.com/id` in one spelling; GS1's rules are for others to check."""
    found = re.fullmatch(r"(?:(https?)://)?([0-9A-Za-z.-]+(?::[0-9]{1,5})?)((?:/[^/?#\s]+)*)/?", text, re.ASCII)
    if found is None:
        raise ValueError(f"Expected a domain like id.example.com (https:// may stand before it), got {_shown(text)}.")
    scheme, host, path = found.groups()
    return f"{scheme or 'https'}://{host.lower()}{path}"


def _gln(text: str) -> str:
    # Domain rules lie above this module; this one is short.
    right = re.fullmatch(r"[0-9]{13}", text, re.ASCII)
    if right is None or sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(text)) % 10:
        raise ValueError(f"Expected a GLN of 13 digits with its check digit, got {_shown(text)}.")
    return text


def _site(text: str) -> str:
    """Read a GLN, or the URI of a location as events name it."""
    if re.fullmatch(r"[0-9]+", text, re.ASCII):
        return f"https://id.gs1.org/414/{_gln(text)}"
    if not re.fullmatch(r"https://[!-~]{1,190}", text):
        raise ValueError(f"Expected a GLN, or a URI that begins with https://, got {_shown(text)}.")
    return text


def _codes(text: str) -> tuple[str, ...]:
    found = tuple(code.strip() for code in text.split(","))
    wrong = next((code for code in found if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", code)), None)
    if wrong is not None or len(found) > _CODES_AT_MOST:
        got = f"{len(found)} of them" if wrong is None else _shown(wrong)
        raise ValueError(f"Expected at most {_CODES_AT_MOST} codes of a-z, 0-9 and -, with commas between, got {got}.")
    return found


def _company_prefixes(text: str) -> tuple[str, ...]:
    found = tuple(prefix.strip() for prefix in text.split(","))
    wrong = next((prefix for prefix in found if not re.fullmatch(r"[0-9]{6,12}", prefix)), None)
    if wrong is not None or len(found) > _CODES_AT_MOST:
        got = f"{len(found)} of them" if wrong is None else _shown(wrong)
        raise ValueError(f"Expected at most {_CODES_AT_MOST} prefixes of 6 to 12 digits, got {got}.")
    return found


def _shifts(text: str) -> tuple[tuple[time, ...], tzinfo]:
    """Read `06:00,14:00,22:00` (UTC) or `06:00,18:00 Europe/Prague`."""
    found = re.fullmatch(rf"({_TIME}(?:,{_TIME}){{0,23}})(?: +(\S+))?", text)
    if found is None:
        raise ValueError(f"Expected times like 06:00,14:00,22:00, perhaps a time zone behind, got {_shown(text)}.")
    starts = tuple(sorted({time.fromisoformat(start) for start in found[1].split(",")}))
    try:
        return starts, UTC if found[2] in (None, "UTC") else ZoneInfo(found[2])
    except (ValueError, OSError, KeyError):
        raise ValueError(f"Expected a time zone like Europe/Prague, got {_shown(found[2])}.") from None


_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
#: Reasons of a site's own at most.
_CODES_AT_MOST = 50

#: Name without the prefix -> the field it sets and how it is read.
_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "DIGITAL_LINK_DOMAIN": ("digital_link", _digital_link),
    "DATA_DIR": ("data_dir", _path),
    "DATABASE_URL": ("database_url", _database_url),
    "SECRET_FILE": ("secret_file", _path),
    "HOST": ("host", _host),
    "PORT": ("port", _whole(1, 65_535)),
    "THREADS": ("threads", _whole(1, 256)),
    "LOG_FORMAT": ("log_format", _choice(get_args(LogFormat))),
    "LOG_LEVEL": ("log_level", _choice(get_args(LogLevel))),
    "MAX_BODY": ("max_body", _whole(1_000, 100_000_000)),
    "MAX_UPLOAD": ("max_upload", _whole(1_000, 100_000_000)),
    "MAX_CAPTURE": ("max_capture", _whole(1_000, 100_000_000)),
    "TRUSTED_PROXY": ("trusted_proxy", _host),
    "WEBHOOK_REACH": ("webhook_reach", _choice(get_args(WebhookReach))),
    "WEBLINK_LISTEN": ("weblink_listen", _address),
    "WEBLINK_CERTIFICATE": ("weblink_certificate", _path),
    "WEBLINK_KEY": ("weblink_key", _path),
    "WEBLINK_PASSWORDS": ("weblink_passwords", _path),
    "RESPONDER_GLN": ("responder_gln", _gln),
    "COMPANY_PREFIXES": ("company_prefixes", _company_prefixes),
    "RESOLVER_RATE": ("resolver_rate", _whole(1, 1_000_000)),
    "GUESS_ALARM": ("guess_alarm", _whole(1, 1_000_000)),
    "SITE": ("site", _site),
    "REPRINT_REASONS": ("reprint_reasons", _codes),
    "SHIFTS": ("shifts", _shifts),
}

NAMES = tuple(PREFIX + name for name in _READERS)
