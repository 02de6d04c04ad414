"""`labelsvc connection`: partners are added, seen and removed."""

from __future__ import annotations


def test_a_connection_is_added_seen_and_removed(shell) -> None:
    words = ("--party", "9521141111116", "--step", "shipping", "--product", "04012345678901", "--type", "ObjectEvent")
    (line,) = shell.said("connection", "add", *words, "--token", "their-key", "https://epcis.example.com/capture?key=k")
    number, secret = line.split("\t")
    assert secret.startswith("whsec_")
    (line,) = shell.said("connection", "list")
    assert line.split("\t") == [
        number,
        "https://id.gs1.org/417/9521141111116",
        "ObjectEvent shipping 04012345678901 named",
        "https://epcis.example.com/capture",
    ]
    shell.said("connection", "remove", number)
    assert shell.said("connection", "list") == []
    assert "connection_unknown" in shell.refused("connection", "remove", number)[1]


def test_a_connection_leads_nowhere_inside(shell) -> None:
    status, line = shell.refused("connection", "add", "--party", "9521141111116", "https://10.0.0.1/capture")
    assert status != 0
    assert "webhook_url" in line
