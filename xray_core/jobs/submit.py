"""Submit a recipe: check it as far as it can be without training, and queue it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pandas as pd

from xray_core.audit.same_picture import read_kept_copies
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import JobError, RecipeError
from xray_core.jobs.queue import JobQueue
from xray_core.jobs.worker import ensure_worker
from xray_core.models import RUN_OF, check_weights
from xray_core.models.imagenet import describe_lack
from xray_core.preprocess.lung_masks import find_lung_masks
from xray_core.preprocess.lung_places import check_masks
from xray_core.recipes import Recipe, bind_recipe
from xray_core.runs import HIGHEST_PRIORITY, Run, Submission, create_run
from xray_core.runs.index import run_table
from xray_core.runs.nicknames import clean_nickname, draw_nickname
from xray_core.runs.seen import read_past
from xray_core.runs.starting_weights import check_known, check_past
from xray_core.selection import find_doubtful, select_catalog
from xray_core.splits import LEAKY_METHODS, SplitSpec, check_leaks, split_catalog
from xray_core.splits.grouping import bytes_to_compare
from xray_core.tasks import encode_catalog, find_task
from xray_core.workspace import Workspace

LONGEST_USER = 40  # characters of a name
MAX_READ_BYTES = 256 * 2**20  # bytes that are read while somebody waits: a second or two


def check_recipe(recipe: Recipe, data_folder: Path, workspace: Workspace) -> Recipe:
    """Return `recipe` bound to a dataset, checked as far as it can be without training.

    Raises:
        XrayError: the folder is no dataset, the task does not fit it, the selection leaves a
            class empty, a weights file or the run that it is to come from is missing, or patients
            are in several subsets, or the weights have seen what is tested, and the recipe does
            not allow it.
    """
    recipe = find_start(recipe, workspace)
    catalog = open_dataset(data_folder, workspace.cache)
    doubtful = find_doubtful(catalog, recipe.selection, recipe.task, workspace)
    catalog = select_catalog(catalog, recipe.selection, recipe.task, doubtful)
    bound = bind_recipe(recipe, catalog)
    past = read_past(recipe, workspace)
    if past:
        check_known(past, recipe)
    targets = encode_catalog(catalog, find_task(recipe.task))
    if recipe.preprocess.needs_lungs:
        masks = find_lung_masks(catalog, workspace.cache)
        check_masks(masks, catalog.images.loc[targets.index, "image_id"].tolist())
    if recipe.split.method in (*LEAKY_METHODS, "site"):
        # No image is read: somebody waits for this. The training looks into the files, too.
        split = split_catalog(catalog, targets, recipe.split, read_files=False)
        kept = read_kept_copies(catalog, workspace.cache)
        check_leaks(split, catalog, recipe.split, kept, read_files=False)
    if past and past.seen:
        drawn = _split_at_once(catalog, targets, recipe.split, workspace)
        if drawn is not None:
            check_past(past, drawn, catalog, recipe, workspace)
    return bound


def find_start(recipe: Recipe, workspace: Workspace) -> Recipe:
    """Return `recipe` with the file of the earlier run that it begins from, if it names one.

    Raises:
        RecipeError: there is no such run, or the file that it names is missing.
    """
    recipe = _name_file(recipe, workspace)
    check_weights(recipe.model, recipe.weights)
    return recipe


def describe_missing(recipe: Recipe) -> str:
    """Return what to know where the ImageNet weights of `recipe` are not here; "" if they are."""
    return describe_lack(recipe.model, recipe.weights, recipe.model_options)


def _name_file(recipe: Recipe, workspace: Workspace) -> Recipe:
    if not recipe.weights.startswith(RUN_OF):
        return recipe
    name = recipe.weights.removeprefix(RUN_OF)
    runs = run_table(workspace)
    named = (runs["recipe"] == name) | (runs["name"] == name)
    done = runs.loc[named & (runs["state"] == "done"), "name"]
    if done.empty:
        raise RecipeError(
            f"{recipe.name} begins with the weights of a finished run of {name}, and there is none "
            f"in this workspace. Train {name} first, or set weights to a file."
        )
    run = Run(workspace.runs / done.iloc[0])  # the newest
    return replace(recipe, weights=str(run.best_checkpoint.resolve()))


def _split_at_once(
    catalog: Catalog, targets: pd.DataFrame, spec: SplitSpec, workspace: Workspace
) -> pd.DataFrame | None:
    """Return the split that the training will draw, or None where that takes long to find out.

    Another one, drawn without a look at the files, would refuse what is right. The training then
    is the first to see whether the weights fit it.
    """
    read_files = spec.method not in LEAKY_METHODS  # whose test set goes by the tables alone
    if read_files and bytes_to_compare(catalog) > MAX_READ_BYTES:
        return None
    copies = read_kept_copies(catalog, workspace.cache) if spec.method == "clean" else None
    if spec.method == "clean" and copies is None:
        return None
    return split_catalog(catalog, targets, spec, copies, read_files)


def check_priority(priority: int) -> int:
    """Return `priority`. Raises JobError where it is out of bounds."""
    if abs(priority) > HIGHEST_PRIORITY:
        raise JobError(
            f"The priority {priority} is out of bounds: -{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}."
        )
    return priority


def submit_recipe(
    recipe: Recipe,
    data_folder: Path,
    workspace: Workspace,
    user: str = "",
    priority: int = 0,
    gpus: int = 1,
    sweep: str = "",
    nickname: str = "",
) -> Run:
    """Queue a training of `recipe` on `data_folder`, and see that a worker is there.

    Args:
        recipe: what to train.
        data_folder: a dataset.
        workspace: the folders.
        user: a name, as typed; users take turns.
        priority: higher goes first; -100 to 100.
        gpus: how many to train on at once, where there are GPUs.
        sweep: that it belongs to; see `submit_sweep`.
        nickname: what to call the run; "" draws one that no other run has.

    Returns:
        The new run; the training starts as soon as its turn comes.

    Raises:
        XrayError: see `check_recipe`, `runs.create_run` and `JobQueue`.
    """
    bound = check_recipe(recipe, data_folder, workspace)
    wish = Submission(_clean(user), check_priority(priority), gpus=gpus, sweep=sweep)
    nickname = clean_nickname(nickname) or suggest_nickname(workspace)
    run = _queue(bound, workspace, replace(wish, nickname=nickname))
    ensure_worker(workspace)
    return run


def submit_sweep(
    recipes: Sequence[Recipe],
    data_folder: Path,
    workspace: Workspace,
    user: str = "",
    priority: int = 0,
) -> list[Run]:
    """Queue several trainings that belong together, such as the folds of a cross-validation.

    Args:
        recipes: of one family; see `recipes.variants`.
        data_folder: a dataset.
        workspace: the folders.
        user: see `submit_recipe`.
        priority: likewise.

    Returns:
        The new runs, in the order given; their submissions name the same new sweep.

    Raises:
        XrayError: see `submit_recipe`. Nothing is queued if one of the recipes is refused.
    """
    bound = [check_recipe(recipe, data_folder, workspace) for recipe in recipes]
    now = datetime.now(UTC)
    sweep = f"{now:%Y%m%d-%H%M%S}-{recipes[0].parent or recipes[0].name}-{uuid4().hex[:4]}"
    wish = Submission(_clean(user), check_priority(priority), sweep=sweep)
    nickname = suggest_nickname(workspace)  # they differ in a number, as they belong together
    runs = [
        _queue(recipe, workspace, replace(wish, nickname=f"{nickname} {number}"))
        for number, recipe in enumerate(bound, 1)
    ]
    ensure_worker(workspace)
    return runs


def suggest_nickname(workspace: Workspace) -> str:
    """Return a name of two words that no run of the workspace has."""
    return draw_nickname({name.split(" ")[0] for name in run_table(workspace)["nickname"]})


def _clean(user: str) -> str:
    # A command line may hold bytes that are no text.
    words = user.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
    return " ".join(words.split())[:LONGEST_USER]


def _queue(bound: Recipe, workspace: Workspace, wish: Submission) -> Run:
    queue = JobQueue(workspace.queue)
    # Once its folder is there the run is submitted, whatever happens to this process: a worker
    # finds it. All that can be refused is therefore done before.
    wish = replace(wish, rank=queue.next_rank())
    run = create_run(bound, workspace.runs, wish)
    with suppress(JobError):  # then the worker finds it, too
        queue.submit(run.name, wish)
    return run
