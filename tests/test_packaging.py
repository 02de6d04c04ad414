"""What is built is complete: the wheel, the source distribution, and the checkout find their data files."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = sorted(path.stem for path in (ROOT / "label_formats").glob("*.toml"))
#: Lists the shipped formats, draws a label with the shipped fonts, and says where all that came from.
PROGRAM = """
import labelsvc
from labelsvc.labels import checking, pdf
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import shipped
print(labelsvc.__file__)
print(*shipped())
fmt = shipped()["unit-100x50"]
serial = checking.example_serial(fmt)
layout = compile_layout(fmt, checking.example_values(fmt), tuple(serial), 8)
print(len(b"".join(pdf.write(layout, [serial], 1))) > 10_000)
"""

pytestmark = pytest.mark.slow


def build(source: Path, target: Path, kind: str) -> Path:
    """Build a wheel or an sdist as pip does, without its isolation; return the file."""
    target.mkdir()
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target), "-t", kind]
    subprocess.run(command, cwd=source, capture_output=True, text=True, check=True)
    (file,) = target.iterdir()
    return file


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the project as a fresh clone has them: what git does not keep is not there."""
    place = tmp_path_factory.mktemp("clone") / "labelsvc"
    kept = ["labelsvc", "label_formats", "templates", "docs", "bench", "tests"]
    ignore = shutil.ignore_patterns("__pycache__", "demo-output")
    for name in kept:
        if any(path.is_file() for path in (ROOT / name).rglob("*")):
            shutil.copytree(ROOT / name, place / name, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE", "Makefile", "wsgi.py", ".gitignore"):
        shutil.copy(ROOT / name, place / name)
    return place


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(clone, tmp_path_factory.mktemp("wheel") / "dist", "wheel")


@pytest.fixture(scope="module")
def sdist(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    file = build(clone, tmp_path_factory.mktemp("sdist") / "dist", "sdist")
    with tarfile.open(file) as archive:
        archive.extractall(file.parent, filter="data")
    return file.with_name(file.name.removesuffix(".tar.gz"))


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def run_from(place: Path, elsewhere: Path) -> list[str]:
    """Run the program with the package of one place, from another directory; return what it said."""
    program = f"import sys; sys.path.insert(0, {str(place)!r})\n{PROGRAM}"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_wheel_holds_the_whole_package_and_no_tests(wheel) -> None:
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "labelsvc").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package <= names(wheel)
    assert not [name for name in names(wheel) if name.startswith(("tests/", "bench/", "docs/"))]


@pytest.mark.parametrize("directory", ["label_formats", "templates"])
def test_the_wheel_holds_every_data_file(wheel, directory) -> None:
    wanted = {f"labelsvc/_data/{path.relative_to(ROOT)}" for path in (ROOT / directory).rglob("*") if path.is_file()}
    assert wanted <= names(wheel)


def test_the_wheel_holds_the_licences_of_what_is_in_it(wheel) -> None:
    licences = {name.partition(".dist-info/")[2] for name in names(wheel) if ".dist-info/licenses/" in name}
    assert licences == {"licenses/LICENSE", "licenses/labelsvc/labels/fonts/LICENSE"}
    assert "labelsvc/labels/fonts/LICENSE" in names(wheel)


def test_the_wheel_holds_wsgi_py(wheel) -> None:
    """`pip install labelsvc` and `gunicorn wsgi:app` is all that a web machine needs."""
    assert "wsgi.py" in names(wheel)


def test_an_installed_wheel_finds_its_data_and_has_its_command(wheel, tmp_path) -> None:
    target = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target, wheel]
    subprocess.run(command, check=True)
    assert run_from(target, tmp_path) == [str(target / "labelsvc" / "__init__.py"), " ".join(SHIPPED), "True"]
    script = (target / "bin" / "labelsvc").read_text()
    assert "from labelsvc.cli import main" in script


def test_the_source_distribution_finds_its_data(sdist, tmp_path) -> None:
    assert run_from(sdist, tmp_path) == [str(sdist / "labelsvc" / "__init__.py"), " ".join(SHIPPED), "True"]


def test_the_source_distribution_builds_the_same_wheel(wheel, sdist, tmp_path) -> None:
    again = build(sdist, tmp_path / "again", "wheel")
    assert again.read_bytes() == wheel.read_bytes()


def test_the_source_distribution_holds_what_developers_need(sdist) -> None:
    for name in ("tests/conftest.py", "bench/__main__.py", "docs/glossary.md", "Makefile", "wsgi.py", "LICENSE"):
        assert (sdist / name).is_file(), name


def test_a_fresh_clone_finds_its_data(clone, tmp_path) -> None:
    assert run_from(clone, tmp_path) == [str(clone / "labelsvc" / "__init__.py"), " ".join(SHIPPED), "True"]
