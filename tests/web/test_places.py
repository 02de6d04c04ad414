from __future__ import annotations

GLN = "9521141111116"


def test_a_party_and_its_location_are_added_found_and_edited(site) -> None:
    party = site.posted("/api/v1/parties", {"gln": GLN, "name": "Shop Ltd", "contact": "shop@example.com"})
    assert (party["uri"], party["name"]) == (f"https://id.gs1.org/417/{GLN}", "Shop Ltd")
    body = {"gln": GLN, "extension": "DOCK-1", "name": "Dock", "party": GLN, "latitude": 50, "longitude": 14.43}
    place = site.posted("/api/v1/locations", body)
    assert (place["uri"], place["party"]) == (f"https://id.gs1.org/414/{GLN}/254/DOCK-1", party["uri"])
    assert (place["latitude"], place["longitude"]) == (50, 14.43)
    warehouse = site.client("warehouse")
    assert warehouse.get(place["links"]["self"]).json == place
    assert warehouse.get("/api/v1/locations", query_string={"uri": place["uri"]}).json["items"] == [place]
    edited = site.client("qa").put(party["links"]["self"], json={"name": "Shop s.r.o."})
    assert (edited.status_code, edited.json["name"], edited.json["contact"]) == (200, "Shop s.r.o.", None)
    assert edited.json in warehouse.get("/api/v1/parties").json["items"]
    moved = site.client("qa").put(place["links"]["self"], json={"name": "Dock 2", "party": party["uri"]})
    assert (moved.json["name"], moved.json["latitude"]) == ("Dock 2", None)


def test_a_wrong_check_digit_says_the_right_one(site) -> None:
    for path in ("/api/v1/parties", "/api/v1/locations"):
        answer = site.client("qa").post(path, json={"gln": "9521141111113", "name": "Shop"})
        assert (answer.status_code, answer.json["code"]) == (422, "gln_check_digit")
        assert (answer.json["pointer"], answer.json["detail"]) == ("/gln", "Expected check digit 6, got 3.")


def test_half_a_position_is_none(site) -> None:
    answer = site.client("qa").post("/api/v1/locations", json={"code": "HALF", "name": "x", "latitude": 1})
    assert (answer.status_code, answer.json["pointer"]) == (422, "/longitude")
