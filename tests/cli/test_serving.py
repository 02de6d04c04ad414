"""serve, worker, virtual-printer and wsgi:app as processes, which is how they run."""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import labelsvc
from labelsvc.printers.virtual import VirtualPrinter

ROOT = Path(labelsvc.__file__).parent.parent
NEXT_MIGRATION = '''
"""What a later version adds."""
revision = "9999"
down_revision = "{current}"
branch_labels = depends_on = None


def upgrade() -> None:
    pass
'''


def test_a_batch_issued_over_http_comes_out_of_the_printer_beside_a_shell_on_the_same_database(shell, serving) -> None:
    """One process serves and prints, another one (a shell command) issues at the same time."""
    lot = shell.lot()
    service = serving(shell)
    with urllib.request.urlopen(service.url + "/readyz") as answer:
        assert answer.status == 200
    with VirtualPrinter() as printer, ThreadPoolExecutor(1) as pool:
        name = service.printer("line-3", printer.uri)
        beside = pool.submit(lambda: [shell.said("issue", lot, 10) for _ in range(5)])
        batches = [service.issue(lot, 10, f"key-{n}") for n in range(5)]
        batches.append(service.issue(lot, 45, "printed", printer=name))
        by_hand = [serial for serials in beside.result() for serial in serials]
        job = service.wait_for_job(batches[-1]["job"], "completed")
        assert job["outcomes"] == {"sent": 45}
        assert printer.wait_for_labels(45, 30)
        printed = printer.labels
    over_http = [line.split(",")[0] for batch in batches for line in shell_csv(shell, batch["id"])]
    assert len(set(by_hand) | set(over_http)) == 50 + 95, "no number twice"
    for serial, label in zip(over_http[50:], printed, strict=True):
        assert serial.encode() in label
    assert service.end() == 0
    assert {"serve.started", "serve.stopped"} <= {event["event"] for event in service.events()}


def shell_csv(shell, batch: int) -> list[str]:
    file = shell.data_dir / "serials.csv"
    shell.said("render", batch, file)
    return file.read_text().splitlines()[1:]


@pytest.mark.slow
def test_sigterm_lets_a_download_finish_and_gives_a_job_back(shell, serving) -> None:
    """What was asked for before the end is answered whole; the next service prints the rest of the job."""
    lot = shell.lot()
    service = serving(shell)
    quantity = 6_000
    with VirtualPrinter(window_bytes=2_048) as printer:
        printer.read_slowly(2_000, 0.01)
        job = service.issue(lot, quantity, "slow", printer=service.printer("line-3", printer.uri))["job"]
        batch = service.issue(lot, 10_000, "download")["id"]
        line = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=60)
        line.request("GET", f"/api/v1/batches/{batch}/labels.zpl", headers={"Authorization": f"Bearer {service.key}"})
        answer = line.getresponse()
        body = answer.read(100_000)
        while service.ask("GET", f"/api/v1/jobs/{job}")["outcomes"].get("sent", 0) == 0:
            pass
        service.stop()
        body += answer.read()
        assert body.count(b"^XZ") == 10_000
        assert service.end() == 0
        line, *_ = shell.said("jobs", "show", job)
        outcomes = dict(word.split("=") for word in line.split("\t")[5].split(" "))
        assert line.split("\t")[3:5] == ["pending", "job-queued"]
        assert set(outcomes) == {"planned", "sent"}, "nothing is in doubt"
        assert int(outcomes["sent"]) % 20 == 0, "it ended at a window's end"
        printer.read_fast()
        assert serving(shell).wait_for_job(job, "completed")["outcomes"] == {"sent": quantity}
        assert printer.wait_for_labels(quantity, 60)
        assert printer.printed == quantity, "each label once"


@pytest.mark.slow
def test_it_refuses_an_older_schema_and_says_the_command(shell, tmp_path) -> None:
    """A later version of labelsvc with one migration more, on the database of this one; and back again."""
    later = tmp_path / "later"
    shutil.copytree(ROOT / "labelsvc", later / "labelsvc", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "label_formats", later / "label_formats")
    versions = later / "labelsvc" / "storage" / "migrations" / "versions"
    current = max(path.name for path in versions.glob("[0-9]*.py"))[:4]
    (versions / "9999_later.py").write_text(NEXT_MIGRATION.format(current=current))
    newer = shell.with_settings()
    newer.settings["PYTHONPATH"] = str(later)
    for command in ("serve", "worker"):
        status, out, err = newer.process(command, cwd=later)
        assert (status, out) == (75, "")
        assert err == f"labelsvc: Expected schema 9999, got {current}. Run: labelsvc db upgrade (schema_old)\n"
    assert newer.process("db", "upgrade", cwd=later)[0] == 0
    status, sentence = shell.refused("serve")
    assert (status, "schema_new" in sentence) == (75, True)


def test_an_address_that_is_taken_is_one_sentence(shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        status, out, err = shell.process("serve", "--port", other.getsockname()[1])
    assert (status, out) == (75, "")
    assert err.splitlines()[-1].startswith("labelsvc: Expected to listen on 127.0.0.1:")
    assert "Traceback" not in err


def test_wsgi_app_is_the_service_with_the_settings_of_the_environment(shell) -> None:
    """`gunicorn wsgi:app` imports just this."""
    program = "from wsgi import app; print(app.test_client().get('/readyz').get_json()['status'])"
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, env=shell.environment(), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "ready\n"
    typo = shell.with_settings(PROT="1").environment()
    done = subprocess.run(run, env=typo, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Expected a setting such as LABELSVC_PORT, got LABELSVC_PROT." in done.stderr


@pytest.mark.slow
def test_two_services_on_one_postgresql_never_issue_a_number_or_print_a_label_twice(
    shell, serving, blank_postgresql_url
) -> None:
    shell = shell.with_settings(DATABASE_URL=blank_postgresql_url)
    shell.said("init")
    lot = shell.lot()
    pair = [serving(shell), serving(shell)]
    with VirtualPrinter() as printer, ThreadPoolExecutor(8) as pool:
        name = pair[0].printer("line-3", printer.uri)
        asked = [pool.submit(pair[n % 2].issue, lot, 25, f"key-{n // 2}", printer=name) for n in range(16)]
        batches = {found["id"]: found for found in (each.result() for each in asked)}
        assert len(batches) == 16, "the two have different names, so each key is asked for twice"
        for batch in batches.values():
            pair[0].wait_for_job(batch["job"], "completed")
        assert printer.wait_for_labels(400, 60)
        printed = printer.labels
    serials = [line.split(",")[0] for batch in batches for line in shell_csv(shell, batch)]
    assert len(set(serials)) == 400
    assert len(printed) == len(set(printed)) == 400
    assert [service.end() for service in pair] == [0, 0]


def test_a_worker_alone_prints_until_it_is_told_to_stop(shell, ended) -> None:
    with VirtualPrinter() as printer:
        shell.said("printers", "add", "line-3", printer.uri, "--media", "100x50")
        shell.said("issue", shell.lot(), 45, "--printer", "line-3")
        with ended(shell.start("worker", stderr=subprocess.DEVNULL)) as worker:
            assert printer.wait_for_labels(45, 60)
            worker.send_signal(signal.SIGINT)
            assert worker.wait(60) == 0
    assert "\tcompleted\t" in shell.said("jobs", "show", 1)[0]


def test_the_virtual_printer_says_its_uri_and_keeps_what_it_receives(shell, ended, tmp_path) -> None:
    with ended(shell.start("virtual-printer", "--port", 0, "--output", tmp_path / "received")) as printer:
        uri = printer.stdout.readline().strip()
        host, port = uri.removeprefix("tcp://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(b"^XA^FO10,10^FDhello^FS^XZ")
            line.shutdown(socket.SHUT_WR)
            assert line.recv(1) == b""
        printer.send_signal(signal.SIGTERM)
        assert printer.wait(60) == 0
    assert (tmp_path / "received" / "job-0001.zpl").read_bytes() == b"^XA^FO10,10^FDhello^FS^XZ"
    assert len((tmp_path / "received" / "labels.csv").read_text().splitlines()) == 2


def test_a_virtual_printer_on_a_port_that_is_taken_is_one_sentence(shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        status, sentence = shell.refused("virtual-printer", "--port", other.getsockname()[1])
    assert (status, "virtual_printer_start" in sentence) == (75, True)


def test_the_help_names_every_command() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from labelsvc.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in ("init", "key", "db", "product", "lot", "issue", "render", "lookup", "jobs", "formats", "printers"):
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize("words", [(), ("--help",), ("--version",)])
def test_help_needs_no_settings(bare, words) -> None:
    bare.settings.clear()
    assert "labelsvc" in bare.run(*words).output
