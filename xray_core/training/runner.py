"""One training from its recipe to its report, in the process that was started for it."""

import errno
import shutil
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
from xray_core.evaluation.multilabel import choose_thresholds, findings_table
from xray_core.evaluation.report import prediction_table, report_run
from xray_core.evaluation.thresholds.guarantee import write_guaranteed
from xray_core.files import format_bytes
from xray_core.machine import describe_system, read_allocator
from xray_core.models import build_model, check_weights
from xray_core.preprocess.cache import BuildStopped
from xray_core.processes import lower_priority, stop_on_signals
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.training.checkpoint import TrainingState, read_training_state
from xray_core.training.columns_baseline import predict_columns, write_columns_baseline
from xray_core.training.combined_labels import CombinedLabels, merge_output
from xray_core.training.data import Prepared, combined_labels, prepare_data, training_batches
from xray_core.training.devices import parallel_devices, prepare_device, share_batches
from xray_core.training.freezing import check_layers
from xray_core.training.fused_norm import fuse_batch_norm
from xray_core.training.inputs import PredictionBatches, TrainingBatches
from xray_core.training.masks import evaluate_masks
from xray_core.training.phases import fit_phases, load_selected_weights
from xray_core.training.progress import Progress, StopRequested
from xray_core.training.recorder import Recorder
from xray_core.workspace import Workspace

# Of these, the run notes the versions of those that are there: one backend is enough to train.
PACKAGES = (
    *("keras", "tensorflow", "jax", "jaxlib"),
    *("numpy", "opencv-python-headless", "pandas", "scikit-image"),
)
RESERVED_BYTES = 256 * 1024  # bytes kept free for the last word when the disk runs full
PREDICT_BATCH_SIZE = 64
N_TRAINING_IMAGES = 1000  # images of the training set that are predicted after the training


def train_run(run: Run, workspace: Workspace) -> str:
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
            reserve.write_bytes(b"\0" * RESERVED_BYTES)
            # An exception in the midst of a batch would leave weights of which nobody knows where
            # they stand.
            stop_on_signals(run.request_stop)
            if not run.submission_path.is_file():
                run.append_event("started", "Started on a command line.")
            lower_priority()
            progress = Progress(run)
        except OSError as error:
            raise RunError(f"{run.folder} cannot be written to: {error.strerror}.") from error
        state, message = _outcome(run, workspace, progress, reserve)
        progress.end(state, message)
        return state


def _outcome(run: Run, workspace: Workspace, progress: Progress, reserve: Path) -> tuple[str, str]:
    """Run the training; return the final state and its reason in words."""
    try:
        message = _train(run, workspace, progress)
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
        free = shutil.disk_usage(run.folder).free
        return (
            f"The disk is full ({format_bytes(free)} free). Free some space, for example old "
            "runs or the cache folder, then resume the run."
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


def _train(run: Run, workspace: Workspace, progress: Progress) -> str:
    recipe = run.read_recipe()
    begin = read_training_state(run.last_checkpoint)
    resumes = begin is not None
    if not resumes:
        check_weights(recipe.model, recipe.weights)  # the file may have gone while the run waited
    device = prepare_device()
    progress.update(now=True, device=device)
    run.write_json("environment.json", _environment(device))
    keras.utils.set_random_seed(recipe.seed)

    data = prepare_data(recipe, run, workspace, progress, resumes=resumes)
    combined = combined_labels(data) if recipe.combined_labels else None
    training = training_batches(recipe, data, combined)
    recorder = _start_recorder(run, recipe, data, training, progress, begin)
    progress.update(now=True, message="Building the model.")
    keras.config.set_dtype_policy(recipe.precision)
    on_gpu = not device.startswith("CPU")
    with share_batches(parallel_devices()):
        # A checkpoint holds all weights.
        model = _build_network(recipe, data, combined, "random" if resumes else recipe.weights)
        if not on_gpu:
            fuse_batch_norm(model)  # MobileNetV2 twice as fast; a GPU fuses by itself (XLA)
        try:
            fit_phases(model, recipe, run, training, recorder, on_gpu=on_gpu, resumes=resumes)
        except StopRequested:
            recorder.save_checkpoint()
            raise

    progress.update(now=True, step="evaluating", message="Evaluating the selected weights.")
    load_selected_weights(model, run)
    report = _evaluate(model, run, data, recipe)
    count = f"{report['n']} {report['subset']} images"
    here = recorder.position
    why = "the last" if recipe.selected_epoch == "last" else "lowest validation loss"
    return f"Selected epoch {here.best_epoch} of {here.epoch} ({why}); evaluated on {count}."


def _start_recorder(
    run: Run,
    recipe: Recipe,
    data: Prepared,
    training: TrainingBatches,
    progress: Progress,
    begin: TrainingState | None,
) -> Recorder:
    """Return what writes the training down, from its checkpoint on where there is one."""
    rows = data.rows("validation")
    if not len(rows):
        raise RunError("No image of the validation set is readable. See the list of bad files.")
    if begin is None:
        run.cut_metrics(0)  # of a process that was killed before its first checkpoint
    else:
        _check_data_unchanged(begin, training)
        run.cut_metrics(begin.log_bytes)
        place = f"epoch {begin.epoch + 1}, batch {begin.batch + 1}"
        run.append_event("restored", f"Goes on from {place}.", "training")
    return Recorder(
        run,
        progress,
        training,
        PredictionBatches(data.cache, rows, PREDICT_BATCH_SIZE, tabular=data.tabular),
        data.actual(rows),
        data.split["image_id"].iloc[rows].tolist(),
        data.classes,
        begin or TrainingState(),
        keep_last=recipe.selected_epoch == "last",
    )


def _build_network(
    recipe: Recipe, data: Prepared, combined: CombinedLabels | None, weights: str
) -> keras.Model:
    model = build_model(
        recipe.model,
        len(combined.names) if combined else len(data.classes),
        recipe.preprocess.size,
        weights,
        **recipe.model_options,
        **({} if data.tabular is None else {"n_tabular": data.tabular.shape[1]}),
        **({"multilabel": True} if data.multilabel else {}),
    )
    check_layers(model, recipe)
    return merge_output(model, combined.classes, len(data.classes)) if combined else model


def _check_data_unchanged(begin: TrainingState, training: TrainingBatches) -> None:
    if training.n_training != begin.n_training:
        raise RunError(
            f"The dataset has changed: {training.n_training:,} training images are readable, there "
            f"were {begin.n_training:,} when the run began. Put them back, or restart the run."
        )


def _evaluate(model: Any, run: Run, data: Prepared, recipe: Recipe) -> dict[str, Any]:
    """Predict validation and test once, with the selected weights; write predictions and report.

    Some training images are predicted as well, for the first level of the error analysis.
    """
    if data.masks is not None:
        return evaluate_masks(model, run, data, recipe)
    evaluated = data.split[data.split["subset"] != "training"]
    rows = evaluated.index[data.cache.readable[evaluated.index]].to_numpy()
    learnt = data.rows("training")
    if len(learnt) > N_TRAINING_IMAGES:
        draw = np.random.default_rng(recipe.seed)
        learnt = np.sort(draw.choice(learnt, N_TRAINING_IMAGES, replace=False))
    values, values_learnt = (_predict(model, data, recipe, some) for some in (rows, learnt))
    if recipe.calibrate and {"validation", "test"} <= set(evaluated["subset"]):
        # Where what is watched is itself evaluated, fitting to it would flatter.
        validation = (data.split["subset"].iloc[rows] == "validation").to_numpy()
        calibration = fit_calibration(data.actual(rows[validation]), values[validation])
        run.write_json("calibration.json", asdict(calibration))
        values, values_learnt = calibration.apply(values), calibration.apply(values_learnt)
    limits = None
    if data.multilabel:
        answers = _by_image(data, rows, values)
        thresholds = choose_thresholds(findings_table(evaluated, data.classes, answers, {}))
        run.write_json("thresholds.json", thresholds)
        limits = thresholds["thresholds"]
    for name, split, at, values_at in (
        ("predictions", evaluated, rows, values),
        ("training_predictions", data.split.iloc[learnt], learnt, values_learnt),
    ):
        answers = _by_image(data, at, values_at)
        if limits is None:
            table = prediction_table(split, data.classes, answers)
        else:
            table = findings_table(split, data.classes, answers, limits)
        run.write_table(f"{name}.parquet", table)
    write_columns_baseline(run, predict_columns(data.catalog, data.split, data.classes))
    report = report_run(run)
    write_guaranteed(run)
    run.write_json("report.json", report)
    return report


def _by_image(data: Prepared, rows: NDArray[np.int64], values: Any) -> dict[str, Any]:
    """Return the name of each image of `rows` -> its probabilities."""
    return dict(zip(data.split["image_id"].iloc[rows], values, strict=True))


def _predict(model: Any, data: Prepared, recipe: Recipe, rows: NDArray[np.int64]) -> Any:
    """Return the probabilities of these rows, float64, shape (n, n_classes)."""
    views = [False, True] if recipe.test_time_augmentation else [False]
    return np.mean(
        [
            model.predict(
                PredictionBatches(data.cache, rows, PREDICT_BATCH_SIZE, mirrored, data.tabular),
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
        "platform": describe_system(),
        "device": device,
        "backend": keras.backend.backend(),
        "packages": _installed_versions(),
        "allocator": read_allocator(),
    }


def _installed_versions() -> dict[str, str]:
    versions = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
