"""The shelf: which datasets a workspace knows, and what may be put on it."""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from tests.datasets.fakes import FAKES
from xray_core.datasets import shelf
from xray_core.datasets.filling import lock_of
from xray_core.datasets.phantom import MARK, write_phantom_dataset
from xray_core.datasets.shelf import (
    add_dataset,
    count_drawn,
    is_drawing_demo,
    list_datasets,
    start_drawing_demo,
)
from xray_core.errors import DatasetError
from xray_core.home import Home
from xray_core.processes import is_alive, start_detached, terminate


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("XRAY_DATA_ROOTS", raising=False)
    return Home(tmp_path / "home")


def make_demo(home: Home) -> None:
    FAKES["siim_covid19"](home.demo_data)
    (home.demo_data / MARK).touch()


def test_a_new_workspace_knows_nothing_and_looking_writes_nothing(home: Home) -> None:
    assert list_datasets(home) == {}
    assert not home.folder.exists()


def test_what_lies_in_the_data_folder_is_on_the_shelf_and_the_demo_first(home: Home) -> None:
    FAKES["kermany"](home.data / "a_kermany")
    make_demo(home)

    assert list_datasets(home) == {"demo": home.demo_data, "a_kermany": home.data / "a_kermany"}
    assert list(list_datasets(home)) == ["demo", "a_kermany"]


def test_what_is_no_dataset_or_still_being_written_is_passed_over(home: Home) -> None:
    (home.data / "weights").mkdir(parents=True)
    (home.data / "notes.txt").touch()
    FAKES["siim_covid19"](home.data / ".demo.0123.partial")

    assert list_datasets(home) == {}


def test_an_added_folder_stays_on_the_shelf(home: Home, kermany_folder: Path) -> None:
    assert add_dataset(home, kermany_folder) == kermany_folder.resolve()
    assert add_dataset(home, kermany_folder) == kermany_folder.resolve()

    assert list_datasets(Home(home.folder)) == {"chest_xray": kermany_folder.resolve()}


def test_a_folder_that_is_gone_is_passed_over_until_it_is_back(
    home: Home, kermany_folder: Path
) -> None:
    add_dataset(home, kermany_folder)
    kermany_folder.rename(kermany_folder.with_name("unplugged"))
    assert list_datasets(home) == {}

    kermany_folder.with_name("unplugged").rename(kermany_folder)
    assert list(list_datasets(home)) == ["chest_xray"]


def test_folders_of_one_name_are_told_apart(home: Home, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("old/data", "new/data", "more/new/data")]
    for folder in folders:
        FAKES["kermany"](folder)
        add_dataset(home, folder)

    assert list_datasets(home) == dict(zip(["data", "new/data", "new/data'"], folders, strict=True))


def test_folders_added_at_once_are_all_kept(home: Home, tmp_path: Path) -> None:
    folders = [tmp_path / f"set{i}" for i in range(6)]
    for folder in folders:
        FAKES["kermany"](folder)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda folder: add_dataset(home, folder), folders))

    assert sorted(list_datasets(home)) == [folder.name for folder in folders]
    assert not list(home.folder.glob("*.partial"))


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_what_is_no_dataset_is_refused_and_not_listed(
    name: str, home: Home, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(DatasetError, match=name):
        add_dataset(home, tmp_path / name)

    assert not (home.folder / "datasets.json").exists()


def test_where_roots_are_set_nothing_outside_them_is_added(
    home: Home, tmp_path: Path, kermany_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = tmp_path / "allowed"
    FAKES["kermany"](allowed / "inside")
    (allowed / "way_out").symlink_to(kermany_folder)
    monkeypatch.setenv("XRAY_DATA_ROOTS", os.pathsep.join([str(tmp_path / "x"), str(allowed)]))

    add_dataset(home, allowed / "inside")
    for outside in (kermany_folder, allowed / "way_out", allowed / ".." / "chest_xray"):
        with pytest.raises(DatasetError, match=f"outside the folders .*{allowed}"):
            add_dataset(home, outside)

    assert list(list_datasets(home)) == ["inside"]


def test_what_lies_outside_the_roots_is_refused_before_it_is_looked_at(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a folder exists is nobody's business who may not read it."""
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "allowed"))

    with pytest.raises(DatasetError, match="outside the folders"):
        add_dataset(home, tmp_path / "does-not-exist")


@pytest.mark.parametrize("text", ["{", "[1]", "3"])
def test_a_damaged_list_is_an_error_that_says_what_to_do(
    text: str, home: Home, kermany_folder: Path
) -> None:
    home.folder.mkdir()
    (home.folder / "datasets.json").write_text(text)

    with pytest.raises(DatasetError, match=r"datasets\.json is damaged: .* Mend or delete it"):
        list_datasets(home)
    with pytest.raises(DatasetError, match="damaged"):
        add_dataset(home, kermany_folder)
    assert (home.folder / "datasets.json").read_text() == text


def test_a_disk_that_refuses_leaves_the_list_as_it_was(
    home: Home, tmp_path: Path, kermany_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(home, kermany_folder)
    FAKES["kermany"](tmp_path / "second")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(DatasetError, match="cannot be written to: No space left"):
        add_dataset(home, tmp_path / "second")

    stored = json.loads((home.folder / "datasets.json").read_bytes())
    assert stored == [str(kermany_folder.resolve())]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been started."""
    started: list[list[str]] = []

    def start(command: list[str], log: Path) -> str:
        started.append(command)
        return "0:0"  # the handle of nobody

    monkeypatch.setattr(shelf, "start_detached", start)
    return started


def test_the_demo_is_drawn_by_a_process_of_its_own(home: Home, started: list[list[str]]) -> None:
    start_drawing_demo(home)

    [command] = started
    assert command[3:] == ["demo", str(home.demo_data), "--images", "600"]


def test_the_demo_is_drawn_once(home: Home, started: list[list[str]]) -> None:
    home.data.mkdir(parents=True)
    with FileLock(lock_of(home.demo_data)):
        assert is_drawing_demo(home)
        start_drawing_demo(home)
    assert not is_drawing_demo(home)

    make_demo(home)
    start_drawing_demo(home)

    assert started == []


def test_however_many_come_first_at_once_one_process_draws(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is slow to take its lock, as Python is slow to start."""
    started: list[str] = []

    def start(command: list[str], log: Path) -> str:
        time.sleep(0.05)
        sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
        started.append(start_detached(sleep, tmp_path / "log.txt"))
        return started[-1]

    monkeypatch.setattr(shelf, "start_detached", start)
    try:
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: start_drawing_demo(home), range(200)))
        assert len(started) == 1
        assert is_drawing_demo(home)
    finally:
        for handle in started:
            terminate(handle, kill=True)

    while is_alive(started[0]):
        time.sleep(0.01)
    assert not is_drawing_demo(home), "one that was killed is drawn by the next visitor"


def test_visitors_of_several_processes_start_one_that_draws(home: Home, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from xray_core.datasets import shelf\n"
        "from xray_core.home import Home; from xray_core.processes import own_handle\n"
        "folder, me = Path(sys.argv[1]), sys.argv[2]\n"
        "def start(command, log):\n"
        "    time.sleep(0.2); (folder / f'{me}.started').touch(); return own_handle()\n"
        "shelf.start_detached = start\n"
        "(folder / f'{me}.ready').touch()\n"
        "while not (folder / 'go').exists(): time.sleep(0.001)\n"
        "time.sleep(0.1 * (me == 'b'))  # it comes while the other one starts its process\n"
        "shelf.start_drawing_demo(Home(folder / 'home'))\n"
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


def test_the_films_of_an_unfinished_demo_are_counted(home: Home) -> None:
    counts = []
    write_phantom_dataset(
        home.demo_data, 5, size=64, progress=lambda *_: counts.append(count_drawn(home))
    )

    assert max(counts) > 0
    assert count_drawn(home) == 0  # it is finished: nothing is on the way


def test_a_union_may_not_lead_out_of_the_allowed_folders(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    union = tmp_path / "union"
    FAKES["siim_radiography"](union)  # its members lie beside it
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(union))

    with pytest.raises(DatasetError, match="outside the folders that this app may read"):
        add_dataset(home, union)

    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path))
    assert add_dataset(home, union) == union
