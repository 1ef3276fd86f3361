"""Shared fixtures. No test touches the network, a GPU or a file outside tmp_path."""

import os
from pathlib import Path

import pytest

from tests.datasets.fakes import FAKES


@pytest.fixture
def kermany_folder(tmp_path: Path) -> Path:
    """A Kermany folder of six tiny images, as extracted from the archive."""
    FAKES["kermany"](tmp_path / "chest_xray")
    return tmp_path / "chest_xray"


@pytest.fixture
def siim_folder(tmp_path: Path) -> Path:
    """A SIIM-FISABIO-RSNA folder of five rows, four of them with an image."""
    FAKES["siim_covid19"](tmp_path / "siim")
    return tmp_path / "siim"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real samples, where the machine has it."""
    if not (folder := os.environ.get("XRAY_REAL_DATA")):
        pytest.skip("XRAY_REAL_DATA names no folder of real samples")
    return Path(folder)
