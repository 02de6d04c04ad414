"""serve, worker, virtual-printer: the processes that keep running until they are told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click
import waitress
import waitress.server

from labelsvc import logs
from labelsvc.app import create_app
from labelsvc.cli.opening import opened, settings
from labelsvc.printers import virtual
from labelsvc.web.house import house_of
from labelsvc.worker import Worker

log = logs.logger(__name__)

#: A request that is still being answered this long after SIGTERM is given up.
DRAIN_SECONDS = 10.0


@click.command()
@click.option("--host", help="Address to listen on; LABELSVC_HOST if not given.")
@click.option("--port", type=int, help="Port to listen on; LABELSVC_PORT if not given.")
def serve(host: str | None, port: int | None) -> None:
    """Run the service in one process: web and worker. SIGTERM drains it."""
    chosen = settings()
    app = create_app(chosen)
    house = house_of(app)
    worker = Worker(house.db, house.issuer, chosen.data_dir)
    server = waitress.create_server(
        app,
        host=host or chosen.host,
        port=port if port is not None else chosen.port,
        threads=chosen.threads,
        channel_timeout=120,
        clear_untrusted_proxy_headers=True,
        ident=None,
        # Our own guard answers a body that is too long; this is the belt to its braces.
        max_request_body_size=chosen.max_upload + chosen.max_body,
    )
    printing = threading.Thread(target=worker.run, name="worker")
    stopping = _on_stop(worker.stop)
    threading.Thread(target=_drain, args=(server, stopping), daemon=True, name="drain").start()
    printing.start()
    log.info("serve.started", host=server.effective_host, port=server.effective_port)
    click.echo(f"labelsvc listens on http://{server.effective_host}:{server.effective_port}", err=True)
    try:
        server.run()
    finally:
        worker.stop()
        printing.join()
        house.db.close()
        log.info("serve.stopped")


def _drain(server: waitress.server.BaseWSGIServer, stopping: threading.Event) -> None:
    """After the stop is asked for: take no more connections, let what is being answered end, then end the server."""
    stopping.wait()
    server.accepting = False
    server.pull_trigger()
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline and _busy(server):
        time.sleep(0.05)
    signal.raise_signal(signal.SIGINT)  # waitress ends its loop on KeyboardInterrupt


def _busy(server: waitress.server.BaseWSGIServer) -> bool:
    dispatcher = server.task_dispatcher
    channels = list(server.active_channels.values())
    return bool(dispatcher.queue or dispatcher.active_count or any(channel.total_outbufs_len for channel in channels))


@click.command()
def worker() -> None:
    """Run a worker alone: it sends the print jobs of all printers, beside other workers if there are any."""
    with opened() as shell:
        logs.configure(shell.settings.log_format, shell.settings.log_level)
        running = Worker(shell.db, shell.issuer, shell.settings.data_dir)
        _on_stop(running.stop)
        running.run()


def _on_stop(stop: Callable[[], None]) -> threading.Event:
    """Call `stop` on SIGTERM or SIGINT, once; a second SIGINT ends the process at once."""
    asked = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.set()
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return asked


@click.command("virtual-printer")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=9100, show_default=True, help="Port to listen on; 0 for any.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Directory for what it receives.")
@click.option("--dpmm", type=int, default=8, show_default=True, help="Dots per mm it says it has.")
def virtual_printer(host: str, port: int, output: Path | None, dpmm: int) -> None:
    """Run a thermal printer that exists in software only: it takes ZPL and answers ~HS and ~HI."""
    virtual.serve(host, port, output, dpmm=dpmm)
