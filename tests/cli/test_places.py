from __future__ import annotations


def test_parties_and_locations_are_named_and_listed(shell) -> None:
    (party,) = shell.said("party", "add", "Maker", "--gln", "9521321000001", "--contact", "desk 4")
    assert party.split("\t")[1:] == ["https://id.gs1.org/417/9521321000001", "Maker", "desk 4"]
    assert shell.said("party", "list") == [party]
    (place,) = shell.said(
        "location", "add", "Hall", "--code", "HALL-1", "--party", "9521321000001", "--position", "50.5", "14"
    )
    assert place.split("\t")[1:] == [
        "https://id.example.com/locations/HALL-1",
        "Hall",
        "https://id.gs1.org/417/9521321000001",
        "50.5,14",
    ]
    assert shell.said("location", "list") == [place]


def test_a_wrong_check_digit_is_said(shell) -> None:
    status, sentence = shell.refused("party", "add", "Maker", "--gln", "9521321000003")
    assert (status, "Expected check digit 1, got 3." in sentence) == (65, True)
