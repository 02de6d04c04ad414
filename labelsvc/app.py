"""The web process put together: settings, database, secret and routes become one WSGI application."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from apiflask import APIFlask
from flask import Response

from labelsvc import __version__, logs
from labelsvc.access import Door
from labelsvc.data import data_dir
from labelsvc.domain.gs1 import check_digital_link_domain
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.reprints import ReprintRules
from labelsvc.issuing.label_formats import seed_formats
from labelsvc.metrics import Metrics
from labelsvc.settings import Settings
from labelsvc.storage import connections as connection_rows
from labelsvc.storage import finding_lists, installation, job_states, schema
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import read_secret
from labelsvc.tracking import hits
from labelsvc.tracking.hits import Hits
from labelsvc.web import (
    audit,
    auth,
    batches,
    cloning,
    complaints,
    connections,
    customers,
    events,
    findings,
    fleet,
    guard,
    inventory,
    jobs,
    label_formats,
    links,
    logistic_units,
    lots,
    openapi,
    operations,
    page_views,
    pages,
    paths,
    places,
    printers,
    problems,
    products,
    quality,
    recalls,
    reprints,
    request_log,
    resolver,
    sales,
    scans,
    serials,
    stations,
    unit_tests,
    vrs,
    webhooks,
)
from labelsvc.web.digital_links import Prefixed
from labelsvc.web.epcis import capture as epcis_capture
from labelsvc.web.epcis import events as epcis_events
from labelsvc.web.epcis import protocol as epcis
from labelsvc.web.epcis import queries as epcis_queries
from labelsvc.web.epcis import resources as epcis_resources
from labelsvc.web.epcis import subscriptions as epcis_subscriptions
from labelsvc.web.feeds import Feeds
from labelsvc.web.gate import Gate
from labelsvc.web.house import House, move_in
from labelsvc.web.polls import Polls
from labelsvc.web.streams import Lanes

_BLUEPRINTS = (
    products.bp,
    links.bp,
    lots.bp,
    batches.bp,
    logistic_units.bp,
    serials.bp,
    scans.bp,
    inventory.bp,
    cloning.bp,
    places.bp,
    findings.bp,
    printers.bp,
    jobs.bp,
    stations.bp,
    events.bp,
    fleet.bp,
    webhooks.bp,
    connections.bp,
    quality.bp,
    recalls.bp,
    reprints.bp,
    customers.bp,
    sales.bp,
    complaints.bp,
    unit_tests.bp,
    label_formats.bp,
    audit.bp,
    operations.bp,
    epcis_capture.bp,
    epcis_events.bp,
    epcis_resources.bp,
    epcis_queries.bp,
    epcis_subscriptions.bp,
    resolver.bp,
    vrs.bp,
    *pages.BLUEPRINTS,
)

#: An API that answers JSON and files needs nothing from a browser; a page has a policy of its own.
_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(settings: Settings | None = None) -> APIFlask:
    """Make the web application, ready to serve.

    Args:
        settings: by default those of the environment.

    Raises:
        InvalidInput: a setting is wrong.
        Unavailable: the database does not answer, has another schema or another secret.
    """
    settings = settings or Settings.from_environment(os.environ)
    logs.configure(settings.log_format, settings.log_level)
    app = APIFlask(
        "labelsvc",
        title="labelsvc",
        version=__version__,
        spec_path=None,  # web/openapi.py serves it
        docs_path=None,  # its pages load scripts from elsewhere
        template_folder=str(data_dir("templates")),
        static_folder=None,  # type: ignore[arg-type]  # as in Flask: no route for files
    )
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the provider that Flask comes with has it
    move_in(app, open_house(settings))
    paths.install(app)
    problems.install(app)
    # The order in which a request meets them: it gets a name, shows its key, and only then is read.
    request_log.install(app)
    auth.install(app)
    guard.install(app, settings)
    page_views.install(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    epcis.install(app, settings)
    openapi.install(app)
    prefix = urlsplit(settings.digital_link).path
    if prefix:
        app.wsgi_app = Prefixed(app.wsgi_app, prefix)  # type: ignore[method-assign]  # as Flask asks for middleware
    auth.check_views(app)

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app


def open_house(settings: Settings) -> House:
    """Open what the web process works with, and prove that it fits together.

    Raises:
        InvalidInput: the Digital Link domain breaks a rule.
        Unavailable: as `create_app`.
    """
    issuer = Issuer(read_secret(settings.secret_file), check_digital_link_domain(settings.digital_link))
    db = Database.open(settings.database_url, connections=settings.threads)

    def check_database() -> None:
        with db.read():
            pass

    def check_secret() -> None:
        with db.read() as conn:
            installation.check_secret(conn, issuer.secret)

    def count_jobs() -> Mapping[str, int]:
        with db.read() as conn:
            return job_states.counted(conn)

    def count_guesses() -> tuple[int, int]:
        return hits.guessed(db, settings.guess_alarm, _now())

    def count_findings() -> int:
        with db.read() as conn:
            return finding_lists.counted(conn)

    def count_deliveries() -> Mapping[str, int]:
        with db.read() as conn:
            return connection_rows.counted(conn)

    checks = {"database": check_database, "schema": lambda: schema.check(db), "secret": check_secret}
    try:
        for name in ("schema", "secret"):
            checks[name]()
        seed_formats(db, _now())
    except BaseException:
        db.close()
        raise
    return House(
        db,
        issuer,
        settings.data_dir,
        _now,
        Metrics(count_jobs, count_guesses, count_findings, count_deliveries),
        Lanes(settings.threads),
        checks,
        Feeds(settings.threads),
        Polls(settings.threads),
        settings.webhook_reach,
        Door(),
        ReprintRules.of(settings.reprint_reasons, *settings.shifts),
        Gate(settings.threads, settings.resolver_rate),
        Hits(),
        settings.responder_gln,
        settings.company_prefixes,
    )


def _now() -> datetime:
    return datetime.now(UTC)
