"""Where units went, through all that they were inside, and what they are made of."""

from __future__ import annotations

from labelsvc.domain.recalls import line
from labelsvc.domain.sales import SaleRequest, When
from labelsvc.tracking import sales
from tests.tracking.happenings import HOME, SHOP, event, packed

CASE = "https://id.gs1.org/00/095201234567891235"
PALLET = "https://id.gs1.org/00/095201234567891242"
WHOLESALER = "https://id.gs1.org/417/9521141111116"


def test_a_unit_is_followed_through_case_and_pallet_to_its_buyers(books) -> None:
    """Only as long as it was inside; what breaks a rule counts, too."""
    batch, epcs = books.lot_of(4)
    to = {"destinations": (("possessing_party", WHOLESALER),)}
    books.capture(
        packed(1, CASE, *epcs[:3]),
        packed(2, PALLET, CASE),
        packed(3, CASE, epcs[2], action="DELETE"),
        event(4, "shipping", PALLET, **to),
        event(5, "receiving", PALLET, biz_location=SHOP, **to),
        packed(6, CASE, epcs[0], action="DELETE"),
        event(7, "shipping", PALLET, destinations=(("possessing_party", "urn:example:late"),)),
        event(8, "retail_selling", epcs[0]),
        event(9, "retail_selling", epcs[0], read_point=SHOP),
    )
    found = books.open(lots=(batch.lot_id,))
    rows = [
        (row["unit"], row["relation"], row["party"], row["through"], row["finding"]) for row in books.trace(found.id)
    ]
    assert rows == [
        (epcs[0], "shipped", WHOLESALER, PALLET, ""),
        (epcs[0], "received", WHOLESALER, PALLET, ""),
        (epcs[0], "sold", "", "", ""),
        (epcs[0], "sold", "", "", "already_inactive"),
        (epcs[1], "shipped", WHOLESALER, PALLET, ""),
        (epcs[1], "received", WHOLESALER, PALLET, ""),
        (epcs[1], "shipped", "urn:example:late", PALLET, ""),
    ]
    expected = {WHOLESALER: (2, "to_tell"), SHOP: (1, "to_tell"), "urn:example:late": (1, "to_tell")}
    assert books.notices(found.id) == expected


def test_a_sale_names_its_customer_and_no_cell_is_a_formula(books) -> None:
    batch, epcs = books.lot_of(2)
    customer = books.customer()
    when = When(None, None, None)
    request = SaleRequest((epcs[0],), customer=customer, when=when, invoice="=1+1")
    sales.sell(books.plant.db, books.plant.issuer, books.plant.call(at=books.clock()), request)
    found = books.open(lots=(batch.lot_id,))
    (row,) = books.trace(found.id)
    assert (row["unit"], row["customer"], row["relation"]) == (epcs[0], customer, "sold")
    assert not row["invoice"].startswith("=")
    assert books.notices(found.id) == {customer: (1, "to_tell")}


def test_cells_are_quoted_as_rfc_4180_says_and_never_begin_a_formula() -> None:
    assert line(["a", None, 'b"c', "d,e", "f\r\ng"]) == 'a,,"b""c","d,e","f\r\ng"\r\n'
    assert line(["=1", "+1", "-1", "@x", "\tx"]) == "'=1,'+1,'-1,'@x,'\tx\r\n"


def test_a_unit_is_followed_back_to_its_label_and_to_what_it_is_made_of(books) -> None:
    printer = books.plant.printer("p7").spec.name
    batch, bottles = books.lot_of(2, printer=printer, line="3")
    _, wine = books.lot_of(1)
    books.capture(
        event(-1, None, "https://id.gs1.org/01/09521321000018/21/G1", action="ADD", biz_location=HOME),
        event(1, None, type="TransformationEvent", action=None, inputs=(*wine,), outputs=(bottles[0],)),
        event(
            2,
            None,
            type="AssociationEvent",
            action="ADD",
            parent=bottles[0],
            children=("https://id.gs1.org/01/09521321000018/21/G1",),
        ),
    )
    found = books.open(lots=(batch.lot_id,))
    rows = books.trace(found.id, "backward")
    said = ("unit", "batch", "label", "line", "printer")
    numbered = {tuple(row[name] for name in said) for row in rows if row["relation"] == "numbered"}
    assert numbered == {(bottles[n], str(batch.id), str(n + 1), "3", "p7") for n in (0, 1)}
    assert {row["unit"] for row in rows if row["relation"] == "commissioned"} == set(bottles)
    parts = [(row["unit"], row["relation"], row["component"]) for row in rows if row["component"]]
    assert parts == [
        (bottles[0], "made_of", wine[0]),
        (bottles[0], "part", "https://id.gs1.org/01/09521321000018/21/G1"),
    ]
