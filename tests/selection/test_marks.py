"""Marks of doubtful labels: kept beside the dataset, and what a selection makes of them."""

from pathlib import Path

import pytest

from tests.eda.conftest import MakeCatalog
from xray_core import cli
from xray_core.eda import add_marks, count_facets, list_facets, list_members, name_labels
from xray_core.errors import DatasetError
from xray_core.selection import (
    Filter,
    FilterError,
    describe_filters,
    find_doubtful,
    select_catalog,
)
from xray_core.selection.marks import (
    KEEP,
    LEAVE_OUT,
    MARKS,
    count_marks,
    list_doubtful,
    read_marks,
    write_marks,
)
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

TASK, OTHER = "siim_study", "siim_opacity"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def test_marks_are_there_again_by_whatever_way_the_folder_is_named(
    workspace: Workspace, tmp_path: Path
) -> None:
    data, link = tmp_path / "data", tmp_path / "link"
    data.mkdir()
    link.symlink_to(data)
    assert read_marks(workspace, data).empty

    write_marks(workspace, data, TASK, {"a": "typical", "b": "negative"}, LEAVE_OUT, " Ann\n")
    write_marks(workspace, link, TASK, {"b": "negative"}, KEEP, "Ben")
    write_marks(workspace, data, OTHER, {"a": "opacity"}, KEEP)

    marks = read_marks(workspace, link).drop(columns="time")
    assert marks.to_numpy().tolist() == [
        ["a", TASK, LEAVE_OUT, "typical", "Ann"],
        ["b", TASK, KEEP, "negative", "Ben"],
        ["a", OTHER, KEEP, "opacity", ""],
    ]
    assert read_marks(workspace, data)["time"].str.startswith("20").all()
    assert list_doubtful(workspace, link, TASK) == ("a",)
    assert count_marks(read_marks(workspace, data), TASK) == {LEAVE_OUT: 1, KEEP: 1}
    assert read_marks(workspace, tmp_path).empty, "another dataset"

    write_marks(workspace, data, TASK, {"a": ""}, "")
    assert list_doubtful(workspace, data, TASK) == ()
    assert len(read_marks(workspace, data)) == 2


def test_a_damaged_file_of_marks_is_named_and_left_as_it_is(
    workspace: Workspace, tmp_path: Path
) -> None:
    write_marks(workspace, tmp_path, TASK, {"a": ""}, LEAVE_OUT)
    [path] = workspace.marks.glob("*.parquet")
    path.write_bytes(b"cut off")
    for act in (
        lambda: read_marks(workspace, tmp_path),
        lambda: write_marks(workspace, tmp_path, TASK, {"b": ""}, LEAVE_OUT),
    ):
        with pytest.raises(DatasetError, match="Move it away"):
            act()
    assert path.read_bytes() == b"cut off"
    with pytest.raises(DatasetError, match="no mark 'bad'"):
        write_marks(workspace, tmp_path, TASK, {"b": ""}, "bad")


def test_a_selection_leaves_the_marked_out_and_counts_them(
    make_catalog: MakeCatalog, workspace: Workspace
) -> None:
    catalog = make_catalog([{"findings": "Typical Appearance"}] * 4)
    write_marks(workspace, catalog.root, TASK, {"a": "typical", "c": "typical"}, LEAVE_OUT)
    write_marks(workspace, catalog.root, TASK, {"b": "typical"}, KEEP)
    doubtful = find_doubtful(catalog, "doubtful?no", TASK, workspace)

    some = select_catalog(catalog, "doubtful?no", TASK, doubtful)

    assert some.images["image_id"].tolist() == ["b", "d"]
    assert some.remarks[-1].message == (
        "Images left out by the selection (label not marked as doubtful): 2 of 4."
    )
    assert select_catalog(catalog, "doubtful?yes", TASK, doubtful).images["image_id"].tolist() == [
        *("a", "c")
    ]
    assert describe_filters("doubtful?yes") == "label marked as doubtful"
    assert find_doubtful(catalog, "age:..60", TASK, workspace) == (), "nobody asked"
    assert find_doubtful(catalog, "doubtful?no", OTHER, workspace) == (), "of another task"
    with pytest.raises(FilterError, match="marks are not at hand"):
        select_catalog(catalog, "doubtful?no", TASK)


def test_explore_counts_marks_as_a_facet_once_there_are_any(make_catalog: MakeCatalog) -> None:
    catalog = make_catalog([{"findings": "Typical Appearance"}] * 3)
    facets = list_facets(catalog, list_members(name_labels(catalog, TASK), ["typical"]))
    assert add_marks(catalog, facets, ()) == facets

    *_, marks = every = add_marks(catalog, facets, ("b",))

    assert marks.column == "doubtful"
    wish = Filter("doubtful", "known", text="no")
    *_, counts = count_facets(catalog, every, [wish], ("b",))
    assert counts == {"yes": 1, "no": 2}
    [by_class, *_] = count_facets(catalog, every, [wish], ("b",))
    assert sum(by_class.values()) == 2


def test_the_command_marks_and_lists(
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XRAY_HOME", str(workspace.folder))
    data, out = tmp_path / "data", tmp_path / "marks.csv"
    write_synthetic_dataset(data, 4, size=64)
    name = next((data / "train").iterdir()).stem

    assert cli.main(["marks", str(data), "--doubtful", name]) == 2
    assert "--task" in capsys.readouterr().err
    assert cli.main(["marks", str(data), "--task", TASK, "--doubtful", "nobody"]) == 2
    assert "has no image 'nobody'" in capsys.readouterr().err
    command = ["marks", str(data), "--task", TASK, "--user", "Ann", "--csv", str(out)]
    assert cli.main([*command, "--doubtful", name]) == 0
    assert f"{MARKS[LEAVE_OUT]}, by Ann" in capsys.readouterr().out
    assert name in out.read_text()
    assert list_doubtful(workspace, data, TASK) == (name,)
    assert cli.main([*command, "--clear", name]) == 0
    assert "No label" in capsys.readouterr().out
