"""GS1's rules together: one item of the published examples, from its number to its carriers."""

from __future__ import annotations

from datetime import date

from labelsvc.domain import gs1


def test_one_item_from_number_to_carriers() -> None:
    """The item of GS1's Digital Link example says the same in every carrier."""
    gtin = gs1.parse_gtin("9520123456788")
    pairs = [("01", gtin), ("17", gs1.format_yymmdd(date(2018, 4, 26))), ("10", "ABC1"), ("21", "12345")]
    gs1.check_item_carriers(pairs)
    assert gs1.element_string(pairs) == "0109520123456788" + "17180426" + "10ABC1" + gs1.FNC1 + "2112345"
    assert gs1.hri(pairs) == "(01)09520123456788(17)180426(10)ABC1(21)12345"
    link = gs1.digital_link("https://id.gs1.org", gtin, lot="ABC1", serial="12345", query=pairs[1:2])
    assert link == "https://id.gs1.org/01/09520123456788/10/ABC1/21/12345?17=180426"


def test_every_name_that_it_offers_is_there() -> None:
    """Importing from here is enough."""
    assert all(hasattr(gs1, name) for name in gs1.__all__)
    assert list(gs1.__all__) == sorted(gs1.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))
