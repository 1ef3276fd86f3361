"""Downloading from Kaggle, with a kagglehub that asks no network."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from filelock import FileLock

from tests.datasets.fakes import FAKES
from xray_core.datasets import READERS
from xray_core.downloads import kaggle
from xray_core.downloads.kaggle import count_fetched, dataset_address, download_dataset
from xray_core.errors import DatasetError
from xray_core.registry import list_datasets
from xray_core.workspace import Workspace

HANDLE = "somebody/some-x-rays"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    reader = replace(READERS["kermany"], kaggle=HANDLE)
    monkeypatch.setitem(READERS, "kermany", reader)
    monkeypatch.delenv("KAGGLEHUB_CACHE", raising=False)
    return Workspace(tmp_path / "home")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Put a kagglehub in place whose download is `fetch(handle)`; return what it is asked for."""

    def install(fetch: Callable[[str], Path]) -> list[str]:
        asked: list[str] = []

        def dataset_download(handle: str) -> str:
            asked.append(handle)
            print("Downloading ...")  # as kagglehub does
            return str(fetch(handle))

        module = ModuleType("kagglehub")
        module.dataset_download = dataset_download  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "kagglehub", module)
        return asked

    return install


def fetch_into_cache(handle: str, dataset: str = "kermany") -> Path:
    """Leave behind what kagglehub 1.0 leaves."""
    cache = Path(os.environ["KAGGLEHUB_CACHE"]) / "datasets" / handle
    FAKES[dataset](cache / "versions" / "2" / "chest_xray")
    (cache / "2.complete").touch()
    return cache / "versions" / "2"


def refuse(error: Exception) -> Callable[[str], Path]:
    def fetch(handle: str) -> Path:
        raise error

    return fetch


def test_a_download_becomes_a_dataset_and_is_not_copied(
    workspace: Workspace, install: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = install(fetch_into_cache)

    folder = download_dataset("kermany", workspace)

    assert asked == [HANDLE]
    assert folder == workspace.data / "kermany"
    assert list_datasets(workspace) == {"kermany": folder / "chest_xray"}
    assert not (workspace.data / ".kaggle" / "datasets" / HANDLE).exists()
    assert "KAGGLEHUB_CACHE" not in os.environ
    assert capsys.readouterr().out == ""  # that is for the answer in JSON


def test_files_that_kagglehub_has_elsewhere_are_linked_not_moved(
    workspace: Workspace, install: Callable[..., list[str]], kermany_folder: Path
) -> None:
    install(lambda handle: kermany_folder)

    folder = download_dataset("kermany", workspace)

    assert folder.resolve() == kermany_folder.resolve()
    assert (kermany_folder / "train").is_dir()
    assert list(list_datasets(workspace)) == ["kermany"]


def test_what_is_there_is_not_downloaded_again(
    workspace: Workspace, install: Callable[..., list[str]]
) -> None:
    asked = install(fetch_into_cache)
    download_dataset("kermany", workspace)

    with pytest.raises(DatasetError, match="kermany is there already"):
        download_dataset("kermany", workspace)

    assert len(asked) == 1


def test_a_killed_download_goes_on_in_the_same_place(
    workspace: Workspace, install: Callable[..., list[str]]
) -> None:
    def fetch(handle: str) -> Path:
        archive = Path(os.environ["KAGGLEHUB_CACHE"]) / "datasets" / handle / "2.archive"
        if not archive.exists():
            archive.parent.mkdir(parents=True)
            archive.write_bytes(bytes(500))
            raise ConnectionError("cut")
        archive.unlink()
        return fetch_into_cache(handle)

    install(fetch)
    with pytest.raises(DatasetError, match="Kaggle cannot be reached"):
        download_dataset("kermany", workspace)
    assert count_fetched("kermany", workspace) == 500

    assert download_dataset("kermany", workspace).is_dir()
    assert count_fetched("kermany", workspace) == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionError("no route"), "cannot be reached. Check the internet connection"),
        (OSError(28, "No space left on device"), "the disk refused: .*No space left"),
        (ValueError("odd"), "odd. Try again"),
        (type("UnauthenticatedError", (Exception,), {})("who?"), r"kaggle\.json"),
    ],
)
def test_what_goes_wrong_is_said_with_what_to_do(
    error: Exception, words: str, workspace: Workspace, install: Callable[..., list[str]]
) -> None:
    install(refuse(error))

    with pytest.raises(DatasetError, match=words) as caught:
        download_dataset("kermany", workspace)

    assert f"By hand: download it from https://www.kaggle.com/datasets/{HANDLE}" in str(
        caught.value
    )
    assert str(workspace.data) in str(caught.value)
    assert list_datasets(workspace) == {}


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "KAGGLE_USERNAME and KAGGLE_KEY"), (403, "accept"), (404, "no such")],
)
def test_kaggles_refusals_are_told_apart(
    status: int, words: str, workspace: Workspace, install: Callable[..., list[str]]
) -> None:
    error = OSError("Client Error")  # as requests' errors, which are OSErrors
    error.response = SimpleNamespace(status_code=status)  # type: ignore[attr-defined]
    install(refuse(error))

    with pytest.raises(DatasetError, match=words):
        download_dataset("kermany", workspace)


def test_without_kagglehub_the_command_and_the_way_by_hand_are_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kaggle, "is_installed", lambda: False)

    with pytest.raises(DatasetError, match="pip install -r requirements-kaggle.txt") as caught:
        download_dataset("kermany", workspace)

    assert "By hand: download it from" in str(caught.value)
    requirements = Path(__file__).parents[1] / "requirements-kaggle.txt"
    assert "\nkagglehub==" in requirements.read_text("utf-8")


def test_a_dataset_that_is_unknown_or_not_on_kaggle_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetError, match="Unknown dataset 'kermani'. Choose one of: .*kermany"):
        download_dataset("kermani", workspace)

    reader = replace(READERS["kermany"], kaggle="", address="https://example.org")
    monkeypatch.setitem(READERS, "kermany", reader)
    with pytest.raises(DatasetError, match=r"cannot be downloaded here.*https://example\.org"):
        download_dataset("kermany", workspace)


def test_two_processes_do_not_download_the_same(
    workspace: Workspace, install: Callable[..., list[str]]
) -> None:
    asked = install(fetch_into_cache)
    workspace.data.mkdir(parents=True)

    with FileLock(workspace.data / ".kermany.lock"), pytest.raises(DatasetError, match="Another"):
        download_dataset("kermany", workspace)

    assert asked == []


def test_what_came_is_checked(workspace: Workspace, install: Callable[..., list[str]]) -> None:
    install(lambda handle: fetch_into_cache(handle, "siim_covid19"))

    with pytest.raises(DatasetError, match="looks like SIIM"):
        download_dataset("kermany", workspace)

    shutil.rmtree(workspace.data / "kermany")


def test_the_readers_say_where_their_datasets_are() -> None:
    """Kaggle's handles and the authors' pages, as far as the readers give them."""
    for reader in READERS.values():
        if reader.kaggle:
            assert reader.kaggle.count("/") == 1
            assert dataset_address(reader) == f"https://www.kaggle.com/datasets/{reader.kaggle}"
        assert not reader.address or reader.address.startswith("https://")
