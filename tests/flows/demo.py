"""The demo, and its own check: `make demo` runs it.

Makes an installation on SQLite, starts the service and two virtual printers as a user would, sets up two products, and
issues and prints 500 labels of each over HTTP. Then other people's renderers and decoder read the serials back from
the PDF and from what the printers received; the exit status is 0 only if they are those issued.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np
import pypdfium2  # type: ignore[import-untyped]  # it has no types
import zplkit
import zxingcpp
from PIL import Image
from zplkit.rendering import Limits

QUANTITY = 500
DOMAIN = "https://id.example.com"
_MARK = "made by make demo"  # only a directory that holds this file is ever cleared


@dataclass(frozen=True)
class Story:
    """One product on its way: what it is, and what its labels are printed on."""

    code: str
    product: dict[str, Any]
    lot: dict[str, Any]
    media: tuple[float, float]
    symbols: tuple[str, ...]  # AIM identifiers on each label, sorted


STORIES = (
    Story(
        "09506000134352",
        {
            "gtin": "9506000134352",
            "name": "Rapeseed oil, cold pressed, 500 ml",
            "scheme": "{rnd:10}",
            "label_format": "unit-100x50",
            "shelf_life_days": 365,
        },
        {"number": "L2026-118"},
        (100.0, 50.0),
        ("]Q1", "]d2"),
    ),
    Story(
        "VALVE-DN25",
        {
            "item": "VALVE-DN25",
            "name": "Ball valve DN25, brass",
            "scheme": "{prod:%y%j}{seq:6}",
            "label_format": "item-70x35",
        },
        {"number": "M-0417"},
        (70.0, 35.0),
        ("]C0",),
    ),
)


@dataclass
class Service:
    """The running service, spoken to over HTTP."""

    url: str
    key: str

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> Any:
        """Send one request and read its JSON."""
        return json.loads(self.read(method, path, body, key))

    def read(self, method: str, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> bytes:
        """Send one request and read its bytes."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", f"Bearer {self.key}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        if key is not None:
            request.add_header("Idempotency-Key", key)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())


class Bar:
    """A progress bar on standard error, drawn where someone looks."""

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total, self._shown = title, total, -1

    def __call__(self, done: int) -> None:
        percent = min(100, 100 * done // max(1, self._total))
        if percent == self._shown or not sys.stderr.isatty():
            return
        self._shown = percent
        line = f"\r{self._title:<38}[{'#' * (percent // 4):<25}] {percent:3d} %"
        print(line, end="\n" if percent == 100 else "", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Told:
    """How one product's story went: seconds that its steps took, and what could not be read back as it was issued."""

    story: Story
    issued: list[str]
    seconds: dict[str, float]
    wrong: list[str]

    def __str__(self) -> str:
        """Tell it in a few lines."""
        count, seconds = len(self.issued), self.seconds
        lines = [
            f"{self.story.code}  {self.story.product['name']}, lot {self.story.lot['number']}",
            f"  issued     {count} serials in {1000 * seconds['issue']:.0f} ms: {self.issued[0]} .. {self.issued[-1]}",
            f"  printed    {count} labels in {seconds['print']:.1f} s, by a virtual printer over TCP",
            f"  written    labels.pdf in {1000 * seconds['pdf']:.0f} ms, labels.zpl in {1000 * seconds['zpl']:.0f} ms",
            f"  read back  {count} labels of the PDF and {count} of the printer in {seconds['read']:.1f} s: "
            + (f"{len(self.wrong)} WRONG" if self.wrong else "all as issued"),
        ]
        return "\n".join([*lines, *(f"    {each}" for each in self.wrong[:5])])


def main(output: Path) -> int:
    """Run the demo into a directory; return 0 only if every serial was read back."""
    began = time.monotonic()
    fresh(output)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LABELSVC_")}
    environment |= {"LABELSVC_DATA_DIR": str(output / "data"), "LABELSVC_DIGITAL_LINK_DOMAIN": DOMAIN}
    environment |= {"LABELSVC_PORT": str(free_port()), "LABELSVC_LOG_FORMAT": "json"}
    print("Starting labelsvc on SQLite, and a virtual printer for each of two products")
    with ExitStack() as stack:
        service, uris = stack.enter_context(running(output, environment))
        told = [tell(story, service, uris[story.code], output / story.code) for story in STORIES]
    print("\n" + "\n\n".join(map(str, told)))
    print(f"\nAll in {time.monotonic() - began:.0f} s. Look into {output}/*/: labels.pdf, preview.png, received/, ...")
    return 1 if any(each.wrong for each in told) else 0


def fresh(output: Path) -> None:
    """Clear the directory of an earlier demo; anything else is left alone."""
    if output.exists():
        if not (output / ".labelsvc-demo").exists():
            sys.exit(f"Expected {output} to be new or an earlier demo's, got something else. It is left as it is.")
        shutil.rmtree(output)
    output.mkdir(parents=True)
    (output / ".labelsvc-demo").write_text(_MARK + "\n")


@contextmanager
def running(output: Path, environment: dict[str, str]) -> Iterator[tuple[Service, dict[str, str]]]:
    """Make an installation, start `labelsvc serve` and the printers; stop them in the end. Gives the printers' URIs."""
    with ExitStack() as stack:
        start = [
            stack.enter_context(
                process("virtual-printer", "--port", "0", "--output", str(output / story.code / "received"))
            )
            for story in STORIES
        ]
        command("init", environment=environment)
        log = stack.enter_context((output / "serve.log").open("wb"))
        stack.enter_context(process("serve", environment=environment, stderr=log))
        key = command("key", "add", "--role", "admin", "demo", environment=environment).strip()
        url = f"http://127.0.0.1:{environment['LABELSVC_PORT']}"
        wait_until(lambda: answers(url + "/readyz"), "the service to be ready", seconds=60)
        uris = {story.code: first_line(each) for story, each in zip(STORIES, start, strict=True)}
        yield Service(url, key), uris


def tell(story: Story, service: Service, uri: str, folder: Path) -> Told:
    """Print one product's labels and read them back."""
    batch, seconds = issue_and_print(story, service, uri)
    seconds |= download(service, batch, folder)
    began = time.monotonic()
    issued = [line.split(",")[0] for line in (folder / "serials.csv").read_text().splitlines()[1:]]
    wrong = [] if len(set(issued)) == QUANTITY else [f"serials.csv: Expected {QUANTITY} different serials, got others."]
    found = service.ask("GET", f"/api/v1/serials/{story.code}/{issued[-1]}")
    if found["lot"]["number"] != story.lot["number"] or found["label"] != QUANTITY:
        wrong.append(f"look-up: Expected label {QUANTITY} of lot {story.lot['number']}, got {found}.")
    received = b"".join(path.read_bytes() for path in sorted((folder / "received").glob("*.zpl")))
    for place, pictures in (
        ("labels.pdf", pdf_pictures(folder / "labels.pdf")),
        ("received/", zpl_pictures(received)),
    ):
        bar = Bar(f"Reading {story.code}/{place}", len(issued))
        wrong += differences(place, issued, read_back(pictures, story, bar))
    return Told(story, issued, seconds | {"read": time.monotonic() - began}, wrong)


def differences(place: str, issued: list[str], found: list[str]) -> list[str]:
    """Say of every label whether it carries the serial that was issued for it, and whether there are as many."""
    wrong = [
        f"{place} label {number}: Expected {wanted}, got {got}."
        for number, (wanted, got) in enumerate(zip(issued, found, strict=False), 1)
        if wanted != got
    ]
    if len(issued) != len(found):
        wrong.append(f"{place}: Expected {len(issued)} labels, got {len(found)}.")
    return wrong


def issue_and_print(story: Story, service: Service, uri: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Set up printer, product and lot, issue a batch, and wait until its job has ended."""
    name = f"printer-{story.code.lower()}"
    spec = {"name": name, "uri": uri, "language": "zpl", "dpmm": 8}
    width, height = story.media
    service.ask("POST", "/api/v1/printers", spec | {"media_width": width, "media_height": height})
    service.ask("POST", "/api/v1/products", story.product)
    today = datetime.now(UTC).date().isoformat()
    lot = service.ask("POST", "/api/v1/lots", {"product": story.code, "production_date": today} | story.lot)
    began = time.monotonic()
    request = {"quantity": QUANTITY, "printer": name, "line": "line 3"}
    batch = service.ask("POST", f"/api/v1/lots/{lot['id']}/batches", request, key=f"demo-{story.code}")
    issued = time.monotonic()
    bar = Bar(f"Printing {story.code}", QUANTITY)

    def ended() -> bool:
        job = service.ask("GET", f"/api/v1/jobs/{batch['job']}")
        bar(job["outcomes"].get("sent", 0))
        if job["state"] in ("processing-stopped", "canceled", "aborted"):
            sys.exit(f"Expected the job to complete, got {job['state']}: {job['message']}")
        return bool(job["state"] == "completed")

    wait_until(ended, "the labels to be printed", seconds=90)
    return batch, {"issue": issued - began, "print": time.monotonic() - issued}


def download(service: Service, batch: dict[str, Any], folder: Path) -> dict[str, float]:
    """Fetch the batch's files; return how long those of many labels took."""
    links, seconds = batch["links"], {}
    for name, path in (
        ("labels.pdf", links["labels_pdf"]),
        ("labels.zpl", links["labels_zpl"]),
        ("preview.png", links["first_label"]),
        ("serials.csv", links["serials"]),
    ):
        began = time.monotonic()
        (folder / name).write_bytes(service.read("GET", path))
        seconds[name.rpartition(".")[2]] = time.monotonic() - began
    return seconds


def pdf_pictures(path: Path) -> Iterator[Image.Image]:
    """Draw every page of a PDF."""
    document = pypdfium2.PdfDocument(path)
    for page in document:
        yield page.render(scale=8 * 25.4 / 72, grayscale=True).to_pil()  # 8 dots per mm, as a scanner would see it
    document.close()


def zpl_pictures(received: bytes) -> Iterator[Image.Image]:
    """Draw every label format a printer received, as a ZD621 does."""
    formats = re.findall(rb"\^XA.*?\^XZ", received, re.DOTALL)
    for start in range(0, len(formats), 20):
        part = formats[start : start + 20]
        # zplkit prints each format once and knows no quantity.
        text = b"".join(each.replace(b"^PQ1^XZ", b"^XZ") for each in part)
        drawn = zplkit.render(text, zplkit.Options(profile="zd621", dpi=203), limits=Limits(labels=len(part)))
        for scene in drawn.labels:
            raster = scene.rasterize()
            yield Image.fromarray(np.frombuffer(raster.pixels, np.uint8).reshape(raster.height, raster.width))


#: What our labels carry. The reader is told so, and that they stand upright: it looks for nothing else, and is fast.
_KINDS = [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128]


def read_back(pictures: Iterable[Image.Image], story: Story, bar: Bar) -> list[str]:
    """Decode every symbol on every label; return the serial of each label whose symbols are all there and agree."""
    serials = []
    for number, picture in enumerate(pictures, 1):
        scans = zxingcpp.read_barcodes(
            picture,
            formats=_KINDS,
            try_rotate=False,
            try_invert=False,
            try_downscale=False,
            text_mode=zxingcpp.TextMode.Plain,
        )
        found = {serial_in(scan.symbology_identifier, bytes(scan.bytes), story) for scan in scans}
        identifiers = tuple(sorted(scan.symbology_identifier for scan in scans))
        serials.append(found.pop() if len(found) == 1 and identifiers == story.symbols else f"no label of {story.code}")
        bar(number)
    return serials


def serial_in(identifier: str, data: bytes, story: Story) -> str:
    """Read the serial out of a payload, by GS1's rules and not by ours."""
    text = data.decode("ascii", "backslashreplace")
    patterns = {
        "]d2": rf"01{story.code}.*21([^\x1d]+)\Z",
        "]Q1": rf"{re.escape(DOMAIN)}/01/{story.code}/10/[^/]+/21/([^/?]+)(\?.*)?\Z",
        "]C0": rf"{re.escape(story.code)}/(.+)\Z",
    }
    found = re.fullmatch(patterns[identifier], text, re.DOTALL) if identifier in patterns else None
    return found.group(1) if found else f"{identifier} {text}"


def command(*arguments: str, environment: dict[str, str]) -> str:
    """Run one labelsvc command and return what it printed."""
    done = subprocess.run([labelsvc(), *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"labelsvc {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def process(*arguments: str, environment: dict[str, str] | None = None, stderr: Any = None) -> Iterator[Popen[str]]:
    """Keep one labelsvc process running; end it as a service manager would."""
    running = Popen([labelsvc(), *arguments], env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            running.kill()


def first_line(running: Popen[str]) -> str:
    """Wait for the first line that a process prints."""
    assert running.stdout is not None
    return running.stdout.readline().strip() or sys.exit("Expected a virtual printer to start, got its end.")


def labelsvc() -> str:
    """Return the command beside the Python that runs this."""
    return str(Path(sys.executable).with_name("labelsvc"))


def wait_until(is_so: Any, what: str, seconds: float = 20.0) -> None:
    """Look again and again, for a while."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            sys.exit(f"Expected {what} within {seconds:g} s, got nothing.")
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a URL answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo-output")))
