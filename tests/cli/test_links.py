from __future__ import annotations


def test_a_link_is_added_shown_and_taken_away(shell) -> None:
    code = shell.product()
    address = "https://example.com/oil"
    (line,) = shell.said("links", "add", code, "gs1:pip", address, "About it", "--language", "en", "--language", "cs")
    number, *rest = line.split("\t")
    assert rest == ["gs1:pip", address, "en,cs", "-", "About it"]
    assert shell.said("links", "list", code) == [line]
    assert shell.said("links", "remove", code, number) == []
    assert shell.said("links", "list", code) == []


def test_a_link_of_an_unknown_type_is_refused(shell) -> None:
    status, sentence = shell.refused("links", "add", shell.product(), "gs1:nosuchlt", "https://example.com", "X")
    assert (status, "link_type" in sentence) == (65, True)
