"""Take away on Evaluate, and the import of a run on Runs."""

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from pages.evaluate.take_away_files import PARTS, make_file
from pages.runs import import_run as dialog
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import export_at_once, fake_run, write_report
from tests.pages.finding_runs import fake_findings_run
from tests.pages.shown import list_visible
from tests.pages.test_names import names_on
from xray_core.errors import RunError
from xray_core.exports.run import pack, write_run
from xray_core.exports.run.material import read_material
from xray_core.runs import Run, list_runs
from xray_core.workspace import Workspace

TAB = "Take away"


@pytest.fixture
def run(workspace: Workspace) -> Run:
    run = fake_run(workspace, "done")
    write_report(run, workspace, "validation")
    return run


def words_of(app: AppTest) -> str:
    return " ".join(text for _, text in list_visible(app))


def buttons_of(app: AppTest) -> list[str]:
    return [one.proto.label for one in app.get("download_button")]


@pytest.mark.parametrize("make", [fake_run, fake_findings_run])
def test_the_tab_offers_each_part_and_says_which_are_not_there(
    make: object, run: Run, workspace: Workspace, open_page: OpenPage
) -> None:
    if make is fake_findings_run:
        run = fake_findings_run(workspace, "done", subset="validation")
    run.best_checkpoint.parent.mkdir(exist_ok=True)
    run.best_checkpoint.write_bytes(b"weights")

    app = open_page("evaluate", run=run.name, result=TAB)

    titles = [label.split("**")[1] for label in buttons_of(app) if "**" in label]
    assert titles == [part.title for name, part in PARTS.items() if name != "checkpoint"]
    assert "has no last.npz yet" in words_of(app)
    assert "It holds the predictions on the test set, also while that is closed" in words_of(app)
    assert not names_on(app)
    assert not app.exception


def test_files_are_made_when_they_are_asked_for(run: Run, workspace: Workspace) -> None:
    run.write_table("split.parquet", run.read_predictions().assign(path="x.png", **{"class": "a"}))
    material = read_material(run, workspace)

    assert make_file(PARTS["csv"], material).startswith(b"\xef\xbb\xbfimage_id,")
    with zipfile.ZipFile(io.BytesIO(make_file(PARTS["notebook"], material))) as packed:
        assert packed.namelist() == [
            *("notebook.ipynb", "predictions.csv", "predictions.parquet"),
            *("train.py", "split.csv"),
        ]
        assert json.loads(packed.read("notebook.ipynb"))["nbformat"] == 4


def test_the_zip_is_made_by_a_process_and_offered(
    run: Run, workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_at_once(monkeypatch)
    monkeypatch.setattr(pack, "DOCUMENTS", {})
    app = open_page("evaluate", run=run.name, result=TAB)
    [make] = [one for one in app.button if one.label == "Make the zip"]

    make.click().run(timeout=30)

    assert any(label.startswith("Download the zip (") for label in buttons_of(app))
    [file] = workspace.exports.glob("*.zip")
    assert zipfile.is_zipfile(file)


def test_a_run_is_imported_from_an_upload_or_a_path(
    run: Run, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "DOCUMENTS", {})
    run.write_table("split.parquet", run.read_predictions().assign(path="x.png", **{"class": "a"}))
    file = write_run(run, workspace, tmp_path / "run.zip").file
    content = file.read_bytes()
    upload = SimpleNamespace(name="run.zip", size=len(content), getvalue=lambda: content)

    uploaded = dialog._import(workspace, upload, "", None)
    typed = dialog._import(workspace, None, f'"{file}"', None)

    assert [one.name for one in list_runs(workspace.runs)] == [
        *(typed.run.name, uploaded.run.name, run.name)
    ]
    assert not list((workspace.cache / "uploads").iterdir())
    with pytest.raises(RunError, match="Choose a zip, or type its path"):
        dialog._import(workspace, None, " ", None)
    with pytest.raises(RunError, match="Type its path instead"):
        dialog._import(workspace, SimpleNamespace(name="run.zip", size=10**9), "", None)


def test_runs_has_the_button_with_and_without_runs(
    workspace: Workspace, open_page: OpenPage
) -> None:
    assert "Import a run" in [one.label for one in open_page("runs").button]
    fake_run(workspace, "done")
    assert "Import a run" in [one.label for one in open_page("runs").button]
