"""A printer's URI is one of few plain forms; what could mean anything to a shell, a path or a resolver is refused."""

from __future__ import annotations

import string
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labelsvc.domain.profiles import Profile
from labelsvc.errors import InvalidInput
from labelsvc.printers.confirming import ConfirmingTcp
from labelsvc.printers.dialing import Dial, Trust
from labelsvc.printers.file import FileTransport
from labelsvc.printers.ipp import IppTransport
from labelsvc.printers.os_queue import QueueTransport
from labelsvc.printers.tcp import TcpTransport
from labelsvc.printers.uris import transport_for
from labelsvc.printers.weblink.callers import Channel


def refused(uri: str, data_dir: Path) -> str:
    with pytest.raises(InvalidInput) as error:
        transport_for(uri, 8, data_dir)
    assert error.value.code == "printer_uri"
    return error.value.message


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("tcp://printer-3.example.com:9100", ("printer-3.example.com", 9100)),
        ("tcp://10.0.0.7", ("10.0.0.7", 9100)),
        ("tcp://10.0.0.7:6101/", ("10.0.0.7", 6101)),
        ("tcp://line3:1", ("line3", 1)),
        ("tcp://line3:65535", ("line3", 65535)),
        ("tcp://[2001:db8::7]:9100", ("2001:db8::7", 9100)),
        ("tcp://[::ffff:10.0.0.7]", ("::ffff:10.0.0.7", 9100)),
        (f"tcp://{'a' * 63}.b", (f"{'a' * 63}.b", 9100)),
    ],
)
def test_a_tcp_uri_names_a_host_and_perhaps_a_port(uri: str, address: tuple[str, int], tmp_path: Path) -> None:
    found = transport_for(uri, 8, tmp_path)
    assert isinstance(found, TcpTransport)
    assert (found._dial.host, found._dial.port, found._dial.trust) == (*address, None)


PIN = "ab" * 32
ZPL, OCTETS = "application/vnd.zebra-zpl", "application/octet-stream"
CONFIRMING = Profile(echo="movement", counter="late", unique_id="U1")


@pytest.mark.parametrize(
    ("uri", "ports", "trust"),
    [
        (f"tls://line3?pin=sha256:{PIN}", (9143, 9243), Trust(pin=PIN)),
        (f"tls://line3:1143?config=1243&pin=sha256:{PIN.upper()}", (1143, 1243), Trust(pin=PIN)),
        ("tcp://line3?config=9201", (9100, 9201), None),
    ],
)
def test_options_say_the_json_port_and_by_what_a_printer_is_known(uri, ports, trust, tmp_path: Path) -> None:
    found = transport_for(uri, 8, tmp_path, CONFIRMING)
    assert isinstance(found, ConfirmingTcp)
    assert (found._dial, found._config) == (Dial("line3", ports[0], trust), Dial("line3", ports[1], trust))
    assert isinstance(transport_for(uri, 8, tmp_path), TcpTransport)  # nothing is granted to one never certified


@pytest.mark.parametrize("serial", ["D2J180000001", "XXRBJ12-34_5", "7"])
def test_a_printer_that_dials_in_has_its_serial_number_for_an_address(serial: str, tmp_path: Path) -> None:
    found = transport_for(f"weblink://{serial}", 8, tmp_path)
    assert isinstance(found, TcpTransport)
    assert found._dial == Channel(None, serial, "v1.raw.zebra.com")
    found = transport_for(f"weblink://{serial}", 8, tmp_path, CONFIRMING)
    assert isinstance(found, ConfirmingTcp)
    assert found._config == Channel(None, serial, "v1.config.zebra.com")


@pytest.mark.parametrize("rest", ["", "/", "-1", "A/B", "A:1", "A?pin=1", "THIRTEEN-LONG", "A B", "\u0660", "A\n"])
def test_a_serial_number_is_what_a_printer_can_tell(rest: str, tmp_path: Path) -> None:
    refused(f"weblink://{rest}", tmp_path)


def test_authorities_are_files_among_the_certificates(tmp_path: Path) -> None:
    found = transport_for("tls://line3?ca=plant.pem", 8, tmp_path)
    assert isinstance(found, TcpTransport)
    assert found._dial.trust == Trust(ca=tmp_path / "certificates" / "plant.pem")


@pytest.mark.parametrize(
    "options", ["", "?pin=sha256:ab", "?pin=md5:" + PIN, "?ca=.hidden", "?ca=..", f"?ca=a&pin=sha256:{PIN}", "?ca=-"]
)
def test_tls_without_one_way_to_know_the_printer_is_refused(options: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as error:
        transport_for(f"tls://line3{options}", 8, tmp_path)
    assert error.value.message.startswith("Expected pin=sha256:HEX or ca=FILE, got ")


@pytest.mark.parametrize(
    ("uri", "dial", "path", "media_type"),
    [
        ("ipp://line3", Dial("line3", 631), "/ipp/print", "application/vnd.zebra-zpl"),
        ("ipp://line3/", Dial("line3", 631), "/ipp/print", "application/vnd.zebra-zpl"),
        ("ipp://[2001:db8::7]:8631/printers/Line_3", Dial("2001:db8::7", 8631), "/printers/Line_3", ZPL),
        ("ipp://10.0.0.7/?format=application/octet-stream", Dial("10.0.0.7", 631), "/ipp/print", OCTETS),
        (f"ipps://line3/ipp?pin=sha256:{PIN}", Dial("line3", 631, Trust(pin=PIN)), "/ipp", ZPL),
        (f"ipps://line3?format={OCTETS}&pin=sha256:{PIN}", Dial("line3", 631, Trust(pin=PIN)), "/ipp/print", OCTETS),
    ],
)
def test_an_ipp_uri_names_a_host_a_queue_and_what_it_takes(uri, dial, path, media_type, tmp_path: Path) -> None:
    found = transport_for(uri, 8, tmp_path, CONFIRMING)  # whatever was certified, a job is all that it tells of
    assert isinstance(found, IppTransport)
    assert (found._dial, found._client._path, found._media_type) == (dial, path, media_type)


def test_an_ipp_uri_may_say_which_printer_is_meant(tmp_path: Path) -> None:
    uuid = "DD94793C-40c3-3816-4ef2-dddc3b1510f7"
    found = transport_for(f"ipps://line3?format={ZPL}&uuid={uuid}&pin=sha256:{PIN}", 8, tmp_path)
    assert isinstance(found, IppTransport)
    assert (found._uuid, found._dial.trust) == (uuid.lower(), Trust(pin=PIN))


def test_an_ipps_uri_needs_one_way_to_know_the_printer(tmp_path: Path) -> None:
    found = transport_for("ipps://line3?ca=plant.pem", 8, tmp_path)
    assert isinstance(found, IppTransport)
    assert found._dial.trust == Trust(ca=tmp_path / "certificates" / "plant.pem")
    with pytest.raises(InvalidInput) as error:
        transport_for("ipps://line3", 8, tmp_path)
    assert error.value.code == "printer_trust"


@pytest.mark.parametrize("name", ["line3", "Line_3", "3", "zebra.office-2", "a" * 127])
def test_a_queue_uri_names_a_queue(name: str, tmp_path: Path) -> None:
    found = transport_for(f"queue:///{name}", 8, tmp_path)
    assert isinstance(found, QueueTransport)
    assert found._queue.queue == name


@pytest.mark.parametrize(
    ("uri", "below"),
    [("file:///line1.zpl", "line1.zpl"), ("file:///a/b/c.zpl", "a/b/c.zpl"), ("file:///secret", "secret")],
)
def test_a_file_lies_in_a_folder_of_its_own_below_the_data_directory(uri: str, below: str, tmp_path: Path) -> None:
    found = transport_for(uri, 8, tmp_path)
    assert isinstance(found, FileTransport)
    assert found._path == tmp_path / "printed" / below
    assert list(tmp_path.iterdir()) == []  # nothing is made before there is something to print


def test_the_master_secret_cannot_be_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"!" * 32)
    printer = transport_for("file:///secret", 8, tmp_path)
    printer.open(at_rest=False)
    printer.send([b"^XA^XZ\n"])
    printer.close()
    assert (tmp_path / "secret").read_bytes() == b"!" * 32
    assert (tmp_path / "printed" / "secret").read_bytes() == b"^XA^XZ\n"


BAD = [
    "",
    "line3",
    "tcp",
    "tcp:",
    "tcp://",
    "tcp:///",
    "tcp:10.0.0.7",
    "tcp:/10.0.0.7",
    "http://10.0.0.7:9100",
    "ftp://10.0.0.7",
    "javascript:alert(1)",
    "TCP://10.0.0.7",
    # ports
    "tcp://line3:0",
    "tcp://line3:00",
    "tcp://line3:65536",
    "tcp://line3:70000",
    "tcp://line3:-1",
    "tcp://line3:+1",
    "tcp://line3:",
    "tcp://line3:91 00",
    "tcp://line3:9100:9100",
    "tcp://line3:0x50",
    "tcp://line3:٩١٠٠",
    "tcp://line3:9999999999999999999999",
    # who, where and what else
    "tcp://user@line3",
    "tcp://user:password@line3:9100",
    "tcp://@line3",
    "tcp://line3/path",
    "tcp://line3//",
    "tcp://line3?query",
    "tcp://line3?",
    "tcp://line3?config=0",
    "tcp://line3?config=",
    "tcp://line3?config=9200&config=9200",
    "tcp://line3?ca=plant.pem",
    "tls://line3?ca=a/b",
    "tls://line3?ca=a&x=y",
    "tcp://line3#part",
    "tcp://line3#",
    # queues of other machines
    "ipp:",
    "ipp:///ipp/print",
    "ipp://line3//ipp",
    "ipp://line3/../ipp",
    "ipp://line3/ipp/.print",
    "ipp://line3/" + "/".join("abcdefghi"),
    "ipp://line3/" + "a" * 101,
    "ipp://line3/ipp?",
    "ipp://line3/ipp?x=y",
    "ipp://line3?ca=plant.pem",
    "ipp://line3?config=9200",
    "ipp://line3?format=",
    "ipp://line3?format=zpl",
    "ipp://line3?format=a/b&format=a/b",
    "ipp://line3?format=a/../b",
    "ipp://line3?uuid=1",
    "ipp://line3?uuid=00000000-0000-0000-0000-00000000000g",
    "tcp://line3?uuid=00000000-0000-0000-0000-000000000000",
    "ipp://line3/ipp#part",
    "ipp://line3:0/ipp",
    "ipp://user@line3/ipp",
    "ipp://line3/ipp\r\nX: y",
    "http://line3:631/ipp/print",
    # hosts
    "tcp://-h",
    "tcp://line3-",
    "tcp://line..3",
    "tcp://.line3",
    "tcp://line_3",
    "tcp://line3%00",
    "tcp://line%33",
    f"tcp://{'a' * 64}",
    f"tcp://{'a.' * 130}a",
    "tcp://[::1",
    "tcp://::1",
    "tcp://[::1]9100",
    "tcp://[:::::]",
    "tcp://[1.2.3.4]",
    "tcp://[fe80::1%25eth0]:9100",
    "tcp://[::g]",
    "tcp://prínter",
    "tcp://пример.example",
    "tcp://line3\u2024com",
    # what stands around
    " tcp://line3",
    "tcp://line3 ",
    "tcp://line3\n",
    "\ntcp://line3",
    "queue:///line3\n",
    "file:///line3\n",
    # queues
    "queue://line3",
    "queue:line3",
    "queue:/line3",
    "queue:////line3",
    "queue://host/line3",
    "queue:///",
    "queue:///-h",
    "queue:///-dother",
    "queue:///--help",
    "queue:///.hidden",
    "queue:///line3/instance",
    "queue:///../line3",
    "queue:///line3?raw",
    "queue:///line%203",
    "queue:///" + "a" * 128,
    # files
    "file://line3.zpl",
    "file:line3.zpl",
    "file:/line3.zpl",
    "file:////line3.zpl",
    "file://host/line3.zpl",
    "file://localhost/line3.zpl",
    "file:///",
    "file:///.",
    "file:///..",
    "file:///../secret",
    "file:///a/../../secret",
    "file:///a/../b",
    "file:///a/./b",
    "file:///a//b",
    "file:///a/",
    "file:///.ssh/authorized_keys",
    "file:///a/.b",
    "file:///%2e%2e/secret",
    "file:///a%2f..%2f..%2fsecret",
    "file:///C:/Windows",
    "file:///a\\..\\..\\secret",
    "file:///a?b",
    "file:///a#b",
    "file:///" + "a" * 101,
    "file:///" + "/".join("abcdefghi"),
]  # fmt: skip


#: What means something to a shell or a terminal, what ends a line, and what only looks like a letter.
STRANGE = [";", "|", "&", "$(id)", "`id`", ">", "<", "*", "'", '"', "\\", " ", "~", "!", "{a,b}", "%s"]
STRANGE += ["\t", "\n", "\r", "\0", "\x7f", "é", "\u202e", "💊"]


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("form", ["tcp://", "ipp://", "ipp://line3/", "queue:///", "file:///"])
def test_a_strange_character_is_refused_wherever_it_stands(form: str, strange: str, tmp_path: Path) -> None:
    for text in (strange, f"a{strange}b", f"a{strange}", f"{strange}b"):
        refused(form + text, tmp_path)
    refused(strange + form + "line3", tmp_path)


@pytest.mark.parametrize("uri", BAD)
def test_whatever_is_not_plainly_ours_is_refused(uri: str, tmp_path: Path) -> None:
    message = refused(uri, tmp_path)
    assert message.startswith(
        "Expected tcp://HOST:PORT, tls://HOST:PORT?pin=sha256:HEX, ipp://HOST:PORT/PATH, "
        "ipps://HOST:PORT/PATH?pin=sha256:HEX, weblink://SERIAL, queue:///NAME or file:///FILE, got "
    )
    assert message.isprintable()


def test_a_refusal_shows_no_more_than_the_beginning(tmp_path: Path) -> None:
    assert len(refused("tcp://" + "a" * 1_000_000, tmp_path)) < 400


@pytest.mark.parametrize("link", ["printed", "printed/out", "printed/line1.zpl"])
def test_a_link_out_of_the_folder_is_refused(link: str, tmp_path: Path) -> None:
    elsewhere, data_dir = tmp_path / "elsewhere", tmp_path / "data"
    elsewhere.mkdir()
    (elsewhere / "line1.zpl").touch()
    (data_dir / link).parent.mkdir(parents=True)
    (data_dir / link).symlink_to(elsewhere / "line1.zpl" if link.endswith(".zpl") else elsewhere)
    uri = "file:///out/line1.zpl" if link.endswith("out") else "file:///line1.zpl"
    assert refused(uri, data_dir) == "Expected a file below the data directory, got one outside."


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "printed").mkdir()
    (tmp_path / "printed" / "a").symlink_to("b")
    (tmp_path / "printed" / "b").symlink_to("a")
    refused("file:///a", tmp_path)


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "printed" / "real").mkdir(parents=True)
    (tmp_path / "printed" / "alias").symlink_to("real")
    found = transport_for("file:///alias/line1.zpl", 8, tmp_path)
    assert isinstance(found, FileTransport)
    assert found._path == tmp_path / "printed" / "real" / "line1.zpl"


URIS = st.text(max_size=60) | st.builds(
    str.__add__,
    st.sampled_from(["tcp://", "ipp://", "ipp://a/", "queue:///", "file:///", "tcp://[", "file:///a/"]),
    st.text(max_size=60) | st.text(string.printable, max_size=60),
)


@given(URIS)
@example("tcp://[v1.a]")
@example("tcp://[\u2100]")
def test_a_text_is_refused_or_is_wholly_made_of_plain_characters(
    tmp_path_factory: pytest.TempPathFactory, uri: str
) -> None:
    data_dir = tmp_path_factory.getbasetemp() / "nothing-here"
    try:
        found = transport_for(uri, 8, data_dir)
    except InvalidInput:
        return
    assert set(uri) <= set(string.ascii_letters + string.digits + ".:/_-[]?=&+")
    assert uri == quote(uri, safe=":/[]?=&+")
    if isinstance(found, FileTransport):
        assert found._path.is_relative_to(data_dir.resolve() / "printed")
        assert ".." not in found._path.parts
    if isinstance(found, TcpTransport | IppTransport):
        assert 1 <= found._dial.port <= 65_535
        found._dial.host.encode("idna")  # what a resolver does first
    if isinstance(found, QueueTransport):
        assert not found._queue.queue.startswith("-")
