"""What a run says of images of the user: by the app's question, and by the command line."""

import csv
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.training.tiny import Finished
from xray_core import cli
from xray_core.cli.predict import list_images, sort_by_risk
from xray_core.errors import RecipeError, RunError
from xray_core.evaluation.conformal import Conformal, read_conformal
from xray_core.evaluation.nearest import read_features
from xray_core.explain.answers.predict import answer_predict
from xray_core.explain.capture import find_last_map
from xray_core.explain.features import compute_features
from xray_core.explain.loaded import load_run
from xray_core.preprocess.images import read_preprocessed
from xray_core.preprocess.uploads import read_uploads
from xray_core.runs import Run
from xray_core.runs.always_open import write_always_open
from xray_core.runs.members import list_specs
from xray_core.runs.opening import OPENED
from xray_core.workspace import Workspace


def ask(workspace: Workspace, run: Run, pixels: np.ndarray, **more: Any) -> dict[str, Any]:
    arguments = {"run": run.name, "pixels": pixels, "maps": False, **more}
    return answer_predict(workspace, arguments, lambda done, total: None)


@pytest.fixture(scope="module")
def home(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a copy of the run, which may be written into."""
    workspace = Workspace(tmp_path_factory.mktemp("predict"))
    closed = shutil.ignore_patterns(OPENED)
    shutil.copytree(finished.run.folder, workspace.runs / finished.run.name, ignore=closed)
    return workspace


def read_test_images(finished: Finished, n: int = 4) -> tuple[pd.DataFrame, list[Path]]:
    """Return the run's own predictions of some test images, and their files."""
    own = finished.run.read_predictions().dropna().set_index("image_id")
    own = own[own["subset"] == "test"].iloc[:n]
    paths = finished.run.read_split().set_index("image_id")["path"]
    return own, [finished.data / paths[name] for name in own.index]


def test_the_app_gets_what_the_runs_own_table_says_and_nothing_is_written(
    finished: Finished, home: Workspace
) -> None:
    own, files = read_test_images(finished)
    run = Run(home.runs / finished.run.name)
    dropped = [(path.name, path.read_bytes()) for path in files]
    before = {path: path.stat().st_mtime_ns for path in home.folder.rglob("*")}
    told = list[tuple[int, int]]()

    prepared = [upload.prepared for upload in read_uploads(dropped, list_specs(run))]
    answer = answer_predict(
        home,
        {"run": run.name, "pixels": np.stack(prepared), "maps": True},
        lambda done, total: told.append((done, total)),
    )

    columns = ["p_no opacity", "p_opacity"]
    np.testing.assert_allclose(answer["probabilities"], own[columns], atol=1e-5)
    assert answer["predicted"] == own["predicted"].tolist()
    conformal = read_conformal(run)
    assert isinstance(conformal, Conformal)
    assert answer["sets"] == conformal.list_sets(own[columns].to_numpy("float64"))
    assert "coverage" not in answer  # nobody has opened the test set in this workspace
    assert answer["maps"].dtype == np.uint8
    assert answer["maps"].shape == (
        4,
        *find_last_map(load_run(run).model).output.shape[1:3],
    )
    assert told[0] == (0, 0)
    assert told[-1] == (8, 8)
    # The features of this run were not computed: that is said, with the way to them.
    assert not {"nearest", "distances", "unlike"} & answer.keys()
    assert f"xray features {run.name}" in answer["notes"][0]
    assert before == {path: path.stat().st_mtime_ns for path in home.folder.rglob("*")}


def test_with_features_the_nearest_training_images_are_named_in_the_same_pass(
    finished: Finished, home: Workspace
) -> None:
    run = Run(home.runs / f"{finished.run.name}-with-features")
    shutil.copytree(finished.run.folder, run.folder)
    compute_features(run, finished.workspace)
    features = read_features(run)
    assert features is not None
    split = run.read_split().set_index("image_id")
    names = split.index[split["subset"] == "training"][:3]
    files = [finished.data / split.loc[name, "path"] for name in names]
    spec = run.read_recipe().preprocess
    pixels = np.stack([read_preprocessed(path, spec) for path in files])

    answer = ask(home, run, pixels)

    assert [near[0] for near in answer["nearest"]] == list(names)
    np.testing.assert_allclose(answer["distances"][:, 0], 0, atol=2e-3)
    assert answer["unlike"] == features.is_unlike(answer["distances"]).tolist()
    assert answer["limit"] == features.limit
    assert answer["notes"] == []
    write_always_open(home, True)
    coverage = ask(home, run, pixels)["coverage"]
    write_always_open(home, False)
    assert coverage["low"] <= coverage["value"] <= coverage["high"]
    plain = ask(home, Run(home.runs / finished.run.name), pixels)
    np.testing.assert_allclose(answer["probabilities"], plain["probabilities"], atol=1e-5)


def test_what_the_network_does_not_take_is_refused(finished: Finished, home: Workspace) -> None:
    run, small = Run(home.runs / finished.run.name), np.zeros((1, 8, 8), np.uint8)
    fitting = np.zeros((1, 32, 32), np.uint8)

    with pytest.raises(RunError, match=r"prepared as \[\(1, 32, 32\)\]; given were"):
        ask(home, run, small)
    with pytest.raises(RunError, match="takes 1 to 1,000 images"):
        ask(home, run, fitting[:0])
    with pytest.raises(RunError, match="given were"):
        ask(home, run, fitting, more=[fitting])
    with pytest.raises(RecipeError, match="age was given, but"):
        ask(home, run, fitting, given={"age": "5"})


def call(home: Workspace, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setenv("XRAY_HOME", str(home.folder))
    return cli.main(["predict", *map(str, arguments)])


def test_the_command_takes_folders_patterns_and_zips_and_writes_a_worklist(
    finished: Finished,
    home: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own, files = read_test_images(finished)
    ward = tmp_path / "ward"
    (ward / "deep").mkdir(parents=True)
    shutil.copy(files[0], ward / "deep" / "a.png")
    with zipfile.ZipFile(ward / "b.zip", "w") as archive:
        archive.write(files[1], "c.png")
        archive.writestr("d.png", b"no image")
    (ward / "notes.txt").write_text("left out")
    for number, file in enumerate(files[2:]):
        shutil.copy(file, tmp_path / f"e{number}.png")
    out = tmp_path / "list.csv"
    named = (ward, tmp_path / "e*.png", "--worklist", "--csv", out)

    status = call(home, monkeypatch, finished.run.name, *named)
    said = capsys.readouterr().out

    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert status == 0
    expected = {
        str(ward / "deep" / "a.png"): own["p_opacity"].iloc[0],
        str(ward / "b.zip") + "/c.png": own["p_opacity"].iloc[1],
        str(tmp_path / "e0.png"): own["p_opacity"].iloc[2],
        str(tmp_path / "e1.png"): own["p_opacity"].iloc[3],
    }
    order = sorted(expected, key=lambda name: -expected[name])
    assert [row["path"] for row in rows] == [*order, str(ward / "b.zip") + "/d.png"]
    for row in rows[:-1]:
        assert float(row["p_opacity"]) == pytest.approx(expected[row["path"]], abs=1e-5)
    assert "is not an image" in rows[-1]["error"]
    assert "5 images: " in said
    assert "1 not read" in said
    assert "1 other file in the folders is no image and left out" in said

    assert call(home, monkeypatch, finished.run.name, tmp_path / "e*.png", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [row["path"] for row in answer] == [str(tmp_path / f"e{n}.png") for n in (0, 1)]
    assert all(set(row["set"].split("|")) <= {"opacity", "no opacity"} for row in answer)


def test_a_file_counts_once_and_a_folder_or_pattern_without_images_is_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "a[1].png").touch()

    named = [tmp_path / "a.png", tmp_path, tmp_path / "?.png", tmp_path / "a[1].png"]
    paths, n_others = list_images([str(name) for name in named])

    assert sorted(paths) == [tmp_path / "a.png", tmp_path / "a[1].png"]
    assert n_others == 0
    with pytest.raises(RecipeError, match="holds no image"):
        list_images([str(tmp_path / "empty")])
    with pytest.raises(RecipeError, match="No file fits"):
        list_images([str(tmp_path / "*.jpg")])


@pytest.mark.parametrize(
    ("columns", "multilabel", "order"),
    [
        ({"p_normal": [0.9, 0.2, 0.5], "p_a": [0.1, 0.1, 0.3], "p_b": [0.0, 0.7, 0.2]}, 0, "yzx"),
        ({"p_a": [0.9, 0.2, 0.5], "p_b": [0.1, 0.8, 0.5]}, 0, "yzx"),
        ({"p_a": [0.9, 0.2, 0.5], "p_b": [0.1, 0.8, 0.5]}, 1, "xyz"),
        ({"p_no a": [0.5, 0.5, None], "p_a": [0.5, 0.5, None]}, 0, "xyz"),
    ],
)
def test_the_worklist_begins_with_the_highest_risk(
    columns: dict[str, list[float]], multilabel: int, order: str
) -> None:
    table = pd.DataFrame({"path": list("xyz"), **columns})

    assert "".join(sort_by_risk(table, bool(multilabel))["path"]) == order
