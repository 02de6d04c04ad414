"""serve, worker: the processes that keep running until they are told to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

import click

from labelsvc import logs
from labelsvc.chores import Chores
from labelsvc.cli.dialling_in import dialled_in
from labelsvc.cli.opening import opened
from labelsvc.tracking.hits import KEEP_SECONDS, Keeper
from labelsvc.worker import Worker

log = logs.logger(__name__)


@click.command()
@click.option("--host", help="Address to listen on; LABELSVC_HOST if not given.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on; LABELSVC_PORT if not given.")
def serve(host: str | None, port: int | None) -> None:
    """Run the service in one process: web and worker. SIGTERM drains it."""
    # Flask and all that comes with it take longer to load than most commands take to run.
    from labelsvc.app import create_app  # noqa: PLC0415
    from labelsvc.cli.listening import Listener  # noqa: PLC0415
    from labelsvc.web.house import house_of  # noqa: PLC0415

    with opened() as shell:
        chosen = shell.settings
    app = create_app(chosen)
    house = house_of(app)
    with house.db, dialled_in(chosen) as callers:
        address = (host or chosen.host, port if port is not None else chosen.port)
        body_at_most = max(chosen.max_upload, chosen.max_capture) + chosen.max_body
        listener = Listener(app, address, chosen.threads, body_at_most, chosen.trusted_proxy)
        printing = Worker(house.db, house.issuer, chosen.data_dir, callers=callers)
        thread = threading.Thread(target=printing.run, name="worker")
        on_stop(printing.stop, house.feeds.close, house.polls.close, listener.stop)
        thread.start()
        keeper = Keeper(house.db, house.hits, chosen.guess_alarm, house.now)
        keeping = ("keeper", keeper.look, KEEP_SECONDS)
        chores = Chores(
            house.db,
            house.issuer,
            chosen.webhook_reach,
            keeping,
            site=chosen.site,
            prefixes=chosen.company_prefixes,
        )
        log.info("serve.started", urls=listener.urls)
        if sys.stderr.isatty():  # elsewhere every line is an event of the log
            click.echo(f"labelsvc listens on {' and '.join(listener.urls)}", err=True)
        try:
            with chores:
                listener.run()
        finally:
            printing.stop()
            thread.join()
            log.info("serve.stopped")


@click.command()
def worker() -> None:
    """Run a worker alone: it sends the print jobs of all printers, beside other workers if there are any."""
    with opened() as shell:
        logs.configure(shell.settings.log_format, shell.settings.log_level)
        with dialled_in(shell.settings) as callers:
            running = Worker(shell.db, shell.issuer, shell.settings.data_dir, callers=callers)
            on_stop(running.stop)
            chosen = shell.settings
            reach, prefixes = chosen.webhook_reach, chosen.company_prefixes
            with Chores(shell.db, shell.issuer, reach, site=chosen.site, prefixes=prefixes):
                running.run()


def on_stop(*stops: Callable[[], None]) -> None:
    """Call these on SIGTERM or SIGINT; a second SIGINT ends the process at once.

    They are called on a thread of their own: a signal may come while the main thread holds a lock that they need.
    """
    hear, tell = os.pipe()

    def wait() -> None:
        os.read(hear, 1)
        for stop in stops:
            stop()

    def handle(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(tell, b".")

    threading.Thread(target=wait, name="stop", daemon=True).start()
    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
