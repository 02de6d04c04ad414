from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from labelsvc.app import create_app
from labelsvc.settings import Settings
from labelsvc.storage.tables import installation
from labelsvc.web.house import house_of


def test_alive_and_ready(site) -> None:
    assert site.client(None).get("/healthz").json == {"status": "alive"}
    checks = {"database": "ok", "schema": "ok", "secret": "ok"}
    assert site.client(None).get("/readyz").json == {"status": "ready", "checks": checks}


def test_a_database_of_another_secret_makes_the_service_unready_and_says_which(
    tmp_path: Path, found_site: Callable[[Path], Settings]
) -> None:
    app = create_app(found_site(tmp_path))
    with house_of(app).db as db:
        db.write(lambda conn: conn.execute(installation.update().values(secret_fingerprint="0" * 64)))
        answer = app.test_client().get("/readyz")
        assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
        assert answer.json["failed"] == {"secret": "secret_mismatch"}
        assert "Retry-After" in answer.headers
        assert app.test_client().get("/healthz").status_code == 200


def test_a_database_that_went_away_makes_the_service_unready(
    tmp_path: Path, found_site: Callable[[Path], Settings]
) -> None:
    app = create_app(found_site(tmp_path))
    house_of(app).db.close()
    (tmp_path / "labelsvc.sqlite").rename(tmp_path / "elsewhere")
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert set(answer.json["failed"]) == {"database", "schema", "secret"}
    assert str(tmp_path) not in answer.get_data(as_text=True)


def test_metrics_are_prometheus_text_with_requests_labels_and_jobs(site) -> None:
    site.batch(3, printer=site.printer()["name"])
    answer = site.client("station").get("/metrics")
    assert answer.content_type.startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.get_data(as_text=True))}
    routes = {sample.labels.get("route") for sample in families["labelsvc_requests"].samples}
    assert "/api/v1/lots/{lot_id}/batches" in routes
    jobs = {sample.labels["state"]: sample.value for sample in families["labelsvc_print_jobs"].samples}
    assert jobs["pending"] >= 1


def test_unknown_paths_and_methods_do_not_make_new_series(site) -> None:
    for n in range(20):
        site.client().get(f"/nowhere/{n}")
        site.client().open("/api/v1/lots", method=f"M{n}")
    text = site.client().get("/metrics").get_data(as_text=True)
    assert "nowhere" not in text
    assert 'method="M' not in text


def test_a_scrape_may_ask_in_prometheus_own_words(site) -> None:
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"
    assert site.client().get("/metrics", headers={"Accept": accept}).status_code == 200


def test_alive_answers_while_others_wait_for_the_database(site) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold(conn) -> None:
        inside.set()
        leave.wait(10)

    holder = threading.Thread(target=lambda: site.db.write(hold))
    holder.start()
    assert inside.wait(10)
    try:
        assert site.client(None).get("/healthz").status_code == 200
        assert site.client().get("/api/v1/lots").status_code == 200
    finally:
        leave.set()
        holder.join()
