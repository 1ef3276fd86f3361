"""The dataset registry: which datasets a workspace knows, and what may be put on it."""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from tests.datasets.fakes import FAKES, write_image
from xray_core import registry
from xray_core.datasets.folder.mapping import FolderMapping, MappedTable, write_mapping
from xray_core.errors import DatasetError
from xray_core.filling import lock_of
from xray_core.processes import is_alive, start_detached, terminate
from xray_core.registry import (
    add_dataset,
    count_drawn,
    find_name,
    is_drawing_demo,
    list_datasets,
    name_roots,
    start_drawing_demo,
)
from xray_core.synthetic.dataset import MARK, write_synthetic_dataset
from xray_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("XRAY_DATA_ROOTS", raising=False)
    return Workspace(tmp_path / "home")


def make_demo(workspace: Workspace) -> None:
    FAKES["siim_covid19"](workspace.demo_data)
    (workspace.demo_data / MARK).touch()


def test_a_new_workspace_knows_nothing_and_looking_writes_nothing(workspace: Workspace) -> None:
    assert list_datasets(workspace) == {}
    assert not workspace.folder.exists()


def test_what_lies_in_the_data_folder_is_in_the_registry_and_the_demo_first(
    workspace: Workspace,
) -> None:
    FAKES["kermany"](workspace.data / "a_kermany")
    make_demo(workspace)

    assert list_datasets(workspace) == {
        "demo": workspace.demo_data,
        "a_kermany": workspace.data / "a_kermany",
    }
    assert list(list_datasets(workspace)) == ["demo", "a_kermany"]


def test_what_is_no_dataset_or_still_being_written_is_passed_over(workspace: Workspace) -> None:
    (workspace.data / "weights").mkdir(parents=True)
    (workspace.data / "notes.txt").touch()
    FAKES["siim_covid19"](workspace.data / ".demo.0123.partial")

    assert list_datasets(workspace) == {}


def test_an_added_folder_stays_in_the_registry(workspace: Workspace, kermany_folder: Path) -> None:
    assert add_dataset(workspace, kermany_folder) == kermany_folder.resolve()
    assert add_dataset(workspace, kermany_folder) == kermany_folder.resolve()

    assert list_datasets(Workspace(workspace.folder)) == {"chest_xray": kermany_folder.resolve()}


def test_a_folder_that_is_gone_is_passed_over_until_it_is_back(
    workspace: Workspace, kermany_folder: Path
) -> None:
    add_dataset(workspace, kermany_folder)
    kermany_folder.rename(kermany_folder.with_name("unplugged"))
    assert list_datasets(workspace) == {}

    kermany_folder.with_name("unplugged").rename(kermany_folder)
    assert list(list_datasets(workspace)) == ["chest_xray"]


def test_folders_of_one_name_are_told_apart(workspace: Workspace, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("old/data", "new/data", "more/new/data")]
    for folder in folders:
        FAKES["kermany"](folder)
        add_dataset(workspace, folder)

    assert list_datasets(workspace) == dict(
        zip(["data", "new/data", "new/data'"], folders, strict=True)
    )


def test_folders_added_at_once_are_all_kept(workspace: Workspace, tmp_path: Path) -> None:
    folders = [tmp_path / f"set{i}" for i in range(6)]
    for folder in folders:
        FAKES["kermany"](folder)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda folder: add_dataset(workspace, folder), folders))

    assert sorted(list_datasets(workspace)) == [folder.name for folder in folders]
    assert not list(workspace.folder.glob("*.partial"))


def test_an_archive_is_listed_by_its_name_with_the_root_of_its_dataset(
    workspace: Workspace,
) -> None:
    root = workspace.data / "kermany-224" / "chest_xray"
    FAKES["kermany"](root)

    assert list_datasets(workspace) == {"kermany-224": root}


def test_a_dataset_that_is_added_again_by_another_way_is_there_once(
    workspace: Workspace, tmp_path: Path
) -> None:
    root = tmp_path / "kermany-224" / "chest_xray"
    FAKES["kermany"](root)

    for folder in (tmp_path / "kermany-224", root):
        assert add_dataset(workspace, folder) == root

    assert list_datasets(workspace) == {"kermany-224": root}
    stored = json.loads((workspace.folder / "datasets.json").read_bytes())
    assert stored == [str(tmp_path / "kermany-224")]


def test_the_name_of_a_dataset_is_found_by_any_way_to_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    root = tmp_path / "downloaded" / "versions" / "chest_xray"
    FAKES["kermany"](root)
    workspace.data.mkdir(parents=True)
    (workspace.data / "kermany").symlink_to(root.parent)  # as a download that was there already
    FAKES["siim_covid19"](tmp_path / "stranger")
    ways = [
        workspace.data / "kermany",
        workspace.data / "kermany" / "chest_xray",
        root.parent,
        root,
    ]
    others = [tmp_path / name for name in ("stranger", "gone", "no\0name", "x" * 300)]

    assert [find_name(workspace, way) for way in ways] == ["kermany"] * len(ways)
    assert [find_name(workspace, other) for other in others] == [None] * len(others)
    assert name_roots(workspace, [ways[1], root, *others]) == dict.fromkeys(
        (ways[1], root), "kermany"
    ) | dict.fromkeys(others)


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_what_is_no_dataset_is_refused_and_not_listed(
    name: str, workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(DatasetError, match=name):
        add_dataset(workspace, tmp_path / name)

    assert not (workspace.folder / "datasets.json").exists()


def test_where_roots_are_set_nothing_outside_them_is_added(
    workspace: Workspace, tmp_path: Path, kermany_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = tmp_path / "allowed"
    FAKES["kermany"](allowed / "inside")
    (allowed / "way_out").symlink_to(kermany_folder)
    monkeypatch.setenv("XRAY_DATA_ROOTS", os.pathsep.join([str(tmp_path / "x"), str(allowed)]))

    add_dataset(workspace, allowed / "inside")
    for outside in (kermany_folder, allowed / "way_out", allowed / ".." / "chest_xray"):
        with pytest.raises(DatasetError, match=f"outside the folders .*{allowed}"):
            add_dataset(workspace, outside)

    assert list(list_datasets(workspace)) == ["inside"]


def test_a_dataset_that_a_link_inside_leads_out_to_is_refused(
    workspace: Workspace, tmp_path: Path, kermany_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "chest_xray").symlink_to(kermany_folder)
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(allowed))

    with pytest.raises(DatasetError, match="chest_xray is a link that cannot be followed"):
        add_dataset(workspace, allowed)


def test_where_roots_are_set_a_mapping_may_lie_in_the_workspace(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "allowed" / "own"
    write_image(own / "images" / "a.png")
    (own / "list.csv").write_text("file,finding\na,x\n")
    monkeypatch.setenv("XRAY_HOME", str(workspace.folder))
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "allowed"))
    own.chmod(0o555)
    mapping = FolderMapping(tables=(MappedTable("list.csv", {"path": "file", "label": "finding"}),))
    kept = write_mapping(own, mapping)
    own.chmod(0o755)

    assert kept.is_relative_to(workspace.folder)
    assert add_dataset(workspace, own) == own


def test_what_was_added_before_the_roots_were_set_is_passed_over(
    workspace: Workspace, tmp_path: Path, kermany_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAKES["kermany"](workspace.data / "own")
    FAKES["kermany"](tmp_path / "far")
    (workspace.data / "linked").symlink_to(tmp_path / "far")
    add_dataset(workspace, kermany_folder)
    monkeypatch.setenv("XRAY_HOME", str(workspace.folder))

    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "nowhere"))

    # Who may write into the workspace's data folder runs the app.
    assert list(list_datasets(workspace)) == ["linked", "own"]


def test_what_lies_outside_the_roots_is_refused_before_it_is_looked_at(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a folder exists is nobody's business who may not read it."""
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "allowed"))

    with pytest.raises(DatasetError, match="outside the folders"):
        add_dataset(workspace, tmp_path / "does-not-exist")


@pytest.mark.parametrize("text", ["{", "[1]", "3"])
def test_a_damaged_list_is_an_error_that_says_what_to_do(
    text: str, workspace: Workspace, kermany_folder: Path
) -> None:
    workspace.folder.mkdir()
    (workspace.folder / "datasets.json").write_text(text)

    with pytest.raises(DatasetError, match=r"datasets\.json is damaged: .* Repair or delete it"):
        list_datasets(workspace)
    with pytest.raises(DatasetError, match="damaged"):
        add_dataset(workspace, kermany_folder)
    assert (workspace.folder / "datasets.json").read_text() == text


def test_a_disk_that_refuses_leaves_the_list_as_it_was(
    workspace: Workspace, tmp_path: Path, kermany_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(workspace, kermany_folder)
    FAKES["kermany"](tmp_path / "second")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(DatasetError, match="cannot be written to: No space left"):
        add_dataset(workspace, tmp_path / "second")

    stored = json.loads((workspace.folder / "datasets.json").read_bytes())
    assert stored == [str(kermany_folder.resolve())]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been started."""
    started: list[list[str]] = []

    def start(command: list[str], log: Path) -> str:
        started.append(command)
        return "0:0"  # the handle of nobody

    monkeypatch.setattr(registry, "start_detached", start)
    return started


def test_the_demo_is_drawn_by_a_process_of_its_own(
    workspace: Workspace, started: list[list[str]]
) -> None:
    start_drawing_demo(workspace)

    [command] = started
    assert command[3:] == ["demo", str(workspace.demo_data), "--images", "600"]


def test_the_demo_is_drawn_once(workspace: Workspace, started: list[list[str]]) -> None:
    workspace.data.mkdir(parents=True)
    with FileLock(lock_of(workspace.demo_data)):
        assert is_drawing_demo(workspace)
        start_drawing_demo(workspace)
    assert not is_drawing_demo(workspace)

    make_demo(workspace)
    start_drawing_demo(workspace)

    assert started == []


def test_however_many_come_first_at_once_one_process_draws(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is slow to take its lock, as Python is slow to start."""
    started: list[str] = []

    def start(command: list[str], log: Path) -> str:
        time.sleep(0.05)
        sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
        started.append(start_detached(sleep, tmp_path / "log.txt"))
        return started[-1]

    monkeypatch.setattr(registry, "start_detached", start)
    try:
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: start_drawing_demo(workspace), range(200)))
        assert len(started) == 1
        assert is_drawing_demo(workspace)
    finally:
        for handle in started:
            terminate(handle, kill=True)

    while is_alive(started[0]):
        time.sleep(0.01)
    assert not is_drawing_demo(workspace), "one that was killed is drawn by the next visitor"


def test_visitors_of_several_processes_start_one_that_draws(
    workspace: Workspace, tmp_path: Path
) -> None:
    code = (
        "import sys, time; from pathlib import Path; from xray_core import registry\n"
        "from xray_core.workspace import Workspace; from xray_core.processes import own_handle\n"
        "folder, me = Path(sys.argv[1]), sys.argv[2]\n"
        "def start(command, log):\n"
        "    time.sleep(0.2); (folder / f'{me}.started').touch(); return own_handle()\n"
        "registry.start_detached = start\n"
        "(folder / f'{me}.ready').touch()\n"
        "while not (folder / 'go').exists(): time.sleep(0.001)\n"
        "time.sleep(0.1 * (me == 'b'))  # it comes while the other one starts its process\n"
        "registry.start_drawing_demo(Workspace(folder / 'home'))\n"
        "while not (folder / 'end').exists(): time.sleep(0.01)\n"
    )
    handles = [
        start_detached([sys.executable, "-c", code, str(tmp_path), me], tmp_path / f"{me}.txt")
        for me in "ab"
    ]
    while len(list(tmp_path.glob("*.ready"))) < 2:
        time.sleep(0.01)
    (tmp_path / "go").touch()
    time.sleep(0.8)
    (tmp_path / "end").touch()
    while any(map(is_alive, handles)):
        time.sleep(0.02)

    assert [(tmp_path / f"{me}.txt").read_text() for me in "ab"] == ["", ""]
    assert len(list(tmp_path.glob("*.started"))) == 1


def test_the_images_of_an_unfinished_demo_are_counted(workspace: Workspace) -> None:
    counts = []
    write_synthetic_dataset(
        workspace.demo_data, 5, size=64, progress=lambda *_: counts.append(count_drawn(workspace))
    )

    assert max(counts) > 0
    assert count_drawn(workspace) == 0  # it is finished: nothing is on the way


def test_a_union_may_not_lead_out_of_the_allowed_folders(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    union = tmp_path / "union"
    FAKES["siim_radiography"](union)  # its members lie beside it
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(union))

    with pytest.raises(DatasetError, match="outside the folders that this app may read"):
        add_dataset(workspace, union)

    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path))
    assert add_dataset(workspace, union) == union
