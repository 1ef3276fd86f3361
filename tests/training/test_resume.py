"""A training that was killed goes on as if nothing had happened."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.training.tiny import Finished, as_it_was, tiny_recipe
from xray_core.errors import RunError
from xray_core.exports.run import import_run, pack, write_run
from xray_core.recipes import PUBLISHED, Phase, Recipe
from xray_core.runs import Run, create_run
from xray_core.training import recorder, runner
from xray_core.training.checkpoint import TrainingState, read_training_state
from xray_core.training.phases import phase_is_over
from xray_core.training.recorder import Recorder
from xray_core.workspace import Workspace

TWO_PHASES = (
    Phase("head", 2, trainable="head", learning_rate=0.01, schedule="cosine"),
    Phase("all", 3, optimizer="nadam", learning_rate=0.01, patience=1),
)


def two_phases() -> Recipe:
    """Return a recipe that freezes the base first."""
    recipe = PUBLISHED["siim_mobilenet_opacity"]
    return replace(
        recipe,
        preprocess=replace(recipe.preprocess, size=32),
        weights="random",
        split=tiny_recipe().split,
        batch_size=8,
        phases=TWO_PHASES,
    )


class Killed(BaseException):
    """Ends a training as a kill does: nothing that it would do at its end is done."""


def build_small(name: str, n_classes: int, size: int, *_: Any, **__: Any) -> Any:
    """Build a model with all that must be restored: a base, batch normalisation, dropout."""
    image = keras.Input((size, size, 1), name="image")
    inner = keras.Input((size, size, 1))
    y = keras.layers.Conv2D(4, 3, strides=4)(inner)
    base = keras.Model(inner, keras.layers.BatchNormalization()(y), name="base")
    x = keras.layers.Identity(name="features")(base(keras.layers.Rescaling(1 / 255)(image)))
    x = keras.layers.Dropout(0.4)(keras.layers.GlobalAveragePooling2D()(x))
    x = keras.layers.Dense(n_classes, activation="softmax", name="probabilities")(x)
    return keras.Model(image, x)


@pytest.fixture(scope="module")
def whole(finished: Finished) -> Run:
    """A training of two phases that nothing interrupted."""
    run = create_run(replace(two_phases(), data_folder=str(finished.data)), finished.workspace.runs)
    with as_it_was(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "build_model", build_small)
        assert runner.train_run(run, finished.workspace) == "done", run.read_status().message
    return run


@pytest.fixture
def train(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Recipe, Iterator[int]], Run]:
    """Train a small network, killed each time that the next number of lines is logged."""
    monkeypatch.setattr(runner, "build_model", build_small)
    record = Recorder.on_train_batch_end

    def train(recipe: Recipe, kills: Iterator[int]) -> Run:
        bound = replace(recipe, data_folder=str(finished.data))
        run = create_run(bound, finished.workspace.runs)
        limit = next(kills, None)

        def record_or_die(self: Recorder, batch: int, logs: Any = None) -> None:
            nonlocal limit
            if limit is not None and len(run.read_metrics()) >= limit:
                limit = next(kills, None)
                raise Killed
            record(self, batch, logs)

        monkeypatch.setattr(Recorder, "on_train_batch_end", record_or_die)
        while run.read_status().state != "done":
            try:
                with as_it_was():
                    assert runner.train_run(run, finished.workspace) == "done", (
                        run.read_status().message
                    )
            except Killed:
                run.write_status(replace(run.read_status(), state="queued"))
        return run

    return train


def check_same_log(has: Run, had: Run) -> None:
    """Assert that two logs agree, save for times and the last digits of what a batch lost.

    Keras tells the mean since an epoch's first batch, in single precision: begun in the middle,
    it is rounded otherwise.
    """
    lines, expected = has.read_metrics(), had.read_metrics()
    losses = [line.pop("loss") for line in lines]
    assert losses == pytest.approx([line.pop("loss") for line in expected], abs=1e-5)
    for line in (*lines, *expected):
        line.pop("time")
        line.pop("seconds", None)
    assert lines == expected


def test_a_killed_training_ends_with_the_weights_and_the_log_of_one_that_was_not(
    whole: Run, train: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_lines = len(whole.read_metrics())
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "CHECKPOINT_SHARE", 1e9)

    # Before the first checkpoint, and in the midst of both phases.
    killed = train(two_phases(), iter((0, 2, n_lines - 2)))

    check_same_log(killed, whole)
    with np.load(whole.last_checkpoint) as had, np.load(killed.last_checkpoint) as has:
        names = [name for name in had.files if name != "position"]
        assert names == [name for name in has.files if name != "position"]
        assert any(name.startswith("optimizer") for name in names)
        for name in names:
            np.testing.assert_array_equal(had[name], has[name], name)
    assert killed.read_predictions().equals(whole.read_predictions())
    assert killed.read_report() == whole.read_report()


def test_a_stopped_training_goes_on_where_it_stopped(
    whole: Run, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_batch = max(line["batch"] for line in whole.read_metrics() if line["kind"] == "batch")
    run = create_run(whole.read_recipe(), finished.workspace.runs)
    monkeypatch.setattr(runner, "build_model", build_small)
    record = Recorder.on_train_batch_end
    for batch in (last_batch, 2):  # after the last batch of an epoch, only its validation is left

        def record_and_stop(
            self: Recorder, number: int, logs: Any = None, batch: int = batch
        ) -> None:
            if self.position.batch == batch - 1:
                run.request_stop()
            record(self, number, logs)

        monkeypatch.setattr(Recorder, "on_train_batch_end", record_and_stop)
        with as_it_was():
            assert runner.train_run(run, finished.workspace) == "stopped"
        stood = read_training_state(run.last_checkpoint)
        assert stood
        assert stood.batch == batch
        run.stop_path.unlink()
        run.write_status(replace(run.read_status(), state="queued"))
    monkeypatch.setattr(Recorder, "on_train_batch_end", record)

    with as_it_was():
        assert runner.train_run(run, finished.workspace) == "done"

    check_same_log(run, whole)


def test_a_stopped_training_goes_on_in_another_workspace_with_the_same_weights(
    whole: Run, finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(whole.read_recipe(), finished.workspace.runs)
    monkeypatch.setattr(runner, "build_model", build_small)
    record = Recorder.on_train_batch_end

    def record_and_stop(self: Recorder, number: int, logs: Any = None) -> None:
        if self.position.epoch == 2:
            run.request_stop()
        record(self, number, logs)

    monkeypatch.setattr(Recorder, "on_train_batch_end", record_and_stop)
    with as_it_was():
        assert runner.train_run(run, finished.workspace) == "stopped"
    monkeypatch.setattr(Recorder, "on_train_batch_end", record)
    monkeypatch.setattr(pack, "DOCUMENTS", {})
    write_run(run, finished.workspace, tmp_path / "run.zip")
    there = Workspace(tmp_path / "there")
    shutil.copytree(finished.data, there.data / "elsewhere")
    shutil.rmtree(run.folder)

    moved = import_run(tmp_path / "run.zip", there).run
    assert Path(moved.read_recipe().data_folder) == there.data / "elsewhere"
    moved.write_status(replace(moved.read_status(), state="queued"))
    with as_it_was():
        assert runner.train_run(moved, there) == "done", moved.read_status().message

    check_same_log(moved, whole)
    with np.load(whole.last_checkpoint) as had, np.load(moved.last_checkpoint) as has:
        for name in (name for name in had.files if name != "position"):
            np.testing.assert_array_equal(had[name], has[name], name)
    assert moved.read_predictions().equals(whole.read_predictions())
    assert moved.read_report() == whole.read_report()


def test_training_images_that_went_meanwhile_are_noticed(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(Path(shutil.copytree(finished.run.folder, tmp_path / "run")))
    run.write_status(replace(run.read_status(), state="queued"))
    prepare = runner.prepare_data

    def lose_one(*arguments: Any, **options: Any) -> Any:
        data = prepare(*arguments, **options)
        data.cache.readable[data.rows("training")[0]] = False
        return data

    monkeypatch.setattr(runner, "prepare_data", lose_one)
    with as_it_was():
        runner.train_run(run, finished.workspace)

    assert "The dataset has changed" in run.read_status().message
    assert run.read_metrics(), "what was learned is still there"


@pytest.mark.parametrize("damage", [lambda b: b[:300], lambda b: b"", lambda b: b"PK" + b[40:]])
def test_a_damaged_checkpoint_is_named(
    damage: Callable[[bytes], bytes], finished: Finished, tmp_path: Path
) -> None:
    path = tmp_path / "last.npz"
    path.write_bytes(damage(finished.run.last_checkpoint.read_bytes()))

    with pytest.raises(RunError, match="cannot be used .* Restart the run"):
        read_training_state(path)


def test_without_a_checkpoint_there_is_no_position(tmp_path: Path) -> None:
    assert read_training_state(tmp_path / "last.npz") is None


def test_a_log_shorter_than_the_checkpoint_says_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.append_metrics({"kind": "batch"})

    with pytest.raises(RunError, match="has 18 bytes, but the checkpoint was made after 50"):
        run.cut_metrics(50)
    assert run.metrics_path.stat().st_size == 18


@pytest.mark.parametrize(
    ("losses", "over"),
    [
        ([], False),
        ([1.0, 0.9, 0.8], False),
        ([1.0, 0.9, 0.95], False),
        ([1.0, 0.9, 0.95, 0.9], True),
        ([0.5, 0.6, 0.7], True),
        ([5.0, 4.0, 3.0, 2.0, 1.0], True),
    ],
)
def test_a_phase_is_over_as_keras_early_stopping_decides(losses: list[float], over: bool) -> None:
    keras_stops = keras.callbacks.EarlyStopping("val_loss", patience=2)
    model = keras.Sequential()
    model.stop_training = False
    keras_stops.set_model(model)
    keras_stops.on_train_begin()
    for epoch, loss in enumerate(losses):
        keras_stops.on_epoch_end(epoch, {"val_loss": loss})

    assert phase_is_over(Phase("p", 5, patience=2), losses) == over
    assert bool(model.stop_training) == (over and len(losses) < 5)
    assert not phase_is_over(Phase("p", 9), losses), "without patience only the epochs count"


def test_the_position_before_the_first_batch_is_the_beginning() -> None:
    here = TrainingState()

    assert (here.phase, here.epoch, here.batch, here.best_loss) == (0, 0, 0, None)
