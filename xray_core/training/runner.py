"""One training from its recipe to its report, in the process that was started for it."""

import errno
import platform
import shutil
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from xray_core.errors import RunError, XrayError
from xray_core.evaluation.calibrate import fit_calibration
from xray_core.evaluation.report import prediction_table, report_run
from xray_core.home import Home
from xray_core.models import build_model, check_weights
from xray_core.preprocess.cache import BuildStopped
from xray_core.processes import lower_priority, read_allocator
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.training.checkpoint import Position, read_position
from xray_core.training.data import Prepared, finer_targets, prepare_data, training_batches
from xray_core.training.devices import parallel_devices, prepare_device, share_batches
from xray_core.training.finer import gather_output
from xray_core.training.freezing import check_layers
from xray_core.training.fused_norm import fuse_batch_norm
from xray_core.training.inputs import PredictionBatches, TrainingBatches
from xray_core.training.phases import fit_phases, take_kept_weights
from xray_core.training.progress import Progress, StopRequested
from xray_core.training.recorder import Recorder

# Of these, the run notes the versions of those that are there: one backend is enough to train.
PACKAGES = (
    *("keras", "tensorflow", "jax", "jaxlib"),
    *("numpy", "opencv-python-headless", "pandas", "scikit-image"),
)
RESERVE = 256 * 1024  # bytes kept free for the last word when the disk runs full
PREDICT_BATCH = 64
N_TRAINING_JUDGED = 1000  # images of the training part that are predicted after the training


def train_run(run: Run, home: Home) -> str:
    """Train, evaluate and report one queued run; return the state it ended in.

    Where the run has a checkpoint, it goes on from there.

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
            raise RunError(f"{run.name} has ended ({status.state}). Resume it, or restart it anew.")
        reserve = run.folder / ".reserve"
        try:
            reserve.write_bytes(b"\0" * RESERVE)
            _stop_on_signals(run)
            if not run.submission_path.is_file():
                run.append_event("started", "Started on a command line.")
            lower_priority()
            progress = Progress(run)
        except OSError as error:
            raise RunError(f"{run.folder} cannot be written to: {error.strerror}.") from error
        state, message = _outcome(run, home, progress, reserve)
        progress.end(state, message)
        return state


def _stop_on_signals(run: Run) -> None:
    """Take SIGTERM and Ctrl-C for a request to stop after the batch; a second Ctrl-C ends at once.

    An exception in the midst of a batch would leave weights of which nobody knows where they stand.
    """

    def ask(number: int, _: object) -> None:
        run.request_stop()
        if number == signal.SIGINT:
            print("Stopping after this batch; Ctrl-C again ends at once.", file=sys.stderr)
            signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def _outcome(run: Run, home: Home, progress: Progress, reserve: Path) -> tuple[str, str]:
    """Run the training; return the final state and its reason in words."""
    try:
        message = _train(run, home, progress)
    except (StopRequested, BuildStopped, KeyboardInterrupt):
        return "stopped", "Stopped on request. It can be resumed where it stood."
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
            "the cache folder, then resume the run."
        )
    # Of the GPU's memory TensorFlow raises a class of its own; JAX names the status in the message.
    name, words = type(error).__name__, str(error)
    if (
        isinstance(error, MemoryError)
        or "ResourceExhausted" in name
        or "RESOURCE_EXHAUSTED" in words
    ):
        return "Out of memory. Choose a smaller batch_size, preprocess.size or model."
    return f"Unexpected {name}: {words} The log holds the details."


def _train(run: Run, home: Home, progress: Progress) -> str:
    recipe = run.read_recipe()
    begin = read_position(run.last_checkpoint)
    resumes = begin is not None
    if not resumes:
        check_weights(recipe.model, recipe.weights)  # the file may have gone while the run waited
    device = prepare_device()
    progress.update(now=True, device=device)
    run.write_json("environment.json", _environment(device))
    keras.utils.set_random_seed(recipe.seed)

    data = prepare_data(recipe, run, home, progress, resumes=resumes)
    finer = finer_targets(data) if recipe.finer_targets else None
    training = training_batches(recipe, data, finer)
    rows = data.rows("validation")
    if not len(rows):
        raise RunError("No image of the validation part is readable. See the list of bad files.")
    if begin is None:
        run.cut_metrics(0)  # of a process that was killed before its first checkpoint
    else:
        _check_data_unchanged(begin, training)
        run.cut_metrics(begin.log_bytes)
        place = f"epoch {begin.epoch + 1}, batch {begin.batch + 1}"
        run.append_event("restored", f"Goes on from {place}.", "training")
    recorder = Recorder(
        run,
        progress,
        training,
        PredictionBatches(data.cache, rows, PREDICT_BATCH, structured=data.structured),
        data.actual(rows),
        data.split["image_id"].iloc[rows].tolist(),
        data.classes,
        begin or Position(),
        keep_last=recipe.judged_epoch == "last",
    )
    progress.update(now=True, message="Building the model.")
    keras.config.set_dtype_policy(recipe.precision)
    on_gpu = not device.startswith("CPU")
    with share_batches(parallel_devices()):
        model = build_model(
            recipe.model,
            len(finer.names) if finer else len(data.classes),
            recipe.preprocess.size,
            "random" if resumes else recipe.weights,  # a checkpoint holds all weights
            **recipe.model_options,
            **({} if data.structured is None else {"n_structured": data.structured.shape[1]}),
        )
        check_layers(model, recipe)
        if finer:
            model = gather_output(model, finer.classes, len(data.classes))
        if not on_gpu:
            fuse_batch_norm(model)  # MobileNetV2 twice as fast; a GPU fuses by itself (XLA)
        try:
            fit_phases(model, recipe, run, training, recorder, on_gpu=on_gpu, resumes=resumes)
        except StopRequested:
            recorder.save_checkpoint()
            raise

    progress.update(now=True, step="evaluating", message="Evaluating the weights that are kept.")
    take_kept_weights(model, run)
    report = _evaluate(model, run, data, recipe)
    count = f"{report['n']} {report['part']} images"
    here = recorder.position
    which = "Last" if recipe.judged_epoch == "last" else "Best"
    return f"{which} epoch {here.best_epoch} of {here.epoch}; judged on {count}."


def _check_data_unchanged(begin: Position, training: TrainingBatches) -> None:
    if training.n_training != begin.n_training:
        raise RunError(
            f"The dataset has changed: {training.n_training:,} training images are readable, there "
            f"were {begin.n_training:,} when the run began. Put them back, or restart the run."
        )


def _evaluate(model: Any, run: Run, data: Prepared, recipe: Recipe) -> dict[str, Any]:
    """Predict validation and test once, with the kept weights; write predictions and report.

    Some training images are predicted as well, for the lowest rung of the error ladder.
    """
    judged = data.split[data.split["part"] != "train"]
    rows = judged.index[data.cache.readable[judged.index]].to_numpy()
    learnt = data.rows("train")
    if len(learnt) > N_TRAINING_JUDGED:
        draw = np.random.default_rng(recipe.seed)
        learnt = np.sort(draw.choice(learnt, N_TRAINING_JUDGED, replace=False))
    values, values_learnt = (_predict(model, data, recipe, some) for some in (rows, learnt))
    if recipe.calibrate and (judged["part"] == "test").any():
        # Where validation itself judges, fitting to it would flatter.
        validation = (data.split["part"].iloc[rows] == "validation").to_numpy()
        calibration = fit_calibration(data.actual(rows[validation]), values[validation])
        run.write_json("calibration.json", asdict(calibration))
        values, values_learnt = calibration.apply(values), calibration.apply(values_learnt)
    for name, of_it, at, found in (
        ("predictions", judged, rows, values),
        ("training_predictions", data.split.iloc[learnt], learnt, values_learnt),
    ):
        images = data.split["image_id"].iloc[at]
        table = prediction_table(of_it, data.classes, dict(zip(images, found, strict=True)))
        run.write_table(f"{name}.parquet", table)
    report = report_run(run)
    run.write_json("report.json", report)
    return report


def _predict(model: Any, data: Prepared, recipe: Recipe, rows: NDArray[np.int64]) -> Any:
    """Return the probabilities of these rows, float64, shape (n, n_classes)."""
    views = [False, True] if recipe.average_mirror else [False]
    return np.mean(
        [
            model.predict(
                PredictionBatches(data.cache, rows, PREDICT_BATCH, mirrored, data.structured),
                verbose=0,
            )
            for mirrored in views
        ],
        axis=0,
        dtype="float64",
    )


def _environment(device: str) -> dict[str, Any]:
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "device": device,
        "backend": keras.backend.backend(),
        "packages": _installed_versions(),
        "allocator": read_allocator(),
    }


def _installed_versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
