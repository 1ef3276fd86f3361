"""A training on several findings at once, from the data to the report, killed and not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.training.blobs import FINDINGS, write_blobs
from tests.training.test_resume import Killed, check_same_log
from tests.training.tiny import as_it_was
from xray_core.evaluation import report_run
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.evaluation.findings import known_loss
from xray_core.evaluation.multilabel import read_thresholds, states_of
from xray_core.explain.predict_files import predict_images
from xray_core.jobs.submit import check_recipe
from xray_core.recipes import PUBLISHED, Recipe, change_recipe
from xray_core.runs import Run, create_run
from xray_core.runs.curves import read_curve
from xray_core.runs.index import run_table
from xray_core.tasks import label_in_words
from xray_core.training import recorder, runner
from xray_core.training.describe import describe_recipe
from xray_core.training.recorder import Recorder
from xray_core.workspace import Workspace

CLASSES = sorted(FINDINGS)  # as the model's outputs are ordered
CHANGES = {
    "task": "folder_findings",
    "preprocess.size": 32,
    "phases.train.epochs": 6,
    "phases.train.learning_rate": 0.01,
    "batch_size": 8,
    "split.validation": 0.25,
    "split.test": 0.25,
    "class_weights": "none",
    "augment.brightness_min": 1,
    "augment.brightness_max": 1,
}


def build_small(name: str, n_classes: int, size: int, *_: Any, **options: Any) -> Any:
    """Build a network that sees blobs and bars, in no time."""
    assert options == {"multilabel": True}
    image = keras.Input((size, size, 1), name="image")
    x = keras.layers.Rescaling(1 / 64, offset=-100 / 64)(image)
    x = keras.layers.Conv2D(8, 5, strides=2, activation="relu")(x)
    x = keras.layers.GlobalMaxPooling2D(name="features")(keras.layers.Conv2D(8, 3)(x))
    x = keras.layers.Dropout(0.1)(x)
    return keras.Model(
        image, keras.layers.Dense(n_classes, activation="sigmoid", name="probabilities")(x)
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    home = Workspace(tmp_path_factory.mktemp("several"))
    write_blobs(home.folder / "blobs")
    return home


def recipe_for(workspace: Workspace, **changes: Any) -> Recipe:
    recipe = change_recipe(PUBLISHED["demo_cnn"], CHANGES | changes)
    return check_recipe(recipe, workspace.folder / "blobs", workspace)


def train(recipe: Recipe, workspace: Workspace) -> Run:
    run = create_run(recipe, workspace.runs)
    with as_it_was(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "build_model", build_small)
        state = runner.train_run(run, workspace)
    assert state == "done", run.read_status().message
    return run


@pytest.fixture(scope="module")
def whole(workspace: Workspace) -> Run:
    return train(recipe_for(workspace), workspace)


def test_two_findings_are_learnt_and_a_third_is_masked(whole: Run) -> None:
    report = whole.read_report()

    rows = {row["class"]: row for row in report["per_class"]}
    assert list(rows) == report["classes"] == CLASSES
    assert min(rows[name]["auc"]["value"] for name in ("Bar", "Blob")) > 0.9
    assert report["metrics"]["auc"]["value"] == pytest.approx(
        np.mean([row["auc"]["value"] for row in rows.values()])
    )
    for name, row in rows.items():
        assert row["n"] + row["n_absent"] + row["n_unknown"] == report["n"]
        assert (row["n_unknown"] > 0) == (name == "Rare")
        assert 0 <= row["auc"]["low"] <= row["auc"]["value"] <= row["auc"]["high"] <= 1
    assert set(report["roc"]) == set(CLASSES)
    assert report["error_analysis"]["levels"][0]["name"] == "training"
    assert "confusion" not in report
    assert "majority" not in report
    assert report_run(whole) == report


def test_every_line_and_table_says_the_same(whole: Run) -> None:
    split, predictions = whole.read_split(), whole.read_predictions()
    line = [line for line in whole.read_metrics() if line["kind"] == "epoch"][-1]
    validation = whole.read_validation(line["epoch"])
    truth = split.set_index("image_id").loc[validation["image_id"]]
    values = validation[[f"p_{name}" for name in CLASSES]].to_numpy("float64")
    states = states_of(truth, CLASSES)

    assert line["val_loss"] == pytest.approx(known_loss(states, values), abs=1e-5)
    assert [sum(counts) for counts in line["finding_counts"]] == (states >= 0).sum(0).tolist()
    assert line["n_validation"] == len(values) == read_curve(whole).n
    assert line["val_auc"] == pytest.approx(np.mean(line["finding_auc"]), abs=1e-5)
    assert not {"confusion", "recall"} & set(line)
    assert all(0 <= one["accuracy"] <= 1 for one in whole.read_metrics())

    chosen = read_thresholds(whole)
    assert chosen is not None
    assert (chosen["rule"], chosen["chosen_on"]) == ("youden", "validation")
    called = predictions[[f"p_{name}" for name in CLASSES]].to_numpy("float64") >= [
        chosen["thresholds"][name] for name in CLASSES
    ]
    assert predictions["predicted"].tolist() == label_in_words(called, CLASSES).tolist()
    assert set(split["class"]) <= {"none", "|".join(CLASSES)} | set(predictions["actual"]) | set(
        split.loc[split["subset"] == "training", "class"]
    )
    assert set(predictions.loc[predictions["y_Rare"].isna(), "actual"]) <= {
        *("none", "Bar", "Blob", "Bar|Blob")
    }
    notes = whole.read_data()
    assert notes["n_images"] == split["subset"].value_counts().to_dict()
    assert notes["unknown"]["training"]["Rare"] > notes["subsets"]["training"]["Rare"] > 0
    assert any("unknown whether Rare" in words for words in notes["left_out"])
    [row] = run_table(Workspace(whole.folder.parents[1])).query("name == @whole.name").itertuples()
    assert row.multilabel
    assert row.val_auc == whole.read_report()["validation"]["metrics"]["auc"]["value"]


def test_its_training_is_checked_and_its_network_answers_images(whole: Run) -> None:
    assert {result.kind for result in diagnose_run(whole)} <= {"small_validation"}
    predictions = whole.read_predictions().iloc[:3]
    split = whole.read_split().set_index("image_id")
    data = Path(whole.read_recipe().data_folder)

    answered = predict_images(whole, [data / split.loc[i, "path"] for i in predictions["image_id"]])

    assert answered["predicted"].tolist() == predictions["predicted"].tolist()
    columns = [f"p_{name}" for name in CLASSES]
    np.testing.assert_allclose(answered[columns], predictions[columns], rtol=0, atol=1e-5)


def test_a_killed_training_ends_as_one_that_was_not(
    whole: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, killed = Recorder.on_train_batch_end, False
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", 0.0)
    run = create_run(recipe_for(workspace), workspace.runs)

    def record_or_die(self: Recorder, batch: int, logs: Any = None) -> None:
        nonlocal killed
        if not killed and len(run.read_metrics()) >= 15:
            killed = True
            raise Killed
        record(self, batch, logs)

    monkeypatch.setattr(Recorder, "on_train_batch_end", record_or_die)
    monkeypatch.setattr(runner, "build_model", build_small)
    with as_it_was():
        with pytest.raises(Killed):
            runner.train_run(run, workspace)
        run.write_status(replace(run.read_status(), state="queued"))
        assert runner.train_run(run, workspace) == "done"

    check_same_log(run, whole)
    columns = [f"p_{name}" for name in CLASSES]
    has, had = (one.read_predictions()[columns].to_numpy() for one in (run, whole))
    np.testing.assert_allclose(has, had, rtol=0, atol=1e-6)


def test_weights_focus_smoothing_and_mixing_are_trained_without_a_nan(
    workspace: Workspace,
) -> None:
    changes = {
        "class_weights": "balanced",
        "loss": "focal",
        "label_smoothing": 0.1,
        "mixup": 0.2,
        "phases.train.epochs": 1,
    }

    run = train(recipe_for(workspace, **changes), workspace)

    lines = run.read_metrics()
    assert np.isfinite([line["loss"] for line in lines]).all()
    assert run.read_report()["multilabel"]


def test_what_it_costs_is_measured_with_the_outputs_that_it_has(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_core.training.describe.build_model", build_small)

    answer = describe_recipe(recipe_for(workspace))

    assert answer["layers"][-1]["shape"] == [len(CLASSES)]
