"""One training from recipe to report: what it leaves behind, and how it ends when it cannot."""

import errno
import json
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from tests.training.tiny import CHANGES, N_IMAGES, Finished, as_it_was, tiny_recipe
from xray_core.errors import RunError
from xray_core.evaluation import report_run
from xray_core.evaluation.calibrate import read_calibration
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.evaluation.metrics import confusion_counts, cross_entropy
from xray_core.explain.predict_files import predict_images
from xray_core.machine import read_allocator
from xray_core.preprocess.cache import ImageCache
from xray_core.preprocess.images import read_preprocessed
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED, Phase, Recipe
from xray_core.runs import Run, Status, create_run
from xray_core.splits import SplitSpec
from xray_core.training import recorder, runner
from xray_core.training.checkpoint import read_training_state
from xray_core.training.data import Prepared, training_batches
from xray_core.training.inputs import TrainingBatches
from xray_core.training.recorder import Recorder

Train = Callable[[Recipe], Run]


def probabilities_of(table: pd.DataFrame) -> np.ndarray:
    return table[[name for name in table if name.startswith("p_")]].to_numpy("float64")


def train_here(finished: Finished, recipe: Recipe) -> Run:
    """Train a recipe in this process, on the data and the caches of the finished run."""
    folder = recipe.data_folder or str(finished.data)
    run = create_run(replace(recipe, data_folder=folder), finished.workspace.runs)
    with as_it_was():
        state = runner.train_run(run, finished.workspace)
    assert state == run.read_status().state
    return run


def build_with_base(n_classes: int, size: int) -> Any:
    """Build a model with a base to freeze, small enough for a test."""
    base = keras.Sequential(
        [keras.Input((size, size, 1)), keras.layers.Conv2D(4, 3, strides=4)], name="base"
    )
    image = keras.Input((size, size, 1), name="image")
    x = base(keras.layers.Rescaling(1 / 255)(image))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Identity(name="features")(x))
    x = keras.layers.Dense(n_classes, activation="softmax", name="probabilities")(x)
    return keras.Model(image, x)


@pytest.fixture
def train(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Train a recipe with a network that takes no time, whatever the recipe says."""
    monkeypatch.setattr(
        runner,
        "build_model",
        lambda name, n_classes, size, *_, **__: build_with_base(n_classes, size),
    )
    return partial(train_here, finished)


@pytest.fixture
def on_batch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Recorder, int], None]], None]:
    """Let something happen after each training batch."""

    def on_batch(act: Callable[[Recorder, int], None]) -> None:
        recorded = Recorder.on_train_batch_end

        def record_and_act(self: Recorder, batch: int, logs: Any = None) -> None:
            act(self, batch)
            recorded(self, batch, logs)

        monkeypatch.setattr(Recorder, "on_train_batch_end", record_and_act)

    return on_batch


def test_a_finished_run_holds_every_file_and_no_leftover(finished: Finished) -> None:
    folder = finished.run.folder
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    assert names - {".lock"} == {
        "recipe.json",
        "status.json",
        "events.jsonl",
        "environment.json",
        "data.json",
        "split.parquet",
        "metrics.jsonl",
        "device.jsonl",
        "validation/epoch-0001.parquet",
        "validation/epoch-0002.parquet",
        "checkpoints/best.keras",
        "checkpoints/last.npz",
        "predictions.parquet",
        "training_predictions.parquet",
        "report.json",
        "columns_baseline.json",
        "columns_predictions.parquet",
        "guaranteed.json",
        "opened.jsonl",  # the workspace of this fixture lets every test set lie open
    }


def test_a_finished_run_says_so(finished: Finished) -> None:
    status = finished.run.read_status()

    assert (status.state, status.epoch, status.n_epochs) == ("done", 2, 2)
    assert status.message.endswith("evaluated on 13 test images.")
    assert status.created_at[:19] <= status.started_at[:19] <= status.ended_at[:19]
    assert status.seconds_left is None
    assert status.device
    assert status.memory_mb
    assert status.memory_mb > 100


def test_the_run_can_be_repeated_from_its_folder(finished: Finished) -> None:
    recipe = finished.run.read_recipe()

    assert recipe == replace(tiny_recipe(), data_folder=str(finished.data.resolve()))
    assert recipe.parent == "demo_cnn"
    assert set(recipe.changes) <= set(CHANGES)
    environment = json.loads((finished.run.folder / "environment.json").read_text())
    assert environment["packages"]["keras"] == keras.__version__
    assert {"python", "platform", "device", "backend"} <= set(environment)
    assert environment["allocator"] == read_allocator()


def test_the_versions_are_of_those_packages_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PACKAGES", ("keras", "no backend of this name"))

    assert runner._installed_versions() == {"keras": keras.__version__}


def test_every_batch_and_every_epoch_is_in_the_log_once(finished: Finished) -> None:
    lines = finished.run.read_metrics()
    n_train = int((finished.run.read_split()["subset"] == "training").sum())
    n_batches = -(-n_train // 8)

    batches = [line for line in lines if line["kind"] == "batch"]
    assert [line["step"] for line in batches] == list(range(1, 2 * n_batches + 1))
    assert [line["epoch"] for line in batches] == [1] * n_batches + [2] * n_batches
    assert [line["batch"] for line in batches] == [*range(1, n_batches + 1)] * 2
    epochs = [line for line in lines if line["kind"] == "epoch"]
    assert [(line["epoch"], line["step"]) for line in epochs] == [
        (1, n_batches),
        (2, 2 * n_batches),
    ]
    assert lines.index(epochs[0]) == n_batches, "an epoch's line follows its batches"
    assert {line["phase"] for line in lines} == {"train"}


def test_an_epochs_loss_is_the_mean_of_its_batches(finished: Finished) -> None:
    n_train = int((finished.run.read_split()["subset"] == "training").sum())
    sizes = [8] * (n_train // 8) + ([n_train % 8] if n_train % 8 else [])
    batches = pd.DataFrame([x for x in finished.run.read_metrics() if x["kind"] == "batch"])

    for _, epoch in finished.run.read_epochs().iterrows():
        own = batches[batches["epoch"] == epoch["epoch"]]
        assert np.average(own["loss"], weights=sizes) == pytest.approx(epoch["loss"], abs=1e-4)
        accuracy = np.average(own["accuracy"], weights=sizes)
        assert accuracy == pytest.approx(epoch["accuracy"], abs=1e-4)
        hits = own["accuracy"].to_numpy() * sizes
        np.testing.assert_allclose(hits, hits.round(), atol=1e-4)


def test_the_validation_of_each_epoch_is_kept_and_agrees_with_its_figures(
    finished: Finished,
) -> None:
    split = finished.run.read_split().set_index("image_id")
    validation = split[split["subset"] == "validation"]
    for epoch in finished.run.read_epochs().to_dict("records"):
        table = finished.run.read_validation(epoch["epoch"])

        assert table["image_id"].tolist() == validation.index.tolist()
        assert list(table) == ["image_id", "p_no opacity", "p_opacity"]
        probabilities = probabilities_of(table)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        actual = (validation["class"] == "opacity").to_numpy().astype("int64")
        confusion = confusion_counts(actual, probabilities.argmax(axis=1), 2)
        assert epoch["confusion"] == confusion.tolist()
        assert epoch["val_accuracy"] == pytest.approx(np.trace(confusion) / len(actual), abs=1e-6)
        assert epoch["val_loss"] == pytest.approx(cross_entropy(actual, probabilities), abs=1e-4)
        assert epoch["recall"] == pytest.approx(
            np.diag(confusion) / confusion.sum(axis=1), abs=1e-6
        )


def test_the_best_weights_are_those_of_the_lowest_validation_loss(finished: Finished) -> None:
    epochs = finished.run.read_epochs()
    best = int(epochs.loc[epochs["val_loss"].idxmin(), "epoch"])

    assert epochs["best_epoch"].iloc[-1] == best
    then = finished.run.read_validation(best)
    final = finished.run.read_predictions().set_index("image_id").loc[then["image_id"]]
    np.testing.assert_allclose(probabilities_of(final), probabilities_of(then), atol=1e-5)


def test_the_best_checkpoint_can_be_loaded(finished: Finished) -> None:
    model = keras.models.load_model(finished.run.best_checkpoint, compile=False, safe_mode=True)
    assert model.input_shape == (None, 32, 32, 1)


def test_every_image_that_was_not_trained_on_is_in_the_predictions(finished: Finished) -> None:
    split, predictions = finished.run.read_split(), finished.run.read_predictions()

    evaluated = split[split["subset"] != "training"]
    assert len(split) == N_IMAGES
    assert predictions["image_id"].tolist() == evaluated["image_id"].tolist()
    without = predictions.loc[predictions["predicted"].isna(), "image_id"].tolist()
    assert without == [finished.broken]


def test_a_broken_image_is_named_in_the_report_and_in_the_account_of_the_data(
    finished: Finished,
) -> None:
    report = finished.run.read_report()
    data = json.loads((finished.run.folder / "data.json").read_text())

    assert report["left_out"] == [finished.broken]
    n_test = int((finished.run.read_split()["subset"] == "test").sum())
    assert report["n"] + 1 == n_test
    [unreadable] = data["unreadable"]
    assert finished.broken in unreadable["path"]
    assert unreadable["reason"]


def test_the_account_of_the_data_tells_subsets_grouping_and_leaks(finished: Finished) -> None:
    data = json.loads((finished.run.folder / "data.json").read_text())
    split = finished.run.read_split()

    counts = {subset: dict(row) for subset, row in data["subsets"].items()}
    for subset, own in split.groupby("subset", observed=True):
        assert counts[subset] == own["class"].value_counts().to_dict()
    assert data["groups_in_several_subsets"] == 0
    assert data["grouped_by"].startswith("patient")


def test_the_stored_report_is_that_of_the_files(finished: Finished) -> None:
    assert report_run(finished.run) == finished.run.read_report() == finished.answer["report"]


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(
    finished: Finished,
) -> None:
    again = train_here(finished, tiny_recipe())
    other = train_here(finished, replace(tiny_recipe(), seed=1))

    first, second, third = (
        [line["loss"] for line in run.read_metrics()] for run in (finished.run, again, other)
    )
    assert second == pytest.approx(first, rel=1e-3)
    assert third != pytest.approx(first, rel=1e-3)
    np.testing.assert_allclose(
        probabilities_of(again.read_predictions()),
        probabilities_of(finished.run.read_predictions()),
        atol=1e-3,
    )


def test_keras_asks_for_the_batches_of_the_epoch_that_it_trains(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Order and augmentation change with the epoch: fetched ahead, a batch would be the last's."""
    fetch = TrainingBatches.__getitem__
    fetched: list[tuple[int, int]] = []

    def fetch_and_note(self: Any, batch: int) -> Any:
        fetched.append((self._epoch, batch))
        return fetch(self, batch)

    monkeypatch.setattr(TrainingBatches, "__getitem__", fetch_and_note)

    train(tiny_recipe())

    for epoch in (1, 2):
        own = [batch for one, batch in fetched if one == epoch]
        whole = list(range(max(own) + 1))
        assert own[-len(whole) :] == whole
        assert len(own) <= len(whole) + 2, "before these Keras looks at two for their shapes"


def test_a_stop_within_the_second_epoch_keeps_what_the_first_one_learned(
    train: Train, on_batch: Any
) -> None:
    on_batch(lambda recorder, batch: recorder.position.epoch == 1 and recorder._run.request_stop())

    run = train(tiny_recipe())

    status = run.read_status()
    assert status.state == "stopped"
    assert "on request" in status.message
    assert len(run.read_epochs()) == 1
    assert run.read_metrics()[-1]["epoch"] == 2, "its present batch was finished"
    keras.models.load_model(run.best_checkpoint, compile=False)
    assert not (run.folder / "predictions.parquet").exists()
    assert not (run.folder / ".reserve").exists()


def test_a_stop_within_the_first_epoch_keeps_its_weights(train: Train, on_batch: Any) -> None:
    on_batch(lambda recorder, batch: recorder._run.request_stop())

    run = train(tiny_recipe())

    assert run.read_status().state == "stopped"
    assert not run.best_checkpoint.exists(), "no epoch was validated: none is the best"
    last = read_training_state(run.last_checkpoint)
    assert last
    assert (last.epoch, last.batch) == (0, 1)


def test_a_run_asked_to_stop_before_it_begins_never_trains(finished: Finished) -> None:
    run = create_run(
        replace(tiny_recipe(), data_folder=str(finished.data)), finished.workspace.runs
    )
    run.request_stop()

    with as_it_was():
        assert runner.train_run(run, finished.workspace) == "stopped"

    assert run.read_metrics() == []


def test_an_interrupt_from_the_keyboard_is_a_request_to_stop(train: Train, on_batch: Any) -> None:
    on_batch(lambda recorder, batch: signal.raise_signal(signal.SIGINT))

    run = train(tiny_recipe())

    assert run.read_status().state == "stopped"
    last = read_training_state(run.last_checkpoint)
    assert last
    assert last.batch == 1, "the batch was finished"


def test_a_second_interrupt_ends_at_once(train: Train, on_batch: Any) -> None:
    def insist(recorder: Recorder, batch: int) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    on_batch(insist)

    run = train(tiny_recipe())

    assert run.read_status().state == "stopped"
    assert not run.last_checkpoint.exists(), "nobody knows where the weights stood"


def fail_with(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("place", ["append_metrics", "write_table"])
def test_a_full_disk_is_a_failure_in_words(
    place: str, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, place, fail_with(OSError(errno.ENOSPC, "No space left on device")))

    run = train(tiny_recipe())

    status = run.read_status()
    assert status.state == "failed"
    assert status.message.startswith("The disk is full")
    assert "Free some space" in status.message
    assert not (run.folder / ".reserve").exists()


def test_a_checkpoint_that_does_not_fit_on_the_disk_leaves_no_half(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = keras.Model.save

    def save_half(model: Any, path: Path) -> None:
        save(model, path)
        path.write_bytes(path.read_bytes()[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", save_half)

    run = train(tiny_recipe())

    assert run.read_status().message.startswith("The disk is full")
    assert list((run.folder / "checkpoints").iterdir()) == []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "Out of memory. Choose a smaller batch_size"),
        (RuntimeError("RESOURCE_EXHAUSTED: 9 GB"), "Out of memory. Choose a smaller batch_size"),
        (RuntimeError("boom"), "Unexpected RuntimeError: boom"),
    ],
)
def test_what_nobody_foresaw_is_a_failure_in_words_too(
    error: Exception, message: str, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "build_model", fail_with(error))

    status = train(tiny_recipe()).read_status()

    assert status.state == "failed"
    assert status.message.startswith(message)


def test_a_weights_file_that_went_while_the_run_waited_is_named(train: Train) -> None:
    recipe = replace(
        PUBLISHED["siim_mobilenet_opacity"],
        weights="/gone.weights.h5",
        model_options={"alpha": 0.35},
    )

    status = train(recipe).read_status()

    assert status.state == "failed"
    assert "There is no weights file '/gone.weights.h5'" in status.message


def test_a_data_folder_that_was_emptied_while_the_run_waited_is_named(
    train: Train, tmp_path: Path
) -> None:
    status = train(replace(tiny_recipe(), data_folder=str(tmp_path))).read_status()

    assert status.state == "failed"
    assert f"{tmp_path} is empty" in status.message


def test_a_training_that_diverges_says_so_and_what_to_try(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = runner.build_model

    def build_broken(*arguments: Any, **options: Any) -> Any:
        model = build(*arguments, **options)
        head = model.get_layer("probabilities")
        head.set_weights([np.full_like(weights, np.nan) for weights in head.get_weights()])
        return model

    monkeypatch.setattr(runner, "build_model", build_broken)

    run = train(tiny_recipe())

    status = run.read_status()
    assert status.state == "failed"
    assert "diverged. Choose a smaller phases.train.learning_rate" in status.message
    assert run.read_metrics() == []


def test_predictions_are_the_mean_over_an_image_and_its_mirror(
    train: Train, finished: Finished
) -> None:
    run = train(replace(tiny_recipe(), test_time_augmentation=True))
    own = run.read_predictions().dropna().set_index("image_id").iloc[:1]
    path = finished.data / run.read_split().set_index("image_id").loc[own.index[0], "path"]
    image = read_preprocessed(path, run.read_recipe().preprocess).astype("float32")
    model = keras.models.load_model(run.best_checkpoint, compile=False)

    both = model.predict(np.stack([image, image[:, ::-1]])[..., None], verbose=0)

    assert not np.allclose(both[0], both[1], atol=1e-4)  # else the mean would show nothing
    np.testing.assert_allclose(probabilities_of(own), both.mean(axis=0)[None], atol=1e-5)
    [told] = probabilities_of(predict_images(run, [path]))
    np.testing.assert_allclose(told, both.mean(axis=0), atol=1e-5)


def test_early_stopping_ends_the_phase_and_the_best_epoch_is_evaluated(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0, 0.9, 1.1, 1.2, 0.1, 0.1])
    monkeypatch.setattr(recorder, "measure_loss", lambda *_: next(losses))

    run = train(replace(tiny_recipe(), phases=(Phase("train", 6, patience=2),)))

    assert run.read_status().state == "done"
    epochs = run.read_epochs()
    assert epochs["val_loss"].tolist() == [1.0, 0.9, 1.1, 1.2]
    assert epochs["best_epoch"].tolist() == [1, 2, 2, 2]
    assert run.read_status().message.startswith("Selected epoch 2 of 4 (lowest validation loss)")
    final = run.read_predictions()
    then = run.read_validation(2)
    np.testing.assert_allclose(
        probabilities_of(final[final["subset"] == "validation"]), probabilities_of(then), atol=1e-5
    )


@pytest.mark.parametrize(("last_loss", "best_epoch"), [(0.4, 3), (0.7, 1)])
def test_the_first_phase_trains_the_head_alone_and_the_second_carries_its_best_on(
    last_loss: float, best_epoch: int, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, Any, Any]] = []

    def note(self: Recorder) -> None:
        base, head = self.model.get_layer("base"), self.model.get_layer("probabilities")
        seen.append((self.phase, base.get_weights()[0], head.get_weights()[0]))

    begin, evaluate = Recorder.on_epoch_begin, Recorder.select_epoch

    def note_and_begin(self: Recorder, epoch: int, logs: Any = None) -> None:
        note(self)
        begin(self, epoch, logs)

    def evaluate_and_note(self: Recorder) -> None:
        evaluate(self)
        note(self)

    monkeypatch.setattr(Recorder, "on_epoch_begin", note_and_begin)
    monkeypatch.setattr(Recorder, "select_epoch", evaluate_and_note)
    losses = iter([0.5, 0.9, last_loss])
    monkeypatch.setattr(recorder, "measure_loss", lambda *_: next(losses))
    recipe = replace(
        PUBLISHED["siim_mobilenet_opacity"],
        preprocess=replace(PUBLISHED["siim_mobilenet_opacity"].preprocess, size=32),
        weights="random",
        split=tiny_recipe().split,
        combined_labels=False,
        selected_epoch="best",
        phases=(
            Phase("head", 2, trainable="head", learning_rate=0.01),
            Phase("all", 1, optimizer="nadam", learning_rate=0.01),
        ),
    )

    run = train(recipe)

    assert run.read_status().state == "done", run.read_status().message
    epochs = run.read_epochs()
    assert epochs["phase"].tolist() == ["head", "head", "all"]
    assert epochs["epoch"].tolist() == [1, 2, 3]
    assert epochs["best_epoch"].tolist() == [1, 1, best_epoch]
    assert [phase for phase, *_ in seen] == ["head"] * 4 + ["all"] * 2
    bases, heads = ([one[k] for one in seen] for k in (1, 2))
    for base in bases[1:5]:
        np.testing.assert_array_equal(base, bases[0], "the frozen base was changed")
    assert not np.array_equal(bases[5], bases[0]), "the second phase did not train the base"
    assert not np.array_equal(heads[1], heads[0])
    np.testing.assert_array_equal(heads[4], heads[1], "it did not start from the best epoch")
    assert not np.array_equal(heads[4], heads[3])


def fake_prepared(classes: list[int], readable: list[bool], subsets: list[str]) -> Prepared:
    """Return prepared data of black images, as far as batches are made from it."""
    split = pd.DataFrame(
        {
            "image_id": [f"i{i}" for i in range(len(classes))],
            "class": pd.Categorical.from_codes(classes, ["a", "b"]),
            "subset": pd.Categorical(subsets, categories=["training", "validation", "test"]),
        }
    )
    pixels = np.zeros((len(classes), 8, 8), np.uint8)
    cache = ImageCache(pixels, np.array(readable), pd.DataFrame(), Path())
    return Prepared(catalog=None, split=split, cache=cache, classes=["a", "b"])  # type: ignore[arg-type]


def test_balanced_weights_make_the_classes_count_alike() -> None:
    data = fake_prepared([0, 0, 0, 0, 0, 0, 1, 1, 1], [True] * 9, ["training"] * 8 + ["test"])

    batches = training_batches(replace(tiny_recipe(), batch_size=100), data)

    _, targets, weights = batches[0]
    per_class = (targets * weights[:, None]).sum(axis=0)
    assert len(weights) == 8
    np.testing.assert_allclose(per_class, [4, 4])


def test_without_class_weights_every_image_counts_one() -> None:
    data = fake_prepared([0, 0, 1], [True] * 3, ["training"] * 3)

    batches = training_batches(replace(tiny_recipe(), class_weights="none"), data)

    assert batches[0][2].tolist() == [1, 1, 1]


def test_a_class_whose_training_images_are_all_unreadable_is_named() -> None:
    data = fake_prepared([0, 0, 1], [True, True, False], ["training"] * 3)

    with pytest.raises(RunError, match="No readable training image of: b"):
        training_batches(tiny_recipe(), data)


def test_a_run_is_never_trained_twice_at_once(finished: Finished) -> None:
    run = create_run(
        replace(tiny_recipe(), data_folder=str(finished.data)), finished.workspace.runs
    )
    with (
        FileLock(run.folder / ".lock"),
        pytest.raises(RunError, match="trained by another process"),
    ):
        runner.train_run(run, finished.workspace)

    assert run.read_status().state == "queued"


@pytest.mark.parametrize("state", ["done", "failed", "stopped", "lost"])
def test_a_run_that_has_ended_is_not_trained_again(
    state: str, finished: Finished, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    run.write_status(Status(state))

    with pytest.raises(RunError, match=rf"has ended \({state}\)\. Resume it, or restart it anew"):
        runner.train_run(run, finished.workspace)


def test_while_it_trains_its_status_tells_how_far_it_is(train: Train, on_batch: Any) -> None:
    seen: list[Status] = []

    def look(recorder: Recorder, batch: int) -> None:
        time.sleep(0.3)  # more than the time between two status files, every other batch
        seen.append(recorder._run.read_status())

    on_batch(look)

    train(tiny_recipe())

    assert all((one.state, one.handle) == ("running", own_handle()) for one in seen)
    later = seen[-1]
    assert (later.step, later.phase, later.epoch, later.n_epochs) == ("training", "train", 2, 2)
    assert 0 < later.done <= later.total
    assert later.seconds_left is not None
    assert 0 <= later.seconds_left < 60
    assert [one.epoch for one in seen] == sorted(one.epoch for one in seen)


def test_the_last_epoch_is_kept_where_the_recipe_says_so(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.5, 0.9])
    monkeypatch.setattr(recorder, "measure_loss", lambda *_: next(losses))

    run = train(replace(tiny_recipe(), selected_epoch="last"))

    assert run.read_epochs()["best_epoch"].tolist() == [1, 2]
    assert run.read_status().message.startswith("Selected epoch 2 of 2 (the last)")
    final = run.read_predictions()
    np.testing.assert_allclose(
        probabilities_of(final[final["subset"] == "validation"]),
        probabilities_of(run.read_validation(2)),
        atol=1e-5,
    )


def test_final_probabilities_are_fitted_to_the_validation_subset(
    train: Train, finished: Finished
) -> None:
    plain, run = train(tiny_recipe()), train(replace(tiny_recipe(), calibrate=True))

    calibration = read_calibration(run)
    assert calibration
    assert read_calibration(plain) is None
    raw = plain.read_predictions().dropna().reset_index(drop=True)
    own = run.read_predictions().dropna().reset_index(drop=True)
    np.testing.assert_allclose(
        probabilities_of(own), calibration.apply(probabilities_of(raw)), atol=1e-3
    )
    validation = own[own["subset"] == "validation"]
    rate = (validation["actual"] == "opacity").mean()
    assert validation["p_opacity"].mean() == pytest.approx(rate, abs=0.02)
    path = finished.data / run.read_split().set_index("image_id").loc[own["image_id"][0], "path"]
    [told] = probabilities_of(predict_images(run, [path]))
    np.testing.assert_allclose(told, probabilities_of(own)[0], atol=1e-4)


@pytest.mark.parametrize(
    "split",
    [SplitSpec(test=0.0), SplitSpec(test=0.25, validate_on_test=True)],
    ids=["no test set", "test set watched"],
)
def test_nothing_is_fitted_to_the_images_that_evaluate_and_each_phase_is_reported(
    split: SplitSpec, train: Train
) -> None:
    # The second learns at such a rate that it forgets all.
    phases = (Phase("head", 1, trainable="all"), Phase("all", 1, learning_rate=10))
    recipe = replace(
        tiny_recipe(), calibrate=True, split=split, phases=phases, selected_epoch="last"
    )

    run = train(recipe)

    assert run.read_status().state == "done", run.read_status().message
    assert read_calibration(run) is None
    report = run.read_report()
    assert report["watched"] == split.validate_on_test
    assert [(phase["name"], phase["kept"]) for phase in report["phases"]] == [
        ("head", False),
        ("all", True),
    ]
    assert report["phases"][1]["only_class"] in ("opacity", "no opacity")
    # The last epoch is evaluated, on the images that were watched: the figures are the same.
    assert report["phases"][1]["confusion"] == report["confusion"]
    assert report["phases"][1]["metrics"]["accuracy"] == report["metrics"]["accuracy"]
    subsets = set(run.read_split()["subset"])
    assert subsets == {"training", report["subset"]}
    kinds = [result.kind for result in diagnose_run(run)]
    assert ("watched_test" in kinds) == split.validate_on_test
