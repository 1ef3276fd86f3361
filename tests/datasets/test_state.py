"""The state of a dataset's folders: what changes it, and that telling so lists no folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from xray_core.datasets import state
from xray_core.datasets.state import DatasetState

LONG_AGO = 1_000_000_000  # s since 1970: any change after it is later than a tick of the clock


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    for name in ("train/a/1.png", "train/b/2.png", "labels.csv", ".git/HEAD"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("12")
    for place in [*top.rglob("*"), top]:
        os.utime(place, (LONG_AGO, LONG_AGO))
    return top


CHANGES: dict[str, Callable[[Path], object]] = {
    "an image more": lambda top: (top / "train/a/3.png").touch(),
    "an image less": lambda top: (top / "train/a/1.png").unlink(),
    "another name": lambda top: (top / "train/a/1.png").rename(top / "train/a/9.png"),
    "an image moved into its place": lambda top: (top / "1.tmp").replace(top / "train/a/1.png"),
    "a folder more": lambda top: (top / "train/c").mkdir(),
    "a table edited": lambda top: (top / "labels.csv").write_text("21"),
    "a place that came": lambda top: top.with_name("beside.json").touch(),
}
CHANGES_OF_NOTHING: dict[str, Callable[[Path], object]] = {
    "a hidden folder": lambda top: (top / ".git/index").touch(),
    "an image overwritten in place": lambda top: (top / "train/a/1.png").write_text("other"),
}


@pytest.mark.parametrize("change", [*CHANGES, *CHANGES_OF_NOTHING])
def test_a_state_is_current_until_a_file_comes_or_goes_or_a_table_changes(
    change: str, top: Path
) -> None:
    (top / "1.tmp").write_text("99")
    os.utime(top, (LONG_AGO, LONG_AGO))
    places = [top, top.with_name("beside.json")]
    before = DatasetState(places)
    assert before.is_current()

    (CHANGES | CHANGES_OF_NOTHING)[change](top)

    assert before.is_current() == (change in CHANGES_OF_NOTHING)
    after = DatasetState(places)
    assert (after.digest == before.digest) == (change in CHANGES_OF_NOTHING)
    assert after.is_current()


def test_whether_a_state_is_current_is_told_without_listing_a_folder(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = DatasetState([top])
    monkeypatch.setattr(state.os, "scandir", None)  # calling it would raise

    assert found.is_current()


def test_whoever_is_in_a_hurry_takes_the_look_of_a_moment_ago(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "REST_SECONDS", 60.0)
    found = DatasetState([top])
    (top / "train/a/3.png").touch()

    assert found.is_current(hurried=True)
    assert not found.is_current()
    monkeypatch.setattr(state, "REST_SECONDS", 0.0)
    assert not found.is_current(hurried=True)
