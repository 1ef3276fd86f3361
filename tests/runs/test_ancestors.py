"""The runs behind starting weights, however these are named."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from xray_core.recipes import PUBLISHED
from xray_core.runs import Run
from xray_core.runs.ancestors import Ancestors, find_ancestors
from xray_core.workspace import Workspace

MOBILENET = PUBLISHED["siim_mobilenet_opacity"]  # takes weights of any kind


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def make_run(workspace: Workspace, name: str, weights: str = "random") -> Run:
    run = Run(workspace.runs / name)
    run.best_checkpoint.parent.mkdir(parents=True)
    run.best_checkpoint.write_bytes(f"{name:>9000}".encode())
    run.write_json("recipe.json", asdict(replace(MOBILENET, weights=weights)))
    return run


def names_behind(weights: Path | str, workspace: Workspace) -> list[str]:
    found = find_ancestors(str(weights), workspace)
    assert found.unknown == ""
    return [run.name for run in found.runs]


@pytest.mark.parametrize("weights", ["random", "imagenet", "ask"])
def test_weights_that_are_no_file_come_from_no_run(weights: str, workspace: Workspace) -> None:
    assert find_ancestors(weights, workspace) == Ancestors(())


def test_a_run_is_found_by_any_way_to_its_file(workspace: Workspace, tmp_path: Path) -> None:
    run = make_run(workspace, "a")
    make_run(workspace, "b")
    kept = run.best_checkpoint
    (tmp_path / "link.keras").symlink_to(kept)
    (tmp_path / "linked folder").symlink_to(run.folder)
    (tmp_path / "hard.keras").hardlink_to(kept)
    shutil.copy(kept, tmp_path / "copy.keras")
    shutil.copytree(run.folder, tmp_path / "elsewhere" / "of another name")

    ways = ["link.keras", "linked folder/checkpoints/best.keras", "hard.keras", "copy.keras"]
    for way in (*ways, "home/runs/b/../a/checkpoints/best.keras"):
        assert names_behind(tmp_path / way, workspace) in (["a"], ["linked folder"]), way
    copied = tmp_path / "elsewhere/of another name/checkpoints/best.keras"
    assert names_behind(copied, workspace) == ["of another name"], "by its own folder"


def test_a_checkpoint_folder_on_another_disk_still_belongs_to_its_run(
    workspace: Workspace, tmp_path: Path
) -> None:
    run = make_run(workspace, "a")
    run.best_checkpoint.parent.rename(tmp_path / "big disk")
    run.best_checkpoint.parent.symlink_to(tmp_path / "big disk")

    assert names_behind(run.best_checkpoint, workspace) == ["a"]
    assert names_behind(tmp_path / "big disk" / "best.keras", workspace) == ["a"]


def test_a_copy_of_the_weights_of_a_run_in_the_bin_is_known(
    workspace: Workspace, tmp_path: Path
) -> None:
    run = make_run(workspace, "a")
    shutil.copy(run.best_checkpoint, tmp_path / "copy.keras")
    workspace.trash.mkdir()
    run.folder.rename(workspace.trash / "a")

    assert names_behind(tmp_path / "copy.keras", workspace) == ["a"]


def test_a_file_of_the_same_size_is_no_copy(workspace: Workspace, tmp_path: Path) -> None:
    make_run(workspace, "a")
    (tmp_path / "other.keras").write_bytes(f"{'b':>9000}".encode())

    assert names_behind(tmp_path / "other.keras", workspace) == []


def test_ancestors_are_followed_to_the_first(workspace: Workspace, tmp_path: Path) -> None:
    first = make_run(workspace, "a")
    shutil.copy(first.best_checkpoint, tmp_path / "copy.keras")
    second = make_run(workspace, "b", str(tmp_path / "copy.keras"))
    third = make_run(workspace, "c", str(second.best_checkpoint))

    assert names_behind(third.best_checkpoint, workspace) == ["c", "b", "a"]


def test_runs_that_began_with_each_other_have_an_end(workspace: Workspace) -> None:
    first = make_run(workspace, "a", str(workspace.runs / "b/checkpoints/best.keras"))
    make_run(workspace, "b", str(first.best_checkpoint))

    assert names_behind(first.best_checkpoint, workspace) == ["a", "b"]


@pytest.mark.parametrize("place", ["runs", "trash"])
def test_in_a_workspace_that_was_moved_the_ancestors_are_found_by_name(
    place: str, workspace: Workspace, tmp_path: Path
) -> None:
    first = make_run(workspace, "a")
    make_run(workspace, "b", str(first.best_checkpoint))
    moved = Workspace(tmp_path / "moved")
    workspace.folder.rename(moved.folder)
    moved.trash.mkdir()
    if place == "trash":
        (moved.runs / "a").rename(moved.trash / "a")

    assert names_behind(moved.runs / "b/checkpoints/best.keras", moved) == ["b", "a"]


@pytest.mark.parametrize(
    ("weights", "unknown"),
    [
        ("/gone/a/checkpoints/best.keras", True),
        ("/gone/mine.keras", True),
        ("run:demo_cnn", True),
        ("/gone/imagenet.weights.h5", False),
    ],
)
def test_an_ancestor_that_is_gone_is_not_known(
    weights: str, unknown: bool, workspace: Workspace
) -> None:
    run = make_run(workspace, "b", weights)

    found = find_ancestors(str(run.best_checkpoint), workspace)

    assert [one.name for one in found.runs] == ["b"]
    said = f"b itself began with {weights}, which is no longer there."
    assert found.unknown == (said if unknown else "")


def test_an_ancestor_whose_recipe_is_damaged_is_not_known(workspace: Workspace) -> None:
    run = make_run(workspace, "a")
    (run.folder / "recipe.json").write_text("{")

    unknown = find_ancestors(str(run.best_checkpoint), workspace).unknown

    assert unknown.startswith("What a began with cannot be read: ")
    assert "recipe.json is damaged" in unknown
