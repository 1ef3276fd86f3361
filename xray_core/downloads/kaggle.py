"""Downloading a dataset from Kaggle, with kagglehub where that is installed.

kagglehub's cache is put into the workspace, as `data/.kaggle/`: a download that was killed
goes on there, and what is whole is moved into its place without being copied. Where kagglehub
has the files already, as in Kaggle's own notebooks, the dataset folder is a link to them.
"""

import importlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from xray_core.datasets import READERS, detect_dataset
from xray_core.datasets.reader import Reader
from xray_core.errors import DatasetError
from xray_core.filling import fill_alone
from xray_core.workspace import Workspace

INSTALL = "pip install -r requirements-kaggle.txt"
CACHE_VARIABLE = "KAGGLEHUB_CACHE"
TOKEN_PAGE = "https://www.kaggle.com/settings"


def is_installed() -> bool:
    """Whether kagglehub can be imported; does not import it."""
    return "kagglehub" in sys.modules or importlib.util.find_spec("kagglehub") is not None


def find_reader(name: str) -> Reader:
    """Return the reader of a dataset that somebody names. Raises DatasetError."""
    if name not in READERS:
        raise DatasetError(f"Unknown dataset {name!r}. Choose one of: {', '.join(READERS)}.")
    return READERS[name]


def dataset_address(reader: Reader) -> str:
    """Return where a person downloads a dataset by hand."""
    return f"https://www.kaggle.com/datasets/{reader.kaggle}" if reader.kaggle else reader.address


def download_dataset(name: str, workspace: Workspace) -> Path:
    """Download a dataset into the workspace, and return its folder.

    Args:
        name: one of `READERS`.
        workspace: the folders.

    Raises:
        DatasetError: the dataset is unknown, not on Kaggle or there already, kagglehub is not
            installed, Kaggle refuses or cannot be reached, another process downloads the same,
            the disk refuses, or what came is no such dataset.
    """
    reader, folder = find_reader(name), workspace.data / name
    if not reader.kaggle:
        raise DatasetError(
            f"{reader.title} cannot be downloaded here. {_by_hand(reader, workspace)}"
        )
    if folder.exists():
        raise DatasetError(
            f"{folder} is there already. To download it again, delete or rename that folder."
        )
    if not is_installed():
        raise DatasetError(
            f"Downloading needs kagglehub, which is not installed. Run: {INSTALL}  "
            f"{_by_hand(reader, workspace)}"
        )
    with fill_alone(folder, "downloading"):
        fetched = _fetch(reader, workspace)
        try:
            _put_in_place(fetched, folder, workspace, reader.kaggle)
        except OSError as error:
            raise DatasetError(
                f"{fetched} was downloaded, but cannot be put at {folder}: {error.strerror}."
            ) from error
    if (detected := detect_dataset(folder)) != name:
        raise DatasetError(f"{folder} was downloaded, but looks like {READERS[detected].title}.")
    return folder


def count_fetched(name: str, workspace: Workspace) -> int:
    """Return how many bytes of an archive that is being downloaded are there."""
    folder = _cache(workspace) / "datasets" / READERS[name].kaggle
    return sum(path.stat().st_size for path in folder.glob("*.archive"))


def _fetch(reader: Reader, workspace: Workspace) -> Path:
    """Return the folder into which kagglehub downloaded a dataset."""
    # kagglehub prints to the standard output, which is for our answer.
    with _kaggle_cache(workspace), redirect_stdout(sys.stderr):
        try:
            kagglehub: Any = importlib.import_module("kagglehub")
            return Path(kagglehub.dataset_download(reader.kaggle))
        except Exception as error:  # whatever a network and another library can raise
            raise DatasetError(
                f"{reader.title} was not downloaded: {_reason(error)} {_by_hand(reader, workspace)}"
            ) from error


def _reason(error: Exception) -> str:
    """Say in words why kagglehub gave up, and what helps."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    text = " ".join(str(error).split())[:300] or type(error).__name__
    if status in (401, 403) or type(error).__name__ in ("UnauthenticatedError", "CredentialError"):
        return (
            "Kaggle asks who you are. Make an API token on "
            f"{TOKEN_PAGE}, save it as {Path.home() / '.kaggle' / 'kaggle.json'} or set "
            "KAGGLE_USERNAME and KAGGLE_KEY, accept the dataset's terms on its page, and try "
            f"again ({text})."
        )
    if status == 404:
        return f"Kaggle has no such dataset any more ({text})."
    if isinstance(error, ConnectionError) or type(error).__module__.startswith("requests"):
        return f"Kaggle cannot be reached. Check the internet connection and try again ({text})."
    if isinstance(error, OSError) and error.errno is not None:
        return f"the disk refused: {text}. Free some space; what has come is kept."
    return f"{text}. Try again."


def _by_hand(reader: Reader, workspace: Workspace) -> str:
    place = dataset_address(reader) or f"its authors' page ({reader.citation})"
    return (
        f"By hand: download it from {place}, put the archive into {workspace.data}, and unpack it "
        "(Home page, or: python -m xray_core unpack)."
        + (
            " Or from its authors, without an account: Home page, or --archives 1."
            if reader.files
            else ""
        )
    )


def _put_in_place(fetched: Path, folder: Path, workspace: Workspace, handle: str) -> None:
    cache = _cache(workspace)
    if fetched.resolve().is_relative_to(cache.resolve()):
        fetched.rename(folder)
        # kagglehub's marks would say that it still has the files.
        shutil.rmtree(cache / "datasets" / handle, ignore_errors=True)
    else:
        folder.symlink_to(fetched, target_is_directory=True)


def _cache(workspace: Workspace) -> Path:
    return workspace.data / ".kaggle"


@contextmanager
def _kaggle_cache(workspace: Workspace) -> Iterator[None]:
    """Let kagglehub keep its files in the workspace for a while."""
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = str(_cache(workspace))
    try:
        yield
    finally:
        if before is None:
            del os.environ[CACHE_VARIABLE]
        else:
            os.environ[CACHE_VARIABLE] = before
