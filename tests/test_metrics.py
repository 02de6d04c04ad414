from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from labelsvc.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_answers_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics(dict)
    metrics.answered("/lots/{lot_id}", "GET", 200, 0.01)
    metrics.answered("/lots/{lot_id}", "GET", 200, 0.01)
    metrics.answered("/lots/{lot_id}", "GET", 404, 0.01)
    found = samples(metrics)
    labels = (("method", "GET"), ("route", "/lots/{lot_id}"))
    assert found["labelsvc_requests_total", (*labels, ("status", "200"))] == 2
    assert found["labelsvc_requests_total", (*labels, ("status", "404"))] == 1
    assert found["labelsvc_request_seconds_count", (("route", "/lots/{lot_id}"),)] == 3


def test_granted_numbers_add_up() -> None:
    metrics = Metrics(dict)
    metrics.granted(500)
    metrics.granted(1)
    assert samples(metrics)["labelsvc_labels_granted_total", ()] == 501


def test_open_findings_are_counted_at_every_scrape() -> None:
    counts = iter((3, 4))
    metrics = Metrics(dict, findings=lambda: next(counts))
    assert [samples(metrics)["labelsvc_findings_open", ()] for _ in range(2)] == [3, 4]


def test_jobs_are_counted_at_every_scrape() -> None:
    states = {"pending": 3}
    metrics = Metrics(lambda: states)
    assert samples(metrics)["labelsvc_print_jobs", (("state", "pending"),)] == 3
    states["pending"] = 4
    assert samples(metrics)["labelsvc_print_jobs", (("state", "pending"),)] == 4


def test_two_apps_in_one_process_do_not_mix() -> None:
    one, other = Metrics(dict), Metrics(dict)
    one.granted(5)
    assert samples(other)["labelsvc_labels_granted_total", ()] == 0


def test_questions_of_strangers_are_counted_and_guesses_at_every_scrape() -> None:
    metrics = Metrics(dict, lambda: (62, 1))
    metrics.hit("verified")
    metrics.hit("UNKNOWN_SERIAL")
    metrics.hit("UNKNOWN_SERIAL")
    found = samples(metrics)
    assert found["labelsvc_resolver_hits_total", (("outcome", "UNKNOWN_SERIAL"),)] == 2
    assert found["labelsvc_guesses", ()] == 62
    assert found["labelsvc_products_guessed", ()] == 1
