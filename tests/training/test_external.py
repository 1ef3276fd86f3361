"""A finished run on another dataset: its own images left out, everything counted, whole or not."""

import io
import json
import shutil
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.datasets.fakes import fake_kermany
from tests.run_files import report_of
from tests.training import blobs
from tests.training.tiny import Finished
from xray_core import cli
from xray_core.datasets import open_dataset
from xray_core.errors import LabelError, RecipeError, RunError
from xray_core.evaluation import build_report
from xray_core.evaluation.external import check_columns, check_finished, choose_images
from xray_core.explain.predict_files import predict_images
from xray_core.jobs.submit import check_recipe
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run, Status, create_run
from xray_core.runs.external import list_externals, read_notes
from xray_core.runs.opening import OPENED
from xray_core.splits import split_catalog
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.tasks import class_of, encode_catalog, find_task
from xray_core.tasks.matching import find_match
from xray_core.training.external import evaluate_external
from xray_core.workspace import Workspace

N_NEW, N_COPIES = 24, 3


@pytest.fixture(scope="module")
def finished(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The training of all tests in a workspace of these alone: they write into its folder."""
    folder = tmp_path_factory.mktemp("own") / "workspace"
    shutil.copytree(finished.workspace.folder, folder)
    workspace = Workspace(folder)
    run = Run(workspace.runs / finished.run.name)
    return replace(finished, run=run, workspace=workspace)


@pytest.fixture(scope="module")
def hospital(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the classes Normal, Opacity and Device: new images, and copies of trained ones.

    One of the new images is cut off.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    write_synthetic_dataset(folder / "drawn", N_NEW, size=64, seed=5)
    catalog = open_dataset(folder / "drawn", folder / "cache")
    classes = class_of(encode_catalog(catalog, find_task("siim_opacity")))
    names = {"no opacity": "Normal", "opacity": "Opacity"}
    for number, (row, label) in enumerate(classes.items()):
        place = folder / "hospital" / names[label] / f"new{number}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(catalog.root / catalog.images.loc[row, "path"], place)
    (cut := place).write_bytes(cut.read_bytes()[:200])
    split = finished.run.read_split()
    trained = split[(split["subset"] == "training") & (split["class"] == "opacity")]
    for number, path in enumerate(trained["path"].head(N_COPIES)):
        shutil.copy(finished.data / path, folder / "hospital/Opacity" / f"copy{number}.jpg")
    (folder / "hospital/Device").mkdir()
    shutil.copy(finished.data / trained["path"].iloc[-1], folder / "hospital/Device/x.jpg")
    return folder / "hospital"


@pytest.fixture(scope="module")
def answer(finished: Finished, hospital: Path) -> dict[str, Any]:
    """What `evaluate --data --json` prints."""
    arguments = ["evaluate", finished.run.name, "--data", str(hospital), "--json"]
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setenv("XRAY_HOME", str(finished.workspace.folder))
        patch.setattr("xray_core.cli.external.lower_priority", lambda: None)
        assert cli.main(arguments) == 0
    return dict(json.loads(printed.getvalue()))


def test_a_run_is_evaluated_elsewhere_and_what_it_has_learned_from_is_left_out(
    finished: Finished, hospital: Path, answer: dict[str, Any]
) -> None:
    place = Run(Path(answer["results"]))
    notes, report, table = read_notes(place), place.read_report(), place.read_predictions()

    assert notes["classes"] == {"Normal": "no opacity", "Opacity": "opacity"}
    assert sum(notes["counts"].values()) == len(table) == N_NEW
    assert notes["seen"] == {"trained": N_COPIES, "chosen": 0, "patients": 0}
    assert [words.partition(":")[0] for words in notes["left_out"]] == [
        "1 images of “Device” are left out",
        f"{N_COPIES} images are left out",
    ]
    assert [Path(row["path"]).name for row in notes["unreadable"]] == [f"new{N_NEW - 1}.jpg"]
    assert report["n"] == N_NEW - 1
    assert report["left_out"] == [table.loc[table["predicted"].isna(), "image_id"].item()]
    majority = report["majority"]["class"]
    assert json.loads(json.dumps(build_report(table, majority))) == report
    assert answer["report"] == report
    # The very preprocessing and network of the run.
    kept = table.dropna().iloc[:2]
    paths = [hospital / f"{name}.jpg" for name in kept["image_id"]]
    again = predict_images(finished.run, paths)
    np.testing.assert_allclose(kept["p_opacity"], again["p_opacity"], atol=1e-5)


def test_the_same_question_replaces_its_answer_and_another_stands_beside_it(
    finished: Finished, hospital: Path, answer: dict[str, Any]
) -> None:
    before = [place.name for place in list_externals(finished.run)]
    left = finished.run.folder / "external" / ".killed.partial"
    left.mkdir()
    steps: list[tuple[int, int]] = []

    again = evaluate_external(finished.run, hospital, finished.workspace)
    kept = evaluate_external(
        finished.run,
        hospital,
        finished.workspace,
        by_hand={"device": "opacity"},
        keep_seen=True,
        progress=lambda *step: steps.append(step),
    )
    catalog = open_dataset(hospital, finished.workspace.cache)
    match = find_match(catalog, ("no opacity", "opacity"))
    few = choose_images(finished.run, catalog, match, finished.workspace, n_images=8)

    assert again.name == answer["external"]
    assert not left.exists()  # of a process that was killed
    # With the device, which is a copy as well.
    assert len(kept.read_predictions()) == N_NEW + N_COPIES + 1
    assert read_notes(kept)["seen"]["trained"] == N_COPIES + 1
    assert read_notes(kept)["reasons"]["Device"] == "said by hand"
    assert 5 <= len(few.rows) <= 11
    assert set(few.rows["class"]) == {"opacity", "no opacity"}
    assert any(words.startswith(f"A sample of {len(few.rows)} of") for words in few.remarks)
    names = {place.name for place in list_externals(finished.run)}
    assert names == {*before, again.name, kept.name}
    assert steps[-1][0] == steps[-1][1]
    assert all(done <= total for done, total in steps)


def test_its_own_images_are_refused_while_its_test_set_is_closed(
    finished: Finished, tmp_path: Path
) -> None:
    closed, copy = Workspace(tmp_path / "home"), tmp_path / "copy"
    run = Run(closed.runs / finished.run.name)
    shutil.copytree(finished.run.folder, run.folder, ignore=shutil.ignore_patterns("external"))
    (run.folder / OPENED).unlink(missing_ok=True)
    copy.symlink_to(finished.data)
    for folder, keep_seen in ((finished.data, False), (finished.data, True), (copy, False)):
        with pytest.raises(RunError, match="own test set, which is closed"):
            evaluate_external(run, folder, closed, keep_seen=keep_seen)


def test_a_run_without_a_result_and_data_without_its_classes_or_columns_are_refused(
    finished: Finished, hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_kermany(tmp_path / "kermany")
    run = Run(tmp_path / "run")
    run.write_status(Status("running"))
    catalog = open_dataset(hospital, finished.workspace.cache)
    recipe = finished.run.read_recipe()
    object.__setattr__(recipe, "tabular", ("age", "gender"))  # as of a network that takes them

    assert cli.main(["evaluate", "any", "--n-images", "3"]) == 2
    assert "name it with --data" in capsys.readouterr().err
    with pytest.raises(RunError, match="no result and weights yet"):
        check_finished(run)
    with pytest.raises(RecipeError, match=r"hospital knows age, gender of none"):
        check_columns(recipe, catalog)
    with pytest.raises(LabelError, match=r"no opacity, opacity.*normal, pneumonia"):
        evaluate_external(finished.run, tmp_path / "kermany", finished.workspace)


def test_the_mean_over_mirrored_images_and_the_calibration_are_those_of_the_run(
    finished: Finished, hospital: Path, tmp_path: Path
) -> None:
    run = Run(tmp_path / "runs" / "mirrored")
    shutil.copytree(finished.run.folder, run.folder, ignore=shutil.ignore_patterns("external"))
    recipe = json.loads((run.folder / "recipe.json").read_text("utf-8"))
    run.write_json("recipe.json", recipe | {"test_time_augmentation": True})
    run.write_json("calibration.json", {"scale": 0.5, "bias": [0.0, 1.0]})

    table = evaluate_external(run, hospital, finished.workspace).read_predictions().dropna()

    path = hospital / f"{table['image_id'].iloc[0]}.jpg"
    expected = predict_images(run, [path]).iloc[0]
    assert table["p_opacity"].iloc[0] == pytest.approx(expected["p_opacity"], abs=1e-5)
    plain = predict_images(finished.run, [path]).iloc[0]
    assert abs(expected["p_opacity"] - plain["p_opacity"]) > 1e-3


def test_a_run_on_several_findings_is_called_at_its_own_thresholds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "home")
    blobs.write_blobs(tmp_path / "own", 40)
    monkeypatch.setattr(blobs, "FINDINGS", ("Blob", "bar", "Odd"))
    blobs.write_blobs(tmp_path / "other", 50)
    run = write_untrained(tmp_path / "own", workspace)
    thresholds = {"Bar": 0.4, "Blob": 0.6, "Rare": 0.5}
    chosen = {"rule": "youden", "chosen_on": "validation", "thresholds": thresholds, "fallback": []}
    run.write_json("thresholds.json", chosen)

    place = evaluate_external(run, tmp_path / "other", workspace)
    report, table, notes = place.read_report(), place.read_predictions(), read_notes(place)
    other = open_dataset(tmp_path / "other", workspace.cache)

    assert notes["classes"] == {"Blob": "Blob", "bar": "Bar"}
    odd = (targets := encode_catalog(other, find_task("folder_findings")))["Odd"].eq(1).sum()
    assert (
        f"“Odd”, on {odd:,} images, is not evaluated: the run has no such class."
        in (notes["left_out"])
    )
    assert not any("unknown whether Odd" in words for words in notes["left_out"])
    # Of what is left nothing is known where neither of the two is said.
    n_unknown = int(targets[["Blob", "bar"]].isna().all(axis=1).sum())
    lost = f"{n_unknown:,} images are left out: no class of the run is known of them."
    assert (lost in notes["left_out"]) == (n_unknown > 0)
    assert not report["chosen_here"]
    rows = {row["class"]: row for row in report["per_class"]}
    assert rows["Rare"]["n"] == rows["Rare"]["n_absent"] == 0  # the dataset says nothing of it
    assert rows["Rare"]["auc"]["value"] is None
    assert report["metrics"]["auc"]["value"] == pytest.approx(
        (rows["Bar"]["auc"]["value"] + rows["Blob"]["auc"]["value"]) / 2
    )
    assert report["n"] == 50 == rows["Bar"]["n"] + rows["Bar"]["n_absent"]
    called = table["predicted"].str.split("|").map(lambda names: "Bar" in names)
    assert (called == (table["p_Bar"] >= 0.4)).all()
    assert notes["counts"]["Blob"] == rows["Blob"]["n"] > 0


def write_untrained(data: Path, workspace: Workspace) -> Run:
    """Write what a finished run on several findings has, its network as it was drawn."""
    recipe = change_recipe(
        PUBLISHED["demo_cnn"], {"task": "folder_findings", "preprocess.size": blobs.SIDE}
    )
    run = create_run(check_recipe(recipe, data, workspace), workspace.runs)
    catalog = open_dataset(data, workspace.cache)
    targets = encode_catalog(catalog, find_task("folder_findings"))
    run.write_table("split.parquet", split_catalog(catalog, targets, recipe.split))
    run.write_json("report.json", report_of([[3, 1], [1, 9]], ["Bar", "Blob"]))
    keras.utils.set_random_seed(0)
    image = keras.Input((blobs.SIDE, blobs.SIDE, 1), name="image")
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(image))
    answer = keras.layers.Dense(3, activation="sigmoid", name="probabilities")(x)
    run.best_checkpoint.parent.mkdir(parents=True, exist_ok=True)
    keras.Model(image, answer).save(run.best_checkpoint)
    return run
