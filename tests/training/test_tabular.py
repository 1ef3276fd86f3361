"""Tabular features: encoded without a leak, trained on, resumed, and predicted with."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.training import test_options
from tests.training.nih import CHANGES, draw_nih, tiny_dual
from tests.training.tiny import as_it_was
from xray_core import cli
from xray_core.catalog import COLUMNS, TABULAR
from xray_core.errors import RecipeError, RunError
from xray_core.evaluation import report_run
from xray_core.explain.predict_files import predict_images
from xray_core.recipes import Recipe, change_recipe
from xray_core.runs import Run, Status, create_run
from xray_core.training import recorder, runner
from xray_core.training.data import prepare_data
from xray_core.training.describe import describe_recipe
from xray_core.training.features import _changing_images
from xray_core.training.progress import Progress
from xray_core.training.recorder import Recorder
from xray_core.training.tabular import (
    FILE,
    fit_columns,
    read_columns,
    typical_length,
    write_columns,
)
from xray_core.workspace import Workspace


def table(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns).astype({name: COLUMNS[name] for name in columns})


TRAINING = table(
    age=[20, 40, 60, None],
    gender=["F", "M", "M", "F"],
    view_position=["PA", "AP", None, "PA"],
    follow_up=[3, 3, 3, 3],
)


def encode_one(**values: Any) -> dict[tuple[str, str, str], float]:
    """Return the features of one image by (column, kind, word), fitted to `TRAINING`."""
    columns = fit_columns(TRAINING, TABULAR)
    given = {name: [values.get(name)] for name in TABULAR}
    [row] = columns.encode(table(**given))
    keys = [(one.column, one.kind, one.word) for one in columns.features]
    return dict(zip(keys, row.tolist(), strict=True))


def test_a_number_is_standardised_by_the_known_training_values() -> None:
    deviation = np.std([20, 40, 60])

    assert encode_one(age=40)["age", "number", ""] == 0
    assert encode_one(age=60)["age", "number", ""] == pytest.approx(20 / deviation)
    assert encode_one(age=60)["age", "missing", ""] == 0
    encoded = fit_columns(TRAINING, ["age"]).encode(TRAINING)[:3, 0]
    assert (encoded.mean(), encoded.std()) == pytest.approx((0, 1), abs=1e-6)


@pytest.mark.parametrize("age", [None, float("nan"), float("inf"), float("-inf")])
def test_a_missing_number_is_that_of_an_average_image_and_says_so(age: float | None) -> None:
    found = encode_one(age=age)

    assert found["age", "number", ""] == 0
    assert found["age", "missing", ""] == 1


def test_a_word_is_one_of_those_that_training_knows_less_their_shares() -> None:
    found = encode_one(view_position="PA")

    assert found["view_position", "word", "PA"] - found[
        "view_position", "word", "AP"
    ] == pytest.approx(1 - 2 / 3 + 1 / 3)
    assert found["view_position", "missing", ""] == 0


@pytest.mark.parametrize("view_position", [None, "LATERAL"])
def test_a_missing_or_unknown_word_is_none_of_them_and_says_so(view_position: str | None) -> None:
    found = encode_one(view_position=view_position)

    assert (found["view_position", "word", "PA"], found["view_position", "word", "AP"]) == (0, 0)
    assert found["view_position", "missing", ""] == 1


def test_what_is_the_same_for_all_training_images_tells_nothing_later() -> None:
    """Its weights stay as they were drawn: another value would add noise."""
    assert encode_one(follow_up=9)["follow_up", "number", ""] == 0
    assert encode_one(gender=None)["gender", "missing", ""] == 0


def test_a_column_that_is_missing_everywhere_is_zeros() -> None:
    training = table(age=[None, None], gender=[None, None])
    columns = fit_columns(training, ["age", "gender"])

    encoded = columns.encode(table(age=[None, 50.0], gender=["F", None]))

    np.testing.assert_array_equal(encoded, np.zeros((2, 3), "float32"))


def test_encoding_is_finite_float32_of_a_fixed_order() -> None:
    columns = fit_columns(TRAINING, TABULAR)
    encoded = columns.encode(TRAINING)

    assert encoded.dtype == np.float32
    assert encoded.shape == (4, len(columns.features)) == (4, typical_length(TABULAR))
    assert np.isfinite(encoded).all()
    assert columns.columns == list(TABULAR)
    shuffled = TRAINING[list(reversed(TABULAR))]
    np.testing.assert_array_equal(columns.encode(shuffled), encoded)


def test_fitted_columns_come_back_from_the_run_folder(tmp_path: Path) -> None:
    run, columns = Run(tmp_path), fit_columns(TRAINING, TABULAR)
    with pytest.raises(RunError, match=rf"has no {FILE}"):
        read_columns(run)

    write_columns(run, columns)

    assert read_columns(run) == columns
    (tmp_path / FILE).write_text('{"features": [{"kind": 3}]}')
    with pytest.raises(RunError, match=f"{FILE} is damaged"):
        read_columns(run)


# From here on with a whole dataset.


@dataclass(frozen=True)
class Trained:
    """A dual network that was trained on the command line.

    Attributes:
        answer: what `train --json` printed.
    """

    run: Run
    workspace: Workspace
    data: Path
    answer: dict[str, Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("dual")
    workspace, data = Workspace(folder / "home"), folder / "nih"
    draw_nih(data)
    answer = call(workspace, "train", "xnet_dual", "--data", data, *set_options(CHANGES))
    return Trained(Run(Path(answer["folder"])), workspace, data, answer)


def set_options(changes: dict[str, Any]) -> Iterator[str]:
    for key, value in changes.items():
        yield from ("--set", f"{key}={value}")


def call(workspace: Workspace, *arguments: Any) -> Any:
    """Return what a command answers as JSON."""
    printed = io.StringIO()
    with as_it_was(), pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setenv("XRAY_HOME", str(workspace.folder))
        assert cli.main([*map(str, arguments), "--json"]) == 0
    return json.loads(printed.getvalue())


def prepare(trained: Trained, data: Path, run_folder: Path) -> Any:
    run = Run(run_folder)
    run_folder.mkdir()
    recipe = replace(tiny_dual(), data_folder=str(data))
    run.write_json("recipe.json", json.loads(recipe.to_json()))
    run.write_status(Status("running"))
    return prepare_data(recipe, run, trained.workspace, Progress(run), resumes=False)


def test_nothing_of_validation_or_test_is_in_what_is_fitted(
    trained: Trained, tmp_path: Path
) -> None:
    split = trained.run.read_split().set_index("image_id")
    folders = {}
    for subset in ("training", "validation", "test"):
        folders[subset] = tmp_path / subset
        draw_nih(folders[subset])
        path = folders[subset] / "Data_Entry_2017_v2020.csv"
        rows = pd.read_csv(path, dtype=str)
        own = rows["Image Index"].str.removesuffix(".png").map(split["subset"]) == subset
        rows.loc[own, "Patient Age"], rows.loc[own, "View Position"] = "99", "LATERAL"
        rows.to_csv(path, index=False)

    fitted = {}
    for subset, folder in folders.items():
        data = prepare(trained, folder, tmp_path / f"run of {subset}")
        assert data.split["subset"].tolist() == split["subset"].tolist()
        fitted[subset] = read_columns(Run(tmp_path / f"run of {subset}"))

    before = read_columns(trained.run)
    assert fitted["validation"] == fitted["test"] == before
    assert fitted["training"] != before
    assert before.words("view_position") == ["AP", "PA"]


def test_the_training_rows_are_standardised_and_in_the_order_of_the_split(
    trained: Trained, tmp_path: Path
) -> None:
    data = prepare(trained, trained.data, tmp_path / "run")
    images = data.catalog.images.set_index("image_id")
    own = data.tabular[data.rows("training")]
    known = own[own[:, 1] == 0, 0]

    assert (known.mean(), known.std()) == pytest.approx((0, 1), abs=1e-5)
    ages = images.loc[data.split["image_id"], "age"].to_numpy("float64", na_value=np.nan)
    assert np.corrcoef(ages[~np.isnan(ages)], data.tabular[~np.isnan(ages), 0])[0, 1] > 0.9999
    assert (data.tabular[:, 1] == 1).tolist() == np.isnan(ages).tolist()


def test_a_dual_training_leaves_the_same_files_as_any_and_its_columns(trained: Trained) -> None:
    run = trained.run

    assert run.read_status().state == "done", run.read_status().message
    assert run.read_report() == report_run(run)
    assert trained.answer["report"] == run.read_report()["validation"]  # its test set is closed
    assert len(run.read_epochs()) == 2
    assert read_columns(run).columns == list(run.read_recipe().tabular)
    assert (run.folder / "checkpoints" / "best.keras").is_file()


class Killed(BaseException):
    """Ends a training as a kill does."""


def test_a_killed_dual_training_ends_as_one_that_was_not(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = trained.run.read_recipe()
    run = create_run(recipe, trained.workspace.runs)
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "CHECKPOINT_SHARE", 1e9)
    record, limit = Recorder.on_train_batch_end, len(trained.run.read_metrics()) - 2

    def record_or_die(self: Recorder, batch: int, logs: Any = None) -> None:
        if len(run.read_metrics()) >= limit:
            raise Killed
        record(self, batch, logs)

    monkeypatch.setattr(Recorder, "on_train_batch_end", record_or_die)
    with as_it_was(), pytest.raises(Killed):
        runner.train_run(run, trained.workspace)
    run.write_status(replace(run.read_status(), state="queued"))
    monkeypatch.setattr(Recorder, "on_train_batch_end", record)
    with as_it_was():
        assert runner.train_run(run, trained.workspace) == "done", run.read_status().message

    with np.load(trained.run.last_checkpoint) as had, np.load(run.last_checkpoint) as has:
        for name in had.files:
            if name != "position":
                np.testing.assert_array_equal(had[name], has[name], name)
    assert run.read_predictions().equals(trained.run.read_predictions())


def test_a_resumed_training_takes_its_columns_from_the_run_folder(
    trained: Trained, tmp_path: Path
) -> None:
    data = prepare(trained, trained.data, tmp_path / "run")
    run = Run(tmp_path / "run")
    columns = read_columns(run)
    first, *rest = columns.features
    write_columns(run, replace(columns, features=(replace(first, mean=first.mean + 10), *rest)))

    recipe = run.read_recipe()
    again = prepare_data(recipe, run, trained.workspace, Progress(run), resumes=True)

    known = data.tabular[:, 1] == 0
    assert (again.tabular[known, 0] < data.tabular[known, 0]).all()


OPEN = """
import sys, warnings
import keras
import numpy as np

warnings.simplefilter("error")
for name in sys.argv[1:]:
    model = keras.models.load_model(f"{name}.keras", safe_mode=True)
    batch = dict(np.load(f"{name}.npz"))
    batch = batch if isinstance(model.input, dict) else batch["image"]
    np.save(f"{name}.npy", model.predict(batch, verbose=0))
assert not any(name.startswith("xray_core") for name in sys.modules)
"""


def test_selected_models_open_in_plain_keras_whatever_their_inputs_and_optimizer(
    trained: Trained, tmp_path: Path
) -> None:
    data = prepare(trained, trained.data, tmp_path / "run")
    rows = np.flatnonzero(data.split["subset"] != "training")
    images = data.cache.pixels[rows][..., np.newaxis].astype("float32")
    np.savez(tmp_path / "dual.npz", image=images, tabular=data.tabular[rows])
    shutil.copy(trained.run.best_checkpoint, tmp_path / "dual.keras")
    warm_up = {"schedule": "cosine", "warm_up": 1, "epochs": 2}  # a class of ours, were it kept
    run = test_options.fit(tmp_path / "warm", test_options.recipe_with(warm_up, {}))
    drawn = test_options.draw_data()
    pixels = drawn.cache.pixels[drawn.rows("validation")]
    np.savez(tmp_path / "warm-up.npz", image=pixels[..., np.newaxis].astype("float32"))
    shutil.copy(run.best_checkpoint, tmp_path / "warm-up.keras")

    answer = subprocess.run(
        [sys.executable, "-c", OPEN, "dual", "warm-up"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    evaluated = trained.run.read_predictions()[["p_normal", "p_abnormal"]]
    np.testing.assert_allclose(np.load(tmp_path / "dual.npy"), evaluated, atol=1e-5)
    table = run.read_validation(int(run.read_epochs()["best_epoch"].iloc[-1]))
    expected = table[[f"p_{name}" for name in test_options.CLASSES]]
    np.testing.assert_allclose(np.load(tmp_path / "warm-up.npy"), expected, atol=1e-5)


def test_the_other_options_work_with_two_inputs(trained: Trained) -> None:
    changes = {
        "phases.train.epochs": 1,
        "tabular": "age,view_position",
        "mixup": 0.4,
        "sampling": "balanced",
        "combined_labels": True,
        "test_time_augmentation": True,
        "calibrate": True,
        "precision": "mixed_bfloat16",
    }
    recipe = change_recipe(tiny_dual(), changes)

    run = train(trained, recipe)

    assert run.read_report()["validation"]["n"] == trained.answer["report"]["n"]
    own = run.read_predictions().iloc[:1]
    path = (
        trained.data / run.read_split().set_index("image_id").loc[own["image_id"].iloc[0], "path"]
    )
    found = predict_images(run, [path], known_of(trained, own["image_id"].iloc[0], recipe))
    columns = ["p_normal", "p_abnormal"]
    np.testing.assert_allclose(found[columns], own[columns], atol=2e-3)


def train(trained: Trained, recipe: Recipe) -> Run:
    run = create_run(replace(recipe, data_folder=str(trained.data)), trained.workspace.runs)
    with as_it_was():
        assert runner.train_run(run, trained.workspace) == "done", run.read_status().message
    return run


def known_of(trained: Trained, image_id: str, recipe: Recipe) -> dict[str, str]:
    """Return what the drawn table says of an image, as a user would give it."""
    rows = pd.read_csv(trained.data / "Data_Entry_2017_v2020.csv", dtype=str)
    names = ["follow_up", "age", "gender", "view_position"]
    rows = rows.set_index(rows["Image Index"].str.removesuffix(".png"))
    rows = rows.iloc[:, [2, 4, 5, 6]].set_axis(names, axis=1)
    given = rows.loc[image_id].dropna().to_dict()
    return {name: value for name, value in given.items() if name in recipe.tabular}


def test_an_image_with_its_columns_gets_the_probabilities_of_the_runs_own_table(
    trained: Trained,
) -> None:
    recipe = trained.run.read_recipe()
    paths = trained.run.read_split().set_index("image_id")["path"]
    own = trained.run.read_predictions().set_index("image_id").iloc[:2]
    for image_id, row in own.iterrows():
        given = known_of(trained, str(image_id), recipe)
        [found] = predict_images(trained.run, [trained.data / paths[image_id]], given).to_dict(
            "records"
        )

        assert found["p_abnormal"] == pytest.approx(row["p_abnormal"], abs=1e-5)
        assert found["missing"] == ", ".join(n for n in recipe.tabular if n not in given)


def test_what_is_not_given_to_predict_is_missing_and_the_answer_says_so(
    trained: Trained, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = next((trained.data / "images").glob("*.png"))
    monkeypatch.setenv("XRAY_HOME", str(trained.workspace.folder))

    assert cli.main(["predict", trained.run.name, str(image), "--set", "age=57"]) == 0
    said = capsys.readouterr().out
    [row] = call(trained.workspace, "predict", trained.run.name, image)

    assert "taken for missing: gender, view_position, follow_up." in said
    assert row["missing"] == "age, gender, view_position, follow_up"
    assert row["p_normal"] + row["p_abnormal"] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"weight": "80"},
            "does not take 'weight' .* It takes: age, gender, view_position, follow_up",
        ),
        ({"age": "old"}, "age is 'old'; it takes a number"),
        ({"age": "inf"}, "age is 'inf'; it takes a number"),
        ({"follow_up": "1.5"}, "follow_up is '1.5'; it takes a whole number"),
        (
            {"view_position": "LATERAL"},
            "view_position is 'LATERAL', which no training image has. .*: AP, PA",
        ),
    ],
)
def test_values_that_the_network_cannot_take_are_refused(
    trained: Trained, given: dict[str, str], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        predict_images(trained.run, [], given)


def test_a_cost_is_measured_with_both_inputs() -> None:
    answer = describe_recipe(change_recipe(tiny_dual(), {"batch_size": 2}))

    shapes = {layer["name"]: layer["output"] for layer in answer["layers"]}
    assert shapes["tabular"] == f"batch × {typical_length(TABULAR)}"
    assert answer["images_per_second"] > 0


def test_features_of_a_frozen_base_are_not_stored_without_their_columns() -> None:
    assert "tabular features" in _changing_images(tiny_dual())
