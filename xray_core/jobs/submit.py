"""What a user does to jobs: submit a recipe, stop a run."""

from dataclasses import replace
from pathlib import Path

from xray_core.datasets import open_dataset
from xray_core.errors import JobError
from xray_core.home import Home
from xray_core.jobs.queue import JobQueue
from xray_core.jobs.worker import ensure_worker
from xray_core.labels import encode_catalog, find_view
from xray_core.models import check_weights
from xray_core.recipes import Recipe, bind_recipe
from xray_core.runs import Run, create_run, utc_now
from xray_core.splits import LEAKY_METHODS, check_leaks, split_catalog


def check_recipe(recipe: Recipe, data_folder: Path, home: Home) -> Recipe:
    """Return `recipe` bound to a dataset, checked as far as it can be without training.

    Raises:
        XrayError: the folder is no dataset, the label view does not fit it, a weights file is
            missing, or patients are in several parts and the recipe does not allow it.
    """
    check_weights(recipe.model, recipe.weights)
    catalog = open_dataset(data_folder, home.cache)
    bound = bind_recipe(recipe, catalog)
    if recipe.split.method in LEAKY_METHODS:
        targets = encode_catalog(catalog, find_view(recipe.label_view))
        # By the tables alone: somebody waits for this. The training looks into the files, too.
        split = split_catalog(catalog, targets, recipe.split, read_files=False)
        check_leaks(split, catalog, recipe.split, read_files=False)
    return bound


def submit_recipe(recipe: Recipe, data_folder: Path, home: Home) -> Run:
    """Queue a training of `recipe` on `data_folder`, and see that a worker is there.

    Returns:
        The new run; the training starts as soon as those before it have ended.

    Raises:
        XrayError: see `check_recipe`, `runs.create_run` and `JobQueue`.
    """
    run = create_run(check_recipe(recipe, data_folder, home), home.runs)
    try:
        JobQueue(home.queue).submit(run.name)
    except JobError as error:
        status = replace(run.read_status(), state="failed", message=str(error), ended_at=utc_now())
        run.write_status(status)
        raise
    ensure_worker(home)
    return run


def stop_run(run: Run, home: Home) -> str:
    """Stop a run, queued or running; return in words what happens now."""
    status = run.read_status()
    if status.has_ended:
        return f"{run.name} has ended already: {status.state}."
    run.request_stop()
    if JobQueue(home.queue).cancel(run.name):
        run.write_status(
            replace(
                status, state="stopped", message="Cancelled before it began.", ended_at=utc_now()
            )
        )
        return f"{run.name} is out of the queue."
    return f"{run.name} stops after its present batch; what it learned so far is kept."
