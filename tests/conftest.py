"""Shared fixtures. No test touches the network, a GPU or a file outside tmp_path."""

import gc
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.datasets.fakes import FAKES
from tests.training.tiny import Finished, train_tiny
from xray_core import processes

os.environ["XRAY_STANDBY"] = (
    "0"  # also in the processes that tests start; some ask for it themselves
)

# The rooms whose files take longest. Begun last, one of them would keep one process at work while
# the others have nothing left.
LONG = ("browser", "training", "recipes", "models", "jobs", "pages")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long rooms first; apart from that, files and their tests keep their order."""
    place = {room: number for number, room in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.parent.name, len(LONG)))


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of all later searches for garbage.

    With TensorFlow these are a million objects: Keras' `clear_session` took half a second.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_process_outlives_the_tests() -> Iterator[None]:
    """Wait for what was started detached; a process that does not end is an error."""
    yield
    for process in processes._started:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()  # what starts a real worker must end it: it waits for work by itself
            pytest.fail(f"a test left a process behind: {process.args!r}")


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


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A training that ended well, shared by all tests that only look at it."""
    return train_tiny(tmp_path_factory.mktemp("finished"))
