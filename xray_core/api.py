"""What `import xray_core` gives to a script or a notebook; see docs/library.md.

Each function is thin: it does what the command of its name does, and leaves the same files.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core import datasets
from xray_core.catalog import Catalog
from xray_core.errors import RunError, XrayError
from xray_core.evaluation import report_run
from xray_core.evaluation.shown import shown_report
from xray_core.imagefiles import images
from xray_core.imagefiles.grays import DecodedImage
from xray_core.jobs.launchers import LocalLauncher
from xray_core.jobs.submit import check_recipe
from xray_core.processes import is_alive
from xray_core.recipes import PUBLISHED as RECIPES
from xray_core.recipes import Recipe, change_recipe, find_recipe, read_recipe
from xray_core.runs import Run, Status, create_run, find_run
from xray_core.runs.opening import open_test as open_test_set
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.tasks import TASKS, Task
from xray_core.workspace import Workspace, find_workspace

POLL = 0.2  # seconds between two looks at a training

__all__ = [
    "RECIPES",
    "TASKS",
    "Catalog",
    "Recipe",
    "Run",
    "Status",
    "Task",
    "XrayError",
    "change_recipe",
    "decode_image",
    "evaluate",
    "open_dataset",
    "read_image",
    "train",
    "write_synthetic_dataset",
]


def open_dataset(
    folder: Path | str,
    workspace: Path | str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Return a dataset as tables; it is read once, and again when its files or tables change.

    Args:
        folder: any dataset folder, or one that holds it.
        workspace: where what was read is kept; None: XRAY_HOME, or ./workspace.
        progress: called with (images measured, images in all) on the first opening.

    Returns:
        A catalog: `images`, one row per image, `boxes`, one row per box in px of the original
        image, origin at its top left, and `remarks` on what was odd. docs/catalog.md has every
        column.

    Raises:
        XrayError: the folder is missing, empty or of no known layout, or may not be read.
    """
    return datasets.open_dataset(Path(folder), _workspace(workspace).cache, progress)


def read_image(path: Path | str) -> NDArray[np.uint8]:
    """Return an image file or DICOM as gray levels.

    Returns:
        Shape (height, width), uint8, 0 (black) to 255 (white), upright and of the file's size:
        an EXIF orientation is applied.

    Raises:
        XrayError: the file is missing, no image, damaged or too large.
    """
    return images.read_image(Path(path))


def decode_image(path: Path | str) -> DecodedImage:
    """Return an image file or DICOM with what its file says of it.

    Returns:
        `pixels`, as `read_image` returns them; `stored`: bits, lowest and highest value in the
        file's own unit, the window that it asks for, and which end is black; `orientation` and
        `n_isolated`: what had to be done to it.

    Raises:
        XrayError: see `read_image`.
    """
    return images.decode_image(Path(path))


def train(
    recipe: Recipe | Path | str,
    data: Path | str,
    changes: Mapping[str, Any] | None = None,
    workspace: Path | str | None = None,
    progress: Callable[[Status], None] | None = None,
) -> Run:
    """Train a recipe now, in a process of its own, and wait for its end.

    The caller's process stays light and may be a notebook's. An interruption (Ctrl-C, or "stop"
    in a notebook) stops the training after its batch; the app can resume the run.

    Args:
        recipe: the name of one of `RECIPES`, the path of a .json file of one, or a recipe.
        data: a dataset folder.
        changes: field -> value, see `change_recipe`: {"phases.train.epochs": 2}.
        workspace: where the run is written; None: XRAY_HOME, or ./workspace.
        progress: called with the run's status whenever that changes.

    Returns:
        The run, done, or stopped where somebody asked for that. `evaluate` reports on it;
        `read_epochs()`, `read_predictions()`, `read_split()` are its tables, and `folder` has
        all of its files.

    Raises:
        XrayError: the recipe, a change or the data cannot be used, or the training failed.
        KeyboardInterrupt: it was interrupted, and has stopped.
    """
    home = _workspace(workspace)
    changed = change_recipe(_recipe(recipe), changes or {})
    run = create_run(check_recipe(changed, Path(data), home), home.runs)
    handle = LocalLauncher().start(run, home, {})
    try:
        status = _wait(run, handle, progress)
    except KeyboardInterrupt:
        run.request_stop()
        _wait(run, handle, progress)
        raise
    if status.state not in ("done", "stopped"):
        why = status.message if status.has_ended else "Its process ended before it began."
        raise RunError(f"The training {run.name} failed. {why} Its log is {run.log_path}.")
    return run


def evaluate(
    run: Run | str, workspace: Path | str | None = None, *, open_test: bool = False
) -> dict[str, Any]:
    """Return the report on a finished run, computed from its files alone.

    Args:
        run: a run, or the name of one.
        workspace: where a run is looked for by its name; None: XRAY_HOME, or ./workspace.
        open_test: whether its test set is opened, which is written down and counted, as each look
            makes it less of a test; otherwise its figures are only returned where it is open.

    Returns:
        Plain data: subset (the one evaluated: the test set where it is open, or else the validation
        set), n images,
        n_patients, classes, metrics (name -> value, low, high: 0 to 1, with the ends of its 95 %
        interval), per_class, confusion (rows true, columns predicted), roc, majority (the
        accuracy of always answering the most frequent class) and more. Where an image may have
        several classes, "multilabel" is true: metrics are means over the findings, per_class has
        auc, threshold and counts (TN, FP, FN, TP) of each, and there is no confusion. None is what
        cannot be computed.

    Raises:
        XrayError: there is no such run, or it has not finished.
    """
    if isinstance(run, str):
        run = find_run(_workspace(workspace).runs, run)
    home = Workspace(run.folder.parents[1])
    report = report_run(run)
    if open_test:
        open_test_set(run, home, how="command")
    return shown_report(run, home, report).report


def _workspace(folder: Path | str | None) -> Workspace:
    return find_workspace() if folder is None else Workspace(Path(folder).expanduser().absolute())


def _recipe(given: Recipe | Path | str) -> Recipe:
    if isinstance(given, Recipe):
        return given
    is_file = isinstance(given, Path) or given.endswith(".json")
    return read_recipe(Path(given)) if is_file else find_recipe(str(given))


def _wait(run: Run, handle: str, progress: Callable[[Status], None] | None) -> Status:
    """Return the last status of `run`, once its training has ended, in whatever way."""
    before = None
    while True:
        alive = is_alive(handle)  # asked first: its last word may come between the two
        status = run.read_status()
        if progress and status != before:
            progress(status)
        if status.has_ended or not alive:
            return status
        before = status
        time.sleep(POLL)
