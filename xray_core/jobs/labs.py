"""Plan and queue the trainings of the shortcut lab and of the leak lab."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.errors import JobError, RecipeError, RunError, XrayError
from xray_core.evaluation.lab_runs import LabRun
from xray_core.evaluation.leak_pairs import find_leak_runs, pair_runs
from xray_core.evaluation.shortcuts import find_shortcut_runs
from xray_core.files import parse_time
from xray_core.jobs.submit import check_recipe, submit_sweep
from xray_core.preprocess.lung_masks import find_lung_masks
from xray_core.preprocess.lung_places import check_masks
from xray_core.recipes import Recipe, bind_recipe
from xray_core.recipes.labs import BY_IMAGE, BY_PATIENT, MEMBERS, leak_recipe, member_recipe
from xray_core.runs import Run
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.tasks import MASKS, encode_catalog, find_task
from xray_core.workspace import Workspace

N_PAIRS, MOST_PAIRS = 3, 20


@dataclass(frozen=True)
class Plan:
    """One training of a lab.

    Attributes:
        key: of the member, or of the leak lab its way of splitting.
        title: in words.
        recipe: bound to the dataset; None where it cannot be trained.
        reason: why not; "" where it can.
        note: what to know of it; "" for nothing.
        lab_run: the run that does it already, or will; None where there is none.
    """

    key: str
    title: str
    recipe: Recipe | None
    reason: str = ""
    note: str = ""
    lab_run: LabRun | None = None

    @property
    def is_missing(self) -> bool:
        """Whether it can be trained, and nobody has."""
        return self.recipe is not None and self.lab_run is None


def find_base(run: Run) -> Recipe:
    """Return the recipe of a run, to begin a lab with.

    Raises:
        RunError: it has none.
        RecipeError: it draws masks, of which the labs have nothing to say.
    """
    if run.holds(ORIGIN):
        raise RunError(
            f"{run.read_nickname()} was not trained by a recipe, so there is none to train once "
            "more. Choose a run that was trained here."
        )
    recipe = run.read_recipe()
    _check_classes(recipe)
    return recipe


def _check_classes(recipe: Recipe) -> None:
    if find_task(recipe.task).asks == MASKS:
        raise RecipeError(
            f"{recipe.title} draws masks. The labs are about networks that answer with a class: "
            "choose another run or recipe."
        )


def plan_shortcuts(
    recipe: Recipe, catalog: Catalog, workspace: Workspace, run: Run | None = None
) -> list[Plan]:
    """Return which trainings the shortcut lab of a recipe takes, and which it cannot have.

    Args:
        recipe: any that fits the dataset.
        catalog: the dataset.
        workspace: the folders; a run that is there is not trained again.
        run: of the recipe, if one is the reason for asking.

    Raises:
        XrayError: the recipe does not fit the dataset, or draws masks.
    """
    _check_classes(recipe)
    bound = bind_recipe(recipe, catalog)
    lab_runs = find_shortcut_runs(bound, workspace, run)
    return [_plan_member(bound, key, catalog, workspace, lab_runs.get(key)) for key in MEMBERS]


def _plan_member(
    recipe: Recipe, key: str, catalog: Catalog, workspace: Workspace, lab_run: LabRun | None
) -> Plan:
    title, note = MEMBERS[key].title, ""
    try:
        member = bind_recipe(member_recipe(recipe, key), catalog)
        if member.preprocess.needs_lungs:
            masks = find_lung_masks(catalog, workspace.cache)
            targets = encode_catalog(catalog, find_task(member.task))
            names = catalog.present.loc[
                catalog.present.index.intersection(targets.index), "image_id"
            ].tolist()
            check_masks(masks, names)
            if n := masks.count(names)["none"]:
                note = f"{n:,} of {len(names):,} images have no mask and are left out."
    except XrayError as error:
        return Plan(key, title, None, _shorten(str(error), catalog), lab_run=lab_run)
    return Plan(key, title, member, note=note, lab_run=lab_run)


def _shorten(reason: str, catalog: Catalog) -> str:
    """Return a reason without the dataset's folder before it, as a sentence."""
    words = reason.removeprefix(f"{catalog.root}: ")
    return words[:1].upper() + words[1:]


def submit_shortcuts(
    recipe: Recipe,
    data_folder: Path,
    workspace: Workspace,
    user: str = "",
    run: Run | None = None,
    priority: int = 0,
) -> tuple[list[Plan], list[Run]]:
    """Queue what the shortcut lab of a recipe takes and is not there yet, as one sweep.

    Returns:
        All plans, with what could not be queued and why; and the new runs.

    Raises:
        XrayError: see `plan_shortcuts`, `submit_sweep`.
    """
    catalog = open_dataset(data_folder, workspace.cache)
    plans = [
        _check(plan, data_folder, workspace)
        for plan in plan_shortcuts(recipe, catalog, workspace, run)
    ]
    return plans, _submit(plans, data_folder, workspace, user, priority)


def _check(plan: Plan, data_folder: Path, workspace: Workspace) -> Plan:
    """Return a plan, with the reason where the recipe would be refused."""
    if plan.recipe is None or plan.lab_run is not None:
        return plan
    try:
        check_recipe(plan.recipe, data_folder, workspace)
    except XrayError as error:
        return replace(plan, recipe=None, reason=str(error))
    return plan


def _submit(
    plans: Sequence[Plan], data_folder: Path, workspace: Workspace, user: str, priority: int
) -> list[Run]:
    recipes = [plan.recipe for plan in plans if plan.recipe is not None and plan.is_missing]
    return submit_sweep(recipes, data_folder, workspace, user, priority) if recipes else []


def plan_leaks(
    recipe: Recipe, catalog: Catalog, workspace: Workspace, n_pairs: int = N_PAIRS
) -> list[Plan]:
    """Return the trainings of the leak lab: `n_pairs` by image, and as many by patient.

    Args:
        recipe: any that fits the dataset.
        catalog: the dataset.
        workspace: the folders; a run that is there is not trained again.
        n_pairs: how many there are to be in the end.

    Raises:
        JobError: the number is out of bounds.
        RecipeError: the dataset has no patient with several images, or the recipe cannot be
            divided in another way.
        LabelError: the task does not fit the dataset.
    """
    if not 1 <= n_pairs <= MOST_PAIRS:
        raise JobError(f"{n_pairs} pairs are asked for; choose 1 to {MOST_PAIRS}.")
    _check_classes(recipe)
    bound = bind_recipe(recipe, catalog)
    targets = encode_catalog(catalog, find_task(recipe.task))
    patients = catalog.present["patient_id"].reindex(targets.index).dropna()
    if not patients.duplicated().any():
        why = "no patient is known to have" if len(patients) else "patients are not known, so no"
        raise RecipeError(
            f"{catalog.root}: {why} several images, so that a split by image is one by patient, "
            "and there is no leak to measure. Choose a dataset that names its patients."
        )
    pairs = {(p.seed, p.split_seed): p for p in pair_runs(find_leak_runs(bound, workspace))}
    runs = {lab_run.run.name: lab_run for lab_run in find_leak_runs(bound, workspace)}
    plans = []
    for number in range(n_pairs):
        for method in (BY_IMAGE, BY_PATIENT):
            wanted = bind_recipe(leak_recipe(bound, method, number), catalog)
            pair = pairs.get((wanted.seed, wanted.split.seed))
            name = "" if pair is None else pair.by_image if method == BY_IMAGE else pair.by_patient
            title = f"By {method}, seed {wanted.seed}"
            plans.append(Plan(method, title, wanted, lab_run=runs.get(name)))
    return plans


def submit_leaks(
    recipe: Recipe,
    data_folder: Path,
    workspace: Workspace,
    user: str = "",
    n_pairs: int = N_PAIRS,
    priority: int = 0,
) -> tuple[list[Plan], list[Run]]:
    """Queue what the leak lab of a recipe takes and is not there yet, as one sweep.

    Raises:
        XrayError: see `plan_leaks`, `submit_sweep`.
    """
    catalog = open_dataset(data_folder, workspace.cache)
    plans = plan_leaks(recipe, catalog, workspace, n_pairs)
    return plans, _submit(plans, data_folder, workspace, user, priority)


def seconds_of(run: Run) -> float | None:
    """Return how long a run took, from its start to its end; None where that is not known."""
    with suppress(RunError):
        status = run.read_stored_status()
        start, end = parse_time(status.started_at or ""), parse_time(status.ended_at or "")
        if start is not None and end is not None:
            return float((end - start).total_seconds())
    return None
