"""Label formats: each revision is kept for ever; the package only seeds them."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from labelsvc.errors import InvalidInput, NotFound
from labelsvc.issuing import label_formats
from labelsvc.labels.formats import shipped
from labelsvc.storage import label_formats as rows
from labelsvc.storage.label_formats import NewFormat


def add(plant: Any, toml: str, files: dict[str, bytes] | None = None) -> Any:
    return label_formats.add_format(plant.db, plant.call(), toml, files or {})


@pytest.fixture
def toml(plant: Any) -> str:
    """The format `plain`, as another one."""
    return str(label_formats.get_format(plant.db, "plain").toml.replace('"plain"', '"mine"'))


def test_a_format_is_kept_as_it_was_given(plant: Any, toml: str) -> None:
    """To the letter, for its revision is named by its content."""
    made = add(plant, toml)
    assert (made.name, made.toml, made.shipped, made.created_at) == ("mine", toml, False, plant.call().at)
    assert label_formats.get_format(plant.db, "mine") == made
    commented = add(plant, toml + "# a word more\n")
    assert commented.revision != made.revision
    assert label_formats.get_format(plant.db, "mine") == commented
    with plant.db.read() as conn:
        assert rows.at_revision(conn, made.revision) == made


def test_the_same_content_again_changes_nothing(plant: Any, toml: str) -> None:
    """Not even the audit."""
    made = add(plant, toml)
    before = plant.tables()
    assert add(plant, toml) == made
    assert plant.tables() == before


def test_an_old_revision_added_again_is_in_use_again(plant: Any, toml: str) -> None:
    """There is still one row of it, and two entries say when it came and when it came back."""
    old = add(plant, toml)
    new = add(plant, toml + "\n")
    assert add(plant, toml) == old
    assert label_formats.get_format(plant.db, "mine") == old
    entries = plant.audit("label_format.add")[-3:]
    assert [(entry["before"], entry["after"]) for entry in entries] == [
        (None, {"revision": old.revision}),
        ({"revision": old.revision}, {"revision": new.revision}),
        ({"revision": new.revision}, {"revision": old.revision}),
    ]


def test_pictures_are_kept_with_their_revision(plant: Any, toml: str) -> None:
    """Byte for byte; another picture is another revision."""
    toml += '\n[[image]]\nfile = "logo.png"\nbox = [2, 12, 8, 8]\n'
    pictures = []
    for grey in (0, 255):
        written = BytesIO()
        Image.new("L", (8, 8), grey).save(written, "PNG")
        pictures.append(written.getvalue())
    made = [add(plant, toml, {"logo.png": picture}) for picture in pictures]
    assert made[0].revision != made[1].revision
    with plant.db.read() as conn:
        assert [rows.files_of(conn, one.revision) for one in made] == [{"logo.png": picture} for picture in pictures]


def test_a_format_that_breaks_a_rule_is_refused(plant: Any, subtests: pytest.Subtests) -> None:
    """With its field; nothing is stored."""
    cases = ["", "name =", 'name = "x"\nwidth = 1e9\n', "\x00", "colour = 'red'\n"]
    for broken in cases:
        with subtests.test(broken=broken):
            before = plant.tables()
            with pytest.raises(InvalidInput) as refusal:
                add(plant, broken)
            assert refusal.value.pointer == "/toml"
            assert refusal.value.code.startswith("format_")
            assert plant.tables() == before


def test_a_name_that_nobody_gave_is_not_found(plant: Any) -> None:
    """A very long one is not repeated whole."""
    with pytest.raises(NotFound) as refusal:
        label_formats.get_format(plant.db, "x" * 1_000)
    assert refusal.value.code == "label_format_unknown"
    assert len(refusal.value.message) < 150


def test_the_shipped_formats_are_in_the_books(plant: Any) -> None:
    """All of them, as they come with the package."""
    for name, fmt in shipped().items():
        stored = label_formats.get_format(plant.db, name)
        assert (stored.revision, stored.toml, stored.shipped) == (fmt.revision, fmt.toml, True)


def test_seeding_again_changes_nothing(plant: Any) -> None:
    """Every process does it when it starts."""
    before = plant.tables()
    label_formats.seed_formats(plant.db, plant.call().at + timedelta(days=1))
    assert plant.tables() == before


def test_a_format_that_a_user_changed_stays_the_users(plant: Any) -> None:
    """An upgrade does not take it back; the shipped one stays in the books beside it."""
    mine = add(plant, shipped()["unit-100x50"].toml + "# ours\n")
    label_formats.seed_formats(plant.db, plant.call().at)
    assert label_formats.get_format(plant.db, "unit-100x50") == mine
    with plant.db.read() as conn:
        assert rows.at_revision(conn, shipped()["unit-100x50"].revision).shipped


def test_a_format_of_an_older_package_is_followed_by_the_newer(plant: Any) -> None:
    """And the older revision stays for the batches that have it; the audit names both."""
    older = NewFormat("0" * 64, "unit-50x25", "an older package's", {})

    def go_back(conn: Any) -> None:
        rows.add(conn, older, plant.call().at, shipped=True)
        rows.use(conn, older.name, older.revision)

    plant.db.write(go_back)
    label_formats.seed_formats(plant.db, plant.call().at)
    newer = shipped()["unit-50x25"].revision
    assert label_formats.get_format(plant.db, "unit-50x25").revision == newer
    entry = plant.audit()[-1]
    assert (entry["action"], entry["subject"]) == ("label_format.seed", "label_format:unit-50x25")
    assert (entry["before"], entry["after"]) == ({"revision": "0" * 64}, {"revision": newer})
    with plant.db.read() as conn:
        assert rows.at_revision(conn, older.revision).toml == "an older package's"


def test_formats_are_listed_each_once(plant: Any, toml: str) -> None:
    """With the revision that is in use, page by page."""
    for more in ("", "\n", "\n\n"):
        add(plant, toml + more)
    names, after = [], 0
    while True:
        page = label_formats.list_formats(plant.db, after, 2)
        names += [found.name for found in page.items]
        if page.next is None:
            break
        after = page.next
    assert sorted(names) == sorted([*shipped(), "plain", "mine"])
