"""What the recorder writes, from what Keras tells it."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pages.components.run_state import progress_share
from xray_core.errors import RunError
from xray_core.runs import Run, Status
from xray_core.training.checkpoint import TrainingState, read_training_state
from xray_core.training.progress import Progress, StopRequested
from xray_core.training.recorder import Recorder

CLASSES = ["a", "b"]
ACTUAL = np.array([0, 0, 1, 1, 1])


class FakeBatches:
    """Three batches of 4, 4 and 2 images."""

    n_images, n_training, n_batches = 10, 10, 3

    def batch_length(self, batch: int) -> int:
        return (4, 4, 2)[batch]


class FakeModel:
    """Predicts what it is told to, and saves that."""

    def __init__(self) -> None:
        self.positive = [0.1, 0.6, 0.9, 0.8, 0.3]
        self.optimizer = keras.optimizers.SGD(0.25)
        self.variables: list[Any] = []

    def predict(self, batches: object, verbose: int) -> np.ndarray:
        p = np.array(self.positive, "float32")
        return np.stack([1 - p, p], axis=1)

    def get_weights(self) -> list[float]:
        return list(self.positive)

    def set_weights(self, weights: list[float]) -> None:
        self.positive = list(weights)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.positive))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    run.write_status(Status("queued", n_epochs=4))
    return run


@pytest.fixture
def recorder(run: Run) -> Recorder:
    recorder: Any = Recorder(
        run,
        Progress(run),
        FakeBatches(),
        None,
        ACTUAL,
        list("vwxyz"),
        CLASSES,
        TrainingState(),
    )
    recorder.evaluated = FakeModel()
    recorder.set_model(recorder.evaluated)
    recorder.start_phase(0, "train")
    return recorder  # type: ignore[no-any-return]


def train_epoch(recorder: Recorder, loss: float = 0.5) -> None:
    """Tell the recorder of one epoch, in Keras' running means, and have it evaluated."""
    recorder.on_epoch_begin(0)
    for batch in range(3):
        recorder.on_train_batch_end(batch, {"loss": loss, "accuracy": 0.5})
    recorder.select_epoch()


def test_a_batchs_own_figures_are_taken_from_keras_running_means(
    recorder: Recorder, run: Run
) -> None:
    losses, hits, sizes = [2.0, 1.0, 0.5], [1, 4, 1], [4, 4, 2]

    recorder.on_epoch_begin(0)
    for batch in range(3):
        seen = sum(sizes[: batch + 1])
        loss = np.dot(losses[: batch + 1], sizes[: batch + 1]) / seen
        accuracy = sum(hits[: batch + 1]) / seen
        recorder.on_train_batch_end(
            batch, {"loss": np.float32(loss), "accuracy": np.float32(accuracy)}
        )

    lines = run.read_metrics()
    assert [line["loss"] for line in lines] == pytest.approx(losses, abs=1e-5)
    assert [line["accuracy"] for line in lines] == [0.25, 1.0, 0.5]
    assert [(line["epoch"], line["batch"], line["step"]) for line in lines] == [
        (1, 1, 1),
        (1, 2, 2),
        (1, 3, 3),
    ]


def test_epochs_are_counted_through_all_phases(recorder: Recorder, run: Run) -> None:
    train_epoch(recorder)
    recorder.start_phase(1, "fine")
    train_epoch(recorder)  # Keras counts from 0 again

    epochs = run.read_epochs()
    assert epochs["epoch"].tolist() == [1, 2]
    assert epochs["step"].tolist() == [3, 6]
    assert epochs["phase"].tolist() == ["train", "fine"]
    assert run.read_metrics()[-2]["step"] == 6


def test_the_validation_is_evaluated_and_kept(recorder: Recorder, run: Run) -> None:
    train_epoch(recorder)

    epoch = run.read_epochs().iloc[0]
    assert epoch["confusion"] == [[1, 1], [1, 2]]
    assert epoch["recall"] == pytest.approx([0.5, 2 / 3], abs=1e-6)
    assert epoch["val_accuracy"] == pytest.approx(0.6)
    assert epoch["val_auc"] == pytest.approx(5 / 6, abs=1e-6)
    expected = -np.log([0.9, 0.4, 0.9, 0.8, 0.3]).mean()
    assert epoch["val_loss"] == pytest.approx(expected, abs=1e-5)
    assert recorder.phase_losses == [epoch["val_loss"]], "patience goes by it"
    assert epoch["learning_rate"] == 0.25
    table = run.read_validation(1)
    assert table["image_id"].tolist() == list("vwxyz")
    assert table["p_b"].tolist() == pytest.approx([0.1, 0.6, 0.9, 0.8, 0.3])


def test_the_best_weights_are_kept(recorder: Recorder, run: Run) -> None:
    model: Any = recorder.model
    good, bad = [0.0, 0.0, 1.0, 1.0, 1.0], [0.9, 0.9, 0.1, 0.1, 0.1]
    for positive in (bad, good, bad):
        model.positive = positive
        train_epoch(recorder)
    recorder.end_phase()

    assert run.read_epochs()["best_epoch"].tolist() == [1, 2, 2]
    assert recorder.position.best_epoch == 2
    assert model.positive == bad, "the training goes on from the last epoch, not from the best"
    assert json.loads(run.best_checkpoint.read_text()) == good
    last = read_training_state(run.last_checkpoint)
    assert last == recorder.position
    assert last
    assert (last.epoch, last.batch, last.n_training) == (3, 0, 10)
    assert last.log_bytes == run.metrics_path.stat().st_size


def test_after_short_epochs_the_files_wait_but_never_contradict_each_other(
    recorder: Recorder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = recorder.model
    good, better, bad = [0.1, 0.2, 0.9, 0.9, 0.9], [0.0, 0.0, 1.0, 1.0, 1.0], [0.9] * 5
    monkeypatch.setattr("xray_core.training.recorder.EPOCHS_SECONDS", 0.0)
    model.positive = good
    train_epoch(recorder)
    monkeypatch.setattr("xray_core.training.recorder.EPOCHS_SECONDS", 3600.0)
    monkeypatch.setattr("xray_core.training.recorder.CHECKPOINT_SECONDS", 3600.0)
    for positive in (better, bad):
        model.positive = positive
        train_epoch(recorder)

    first = read_training_state(run.last_checkpoint)
    assert first
    assert (first.epoch, first.best_epoch) == (1, 1), "a killed training goes on from here"
    assert json.loads(run.best_checkpoint.read_text()) == good
    monkeypatch.setattr("xray_core.training.recorder.CHECKPOINT_SECONDS", 0.0)
    recorder.on_epoch_begin(0)
    recorder.on_train_batch_end(0, {"loss": 0.5, "accuracy": 0.5})
    assert read_training_state(run.last_checkpoint) == first, (
        "not within an epoch while weights wait"
    )
    recorder.save_checkpoint()
    assert read_training_state(run.last_checkpoint) == recorder.position
    assert json.loads(run.best_checkpoint.read_text()) == better


def test_every_line_is_strict_json_even_where_a_class_has_no_image(
    recorder: Recorder, run: Run
) -> None:
    recorder._actual = np.array([1, 1, 1, 1, 1])

    train_epoch(recorder)

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    for line in run.metrics_path.read_text().splitlines():
        json.loads(line, parse_constant=refuse)
    epoch = run.read_metrics()[-1]
    assert epoch["val_auc"] is None
    assert epoch["recall"][0] is None


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_training_in_words(
    value: float, recorder: Recorder, run: Run
) -> None:
    recorder.on_epoch_begin(0)

    with pytest.raises(RunError, match=r"loss became .* in epoch 1.*phases\.train\.learning_rate"):
        recorder.on_train_batch_end(0, {"loss": value, "accuracy": 0.5})

    assert run.read_metrics() == []


def test_a_validation_that_is_no_number_ends_the_training_too(recorder: Recorder) -> None:
    model: Any = recorder.model
    model.positive = [float("nan")] * 5

    with pytest.raises(RunError, match="The validation loss became nan in epoch 1"):
        train_epoch(recorder)


def test_a_request_to_stop_is_heeded_after_the_batch_is_written(
    recorder: Recorder, run: Run
) -> None:
    recorder.on_epoch_begin(0)
    run.request_stop()

    with pytest.raises(StopRequested):
        recorder.on_train_batch_end(0, {"loss": 1.0, "accuracy": 0.5})

    assert len(run.read_metrics()) == 1
    assert recorder.position.batch == 1


def test_the_estimate_falls_as_the_epochs_pass(recorder: Recorder) -> None:
    estimates = []
    for epoch in range(4):
        recorder.position = TrainingState(epoch=epoch, batch=3, seconds=8.0, epoch_seconds=10.0)
        estimates.append(recorder._seconds_left(3))

    assert estimates[-1] == 0
    assert all(later < earlier for earlier, later in zip(estimates, estimates[1:], strict=False))


def test_the_bar_is_full_only_while_what_it_counts_is_done(recorder: Recorder, run: Run) -> None:
    def share() -> float:
        return progress_share(recorder._progress.status)

    recorder._progress.update(step="preparing", message="Decoding images.", done=9, total=9)
    assert share() == 1
    recorder._progress.update(message="Building the model.")
    assert share() == 0

    recorder.report_progress("Computing features.", 9, 9)
    recorder.on_epoch_begin(0)
    assert run.read_status().step == "training", "said at once: the first batch may take long"
    assert share() == 0
    shares = []
    for batch in range(3):
        recorder.on_train_batch_end(batch, {"loss": 0.5, "accuracy": 0.5})
        shares.append(share())
    recorder.select_epoch()
    recorder.on_epoch_begin(0)
    assert [*shares, share()] == pytest.approx([1 / 12, 2 / 12, 3 / 12, 3 / 12])


def test_the_status_is_written_now_and_then_but_always_at_the_end(run: Run) -> None:
    progress = Progress(run)
    for done in range(200):
        progress.update(done=done)
    assert run.read_status().done < 199, "a file for each batch would cost more than the batch"

    progress.end("done", "Well done.")

    status = run.read_status()
    assert (status.state, status.done, status.message) == ("done", 199, "Well done.")
    assert status.ended_at
