"""What `import xray_core` gives: light to import, whole, and the notebook that shows it runs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import xray_core
from tests.jobs.fake_training import fake_command
from tests.training.tiny import Finished
from xray_core import api
from xray_core.jobs import launchers
from xray_core.runs import Run, Status, list_runs
from xray_core.workspace import Workspace

PROJECT = Path(__file__).parents[1]
NOTEBOOK = PROJECT / "docs" / "library.ipynb"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    return Workspace(tmp_path / "home")


@pytest.fixture
def behave(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The behaviours of the trainings to come, which are fake; see `tests.jobs.fake_training`."""
    behaviours: list[str] = []

    def create_run(*arguments: object) -> Run:
        run = create(*arguments)  # type: ignore[arg-type]
        (run.folder / "behaviour").write_text(behaviours.pop(0))
        return run

    create = api.create_run
    monkeypatch.setattr(api, "create_run", create_run)
    monkeypatch.setattr(launchers, "xray_command", fake_command)
    monkeypatch.setattr(api, "POLL", 0.02)
    yield behaviours
    assert not behaviours


def test_to_import_it_is_to_import_nothing_else() -> None:
    code = (
        "import sys, xray_core\n"
        "assert [n for n in sys.modules if n.startswith('xray_core')] == ['xray_core']\n"
        "assert not {'pandas', 'numpy', 'keras', 'psutil'} & set(sys.modules)\n"
        "from xray_core import *\n"
        "assert 'siim_study' in TASKS and 'demo_cnn' in RECIPES\n"
        "assert not {'keras', 'tensorflow', 'sklearn', 'streamlit'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_what_it_names_is_there_is_listed_and_is_explained() -> None:
    assert xray_core.__all__ == api.__all__
    assert set(xray_core.__all__) <= set(dir(xray_core))
    for name in xray_core.__all__:
        assert getattr(xray_core, name) is getattr(api, name)
        assert getattr(xray_core, name).__doc__
    with pytest.raises(AttributeError, match="'xray_core' has no attribute 'trian'"):
        xray_core.trian  # noqa: B018


def test_every_name_is_in_the_docs() -> None:
    text = (PROJECT / "docs" / "library.md").read_text(encoding="utf-8")

    assert [name for name in xray_core.__all__ if f"`{name}" not in text] == []


def test_a_dataset_is_read_into_the_workspace_that_is_asked_for(
    siim_folder: Path, home: Workspace, tmp_path: Path
) -> None:
    catalog = xray_core.open_dataset(str(siim_folder))
    xray_core.open_dataset(siim_folder, workspace=str(tmp_path / "other"))

    assert len(catalog.images) == 5
    assert (home.cache / "catalogs").is_dir()
    assert (tmp_path / "other" / "cache" / "catalogs").is_dir()


def test_an_image_is_read_by_its_path_as_text(siim_folder: Path) -> None:
    path = next(siim_folder.rglob("*.png"))

    image = xray_core.read_image(str(path))

    assert (image.ndim, image.dtype) == (2, np.uint8)
    with pytest.raises(xray_core.XrayError, match=r"gone\.png"):
        xray_core.read_image("gone.png")


def test_a_training_is_waited_for_and_its_run_is_returned(
    siim_folder: Path, home: Workspace, behave: list[str]
) -> None:
    behave.append("done")
    seen: list[Status] = []

    run = xray_core.train("demo_cnn", str(siim_folder), {"batch_size": 4}, progress=seen.append)

    assert [one.name for one in list_runs(home.runs)] == [run.name]
    assert run.read_recipe().batch_size == 4
    assert run.read_recipe().data_folder == str(siim_folder.resolve())
    assert run.read_status().state == seen[-1].state == "done"
    assert len(seen) == len(set(seen)), "told although nothing had changed"


def test_a_recipe_of_ones_own_is_trained_in_the_workspace_that_is_asked_for(
    siim_folder: Path, home: Workspace, behave: list[str], tmp_path: Path
) -> None:
    behave += ["done", "done"]
    mine = xray_core.change_recipe(xray_core.RECIPES["demo_cnn"], {"seed": 7})
    (tmp_path / "mine.json").write_text(mine.to_json(), encoding="utf-8")

    for recipe in (mine, tmp_path / "mine.json"):
        run = xray_core.train(recipe, siim_folder, workspace=tmp_path / "other")
        assert run.read_recipe().seed == 7
        assert run.folder.parent == tmp_path / "other" / "runs"

    assert not home.runs.exists()


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [("vanish", "Its process is gone: killed"), ("die", "Its process ended before it began")],
)
def test_a_training_that_fails_is_an_error_that_names_its_log(
    behaviour: str, message: str, siim_folder: Path, home: Workspace, behave: list[str]
) -> None:
    behave.append(behaviour)

    with pytest.raises(xray_core.XrayError, match=message) as caught:
        xray_core.train("demo_cnn", siim_folder)

    [run] = list_runs(home.runs)
    assert str(run.log_path) in str(caught.value)


def test_what_cannot_be_trained_is_refused_before_a_run_is_made(
    siim_folder: Path, home: Workspace
) -> None:
    for recipe, changes, message in (
        ("demo", {}, "Unknown recipe 'demo'"),
        ("gone.json", {}, "no recipe file"),
        ("demo_cnn", {"batch_size": 0}, "batch_size is 0"),
    ):
        with pytest.raises(xray_core.XrayError, match=message):
            xray_core.train(recipe, siim_folder, changes)

    assert not home.runs.exists()


def test_an_interruption_stops_the_training_before_it_goes_on(
    siim_folder: Path, home: Workspace, behave: list[str]
) -> None:
    behave.append("wait")

    def interrupt(status: Status) -> None:
        if status.state == "running" and not interrupted:
            interrupted.append(status)
            raise KeyboardInterrupt

    interrupted: list[Status] = []

    with pytest.raises(KeyboardInterrupt):
        xray_core.train("demo_cnn", siim_folder, progress=interrupt)

    [run] = list_runs(home.runs)
    assert run.read_status().state == "stopped"


def test_a_run_is_evaluated_by_itself_or_by_its_name(finished: Finished) -> None:
    report = xray_core.evaluate(finished.run)

    assert report == finished.answer["report"]
    named = xray_core.evaluate(finished.run.name, workspace=finished.workspace.folder)
    assert named == report
    with pytest.raises(xray_core.XrayError, match="There is no run 'gone'"):
        xray_core.evaluate("gone", workspace=finished.workspace.folder)


@pytest.mark.slow
def test_the_notebook_is_ten_lines_that_run(
    home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    assert len(list(filter(None, lines))) <= 10
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    exec("\n".join(lines), names)

    [run] = list_runs(home.runs)
    assert names["report"] == run.read_report()["validation"]  # its test set is closed
    assert run.read_report()["n"] > 0
