"""sscc: use a prefix, issue, look up."""

from __future__ import annotations

#: Of GS1's EPC Tag Data Standard: urn:epc:id:sscc:0614141.1234567890.
GS1_EXAMPLE = "106141412345678908"


def test_the_sscc_of_the_standard_is_issued_where_its_turn_is(shell) -> None:
    """Serial reference 234567890 of extension digit 1; the same key gives it again, and nothing is taken."""
    used = shell.said("sscc", "use", "0614141", "--extension-digit", 1, "--first", 234_567_890)
    assert used == ["0614141\t1\t234567890\t765432110\tcurrent"]
    order = ("sscc", "issue", 1, "--gtin", "09506000134352", "--count", 48, "--lot", "L-1", "--expiry", "2027-05-31")
    assert shell.said(*order, "--key", "order-1") == [GS1_EXAMPLE] == shell.said(*order, "--key", "order-1")
    assert shell.said("sscc", "list") == ["0614141\t1\t234567891\t765432109\tcurrent"]
    assert shell.said("sscc", "lookup", GS1_EXAMPLE) == [
        f"(00){GS1_EXAMPLE}: batch 1, label 1 of 1, held",
        "(02)09506000134352(37)48(10)L-1(17)2027-05-31",
    ]
    assert shell.said("product", "list") == shell.said("lot", "list") == []


def test_a_former_prefix_is_listed_as_such(shell) -> None:
    shell.said("sscc", "use", "0614141")
    shell.said("sscc", "use", "0952012")
    assert [line.split("\t")[::4] for line in shell.said("sscc", "list")] == [
        ["0614141", "former"],
        ["0952012", "current"],
    ]
    assert "Expected schemes that share no serial" in shell.refused("sscc", "use", "061414")[1]
