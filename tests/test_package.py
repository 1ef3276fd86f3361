"""The package that `pip install .` makes: built from a copy, offline, and looked into."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel, made from a copy of the project: a build writes beside its sources."""
    folder = tmp_path_factory.mktemp("package")
    clone = folder / "clone"
    without = shutil.ignore_patterns("__pycache__")
    for name in ("xray_core", "pages"):
        shutil.copytree(PROJECT / name, clone / name, ignore=without)
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE", "start.py"):
        shutil.copy(PROJECT / name, clone)
    subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=clone, check=True, capture_output=True
    )
    [built] = folder.glob("*.whl")
    zipfile.ZipFile(built).extractall(folder / "wheel")
    return folder / "wheel"


def read_metadata(wheel: Path, name: str) -> str:
    [path] = wheel.glob(f"*.dist-info/{name}")
    return path.read_text(encoding="utf-8")


def test_every_file_of_the_library_is_in_it_and_nothing_of_the_app(wheel: Path) -> None:
    library = {
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "xray_core").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    packed = {path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()}

    assert {name for name in packed if ".dist-info/" not in name} == library
    assert "xray_core/py.typed" in packed


def test_it_requires_what_requirements_txt_pins(wheel: Path) -> None:
    metadata = message_from_string(read_metadata(wheel, "METADATA"))
    pins = re.findall(r"^[\w.-]+==\S+", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)

    assert metadata.get_all("Requires-Dist") == pins
    assert len(pins) > 20
    assert metadata["Requires-Python"] == "<3.14,>=3.11"
    assert metadata["License-Expression"] == "MIT"


def test_the_command_xray_is_the_command_line(wheel: Path, tmp_path: Path) -> None:
    entry = re.search(r"^xray = ([\w.]+):(\w+)$", read_metadata(wheel, "entry_points.txt"), re.M)
    assert entry, "no command"
    # What pip writes as the program `xray`; run from elsewhere, with the installed files alone.
    program = tmp_path / "xray"
    program.write_text(f"import sys\nfrom {entry[1]} import {entry[2]}\nsys.exit({entry[2]}())\n")

    def run(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, program, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(wheel), "XRAY_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert run("--help").startswith("usage: xray ")
    assert '"pneumonia_cnn"' in run("recipes", "--json")
