"""One training from its recipe to its report, in the process that was started for it."""

import errno
import platform
import shutil
import signal
import sys
import traceback
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import RunError, XrayError
from xray_core.evaluation.report import prediction_table, report_run
from xray_core.home import Home
from xray_core.labels import encode_catalog, find_view
from xray_core.models import build_model, check_weights
from xray_core.preprocess.cache import BuildStopped, ImageCache, open_image_cache
from xray_core.preprocess.fingerprints import read_fingerprints
from xray_core.processes import lower_priority
from xray_core.recipes import Phase, Recipe
from xray_core.runs import Run
from xray_core.splits import check_leaks, describe_groups, split_catalog
from xray_core.training.devices import prepare_device
from xray_core.training.fused_norm import fuse_batch_norm
from xray_core.training.inputs import PredictionBatches, TrainingBatches
from xray_core.training.progress import Progress, StopRequested
from xray_core.training.recorder import Recorder

PACKAGES = ("keras", "tensorflow", "numpy", "opencv-python-headless", "pandas", "scikit-image")
RESERVE = 256 * 1024  # bytes kept free for the last word when the disk runs full
PREDICT_BATCH = 64


@dataclass(frozen=True)
class Prepared:
    """What a training works on, once the data is read, divided and decoded."""

    catalog: Catalog
    split: pd.DataFrame  # see `splits.split_catalog`; row i is row i of the cache
    cache: ImageCache
    classes: list[str]

    def rows(self, part: str) -> NDArray[np.int64]:
        """Return the cache rows of a part, those that could not be decoded left out."""
        return np.flatnonzero((self.split["part"] == part).to_numpy() & self.cache.readable)

    def actual(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the classes of these rows as 0..n_classes-1."""
        codes = pd.Categorical(self.split["class"], categories=self.classes).codes
        return codes[rows].astype("int64")


def train_run(run: Run, home: Home) -> str:
    """Train, evaluate and report one queued run; return the state it ended in.

    Nothing is raised for what goes wrong in the training: the state "failed" and its reason
    are written to the run folder, and the traceback to the process's output.

    Raises:
        RunError: the run has ended before, or another process trains it.
    """
    lock = FileLock(run.folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(f"{run.name} is being trained by another process.") from error
    with lock:
        status = run.read_status()
        if status.has_ended:
            raise RunError(f"{run.name} has ended ({status.state}). Submit its recipe again.")
        reserve = run.folder / ".reserve"
        try:
            reserve.write_bytes(b"\0" * RESERVE)
            signal.signal(signal.SIGTERM, lambda *_: run.request_stop())
            lower_priority()
            progress = Progress(run)
        except OSError as error:
            raise RunError(f"{run.folder} cannot be written to: {error.strerror}.") from error
        state, message = _outcome(run, home, progress, reserve)
        progress.end(state, message)
        return state


def _outcome(run: Run, home: Home, progress: Progress, reserve: Path) -> tuple[str, str]:
    """Run the training; return the final state and its reason in words."""
    try:
        message = _train(run, home, progress)
    except (StopRequested, BuildStopped, KeyboardInterrupt):
        return "stopped", "Stopped on request. What it learned until then is kept."
    except XrayError as error:
        print(error, file=sys.stderr, flush=True)
        return "failed", str(error)
    except Exception as error:  # the run must say why it failed, whatever it was
        traceback.print_exc()
        return "failed", _explain(error, run)
    finally:
        reserve.unlink(missing_ok=True)
    return "done", message


def _explain(error: Exception, run: Run) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(run.folder).free / 2**20
        return (
            f"The disk is full ({free:.0f} MB free). Free some space, for example old runs or "
            "the cache folder, and start the training again."
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "Out of memory. Choose a smaller batch_size, preprocess.size or model."
    return f"Unexpected {type(error).__name__}: {error} The log holds the details."


def _train(run: Run, home: Home, progress: Progress) -> str:
    recipe = run.read_recipe()
    check_weights(recipe.model, recipe.weights)  # the file may have gone while the run waited
    device = prepare_device()
    progress.update(now=True, device=device)
    run.write_json("environment.json", _environment(device))
    keras.utils.set_random_seed(recipe.seed)

    data = _prepare(recipe, run, home, progress)
    training = _training_batches(recipe, data)
    rows = data.rows("validation")
    if not len(rows):
        raise RunError("No image of the validation part is readable. See the list of bad files.")
    recorder = Recorder(
        run,
        progress,
        training,
        PredictionBatches(data.cache, rows, PREDICT_BATCH),
        data.actual(rows),
        data.split["image_id"].iloc[rows].tolist(),
        data.classes,
    )
    progress.update(now=True, message="Building the model.")
    keras.config.set_dtype_policy(recipe.precision)
    model = build_model(
        recipe.model,
        len(data.classes),
        recipe.preprocess.size,
        recipe.weights,
        **recipe.model_options,
    )
    if device.startswith("CPU"):
        fuse_batch_norm(model)  # trains MobileNetV2 twice as fast; a GPU fuses by itself (XLA)
    for number, phase in enumerate(recipe.phases):
        if number:
            _take_best_weights(model, run)
        try:
            _train_phase(model, phase, training, recorder, on_gpu=not device.startswith("CPU"))
        except (StopRequested, KeyboardInterrupt):
            recorder.keep_last()
            raise

    progress.update(now=True, step="evaluating", message="Evaluating the best weights.")
    _take_best_weights(model, run)
    report = _evaluate(model, run, data, mirror=recipe.average_mirror)
    count = f"{report['n']} {report['part']} images"
    return f"Best epoch {recorder.best_epoch} of {recorder.epoch}; judged on {count}."


def _prepare(recipe: Recipe, run: Run, home: Home, progress: Progress) -> Prepared:
    progress.update(now=True, step="preparing", message="Reading the dataset.")
    catalog = open_dataset(Path(recipe.data_folder), home.cache)
    targets = encode_catalog(catalog, find_view(recipe.label_view))
    pixels = _read_pixels(catalog, run, home, progress) if recipe.split.method == "clean" else None
    split = split_catalog(catalog, targets, recipe.split, pixels)
    run.write_table("split.parquet", split)
    leaks = check_leaks(split, catalog, recipe.split)

    def tell(done: int, total: int) -> None:
        progress.update(done=done, total=total, message=f"Decoding images: {done:,} of {total:,}.")

    cache = open_image_cache(
        catalog.root,
        split["path"].tolist(),
        recipe.preprocess,
        home.cache / "images",
        tell,
        should_stop=run.stop_path.exists,
    )
    run.write_json(
        "data.json",
        {
            "folder": recipe.data_folder,
            "remarks": [remark.message for remark in catalog.remarks],
            "unreadable": cache.unreadable.to_dict("records"),
            "grouped_by": describe_groups(catalog, recipe.split),
            "groups_in_several_parts": leaks,
            "parts": pd.crosstab(split["part"], split["class"]).to_dict("index"),
        },
    )
    return Prepared(catalog, split, cache, list(targets.columns))


def _read_pixels(catalog: Catalog, run: Run, home: Home, progress: Progress) -> pd.Series:
    """Return a digest of each image's pixels, by which a clean split joins copies."""

    def tell(done: int, total: int) -> None:
        progress.update(
            done=done, total=total, message=f"Looking for copies: {done:,} of {total:,} images."
        )

    return read_fingerprints(catalog, home.cache, tell, run.stop_path.exists)["digest"]


def _training_batches(recipe: Recipe, data: Prepared) -> TrainingBatches:
    rows = data.rows("train")
    actual = data.actual(rows)
    n_classes = len(data.classes)
    counts = np.bincount(actual, minlength=n_classes)
    if not counts.all():
        missing = ", ".join(np.array(data.classes)[counts == 0])
        raise RunError(f"No readable training image of: {missing}. See the list of bad files.")
    weights = np.ones(n_classes)
    if recipe.class_weights == "balanced":
        weights = counts.sum() / (n_classes * counts)
    return TrainingBatches(
        data.cache,
        rows,
        np.eye(n_classes, dtype="float32")[actual],
        weights.astype("float32"),
        recipe.batch_size,
        recipe.augment,
        recipe.seed,
    )


def _train_phase(
    model: Any, phase: Phase, training: TrainingBatches, recorder: Recorder, on_gpu: bool
) -> None:
    """Fit one phase; the recorder counts epochs through all of them."""
    for layer in model.layers:
        if layer.name == "base":
            layer.trainable = phase.trainable == "all"
    model.compile(
        optimizer=_build_optimizer(phase, len(training)),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        # XLA slows these networks on a CPU (measured: 0.67 to 0.84 of the speed).
        jit_compile="auto" if on_gpu else False,
    )
    callbacks: list[Any] = [recorder]
    if phase.patience:
        callbacks.append(keras.callbacks.EarlyStopping("val_loss", patience=phase.patience))
    recorder.phase = phase.name
    model.fit(training, epochs=phase.epochs, shuffle=False, verbose=0, callbacks=callbacks)


def _take_best_weights(model: Any, run: Run) -> None:
    # Not model.load_weights, which also loads the optimizer, and that may be another phase's.
    best = keras.models.load_model(run.best_checkpoint, compile=False, safe_mode=True)
    model.set_weights(best.get_weights())


def _build_optimizer(phase: Phase, steps_per_epoch: int) -> Any:
    rate: Any = phase.learning_rate
    if phase.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, phase.epochs * steps_per_epoch)
    kinds = {
        "adam": keras.optimizers.Adam,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    return kinds[phase.optimizer](learning_rate=rate)


def _evaluate(model: Any, run: Run, data: Prepared, mirror: bool) -> dict[str, Any]:
    """Predict validation and test once, with the best weights; write predictions and report."""
    judged = data.split[data.split["part"] != "train"]
    rows = judged.index[data.cache.readable[judged.index]].to_numpy()
    views = [False, True] if mirror else [False]
    values = np.mean(
        [
            model.predict(PredictionBatches(data.cache, rows, PREDICT_BATCH, mirrored), verbose=0)
            for mirrored in views
        ],
        axis=0,
    )
    names = data.split["image_id"].iloc[rows]
    table = prediction_table(judged, data.classes, dict(zip(names, values, strict=True)))
    run.write_table("predictions.parquet", table)
    report = report_run(run)
    run.write_json("report.json", report)
    return report


def _environment(device: str) -> dict[str, Any]:
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "device": device,
        "backend": keras.backend.backend(),
        "packages": {name: version(name) for name in PACKAGES},
    }
