"""The cross-validation of a run: which runs are its folds, and which recipes to train for one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from xray_core.errors import RunError, XrayError
from xray_core.evaluation.sweeps import find_sweep
from xray_core.files import parse_time
from xray_core.recipes import Recipe, change_recipe
from xray_core.recipes.variants import vary_recipe
from xray_core.runs import Run, find_run
from xray_core.runs.index import run_table
from xray_core.runs.opening import is_open, needs_opening
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.workspace import Workspace

N_FOLDS = 5  # that are trained where nobody says how many
WHOLE_PATIENTS = ("patient", "clean")  # methods of a split whose folds keep patients together
# What the folds of a cross-validation do without.
PLAIN: dict[str, Any] = {"site": "", "validate_on_test": False, "target_domain_only": False}
# What a recipe is called, or was changed from, is no setting of the training.
NAMES: dict[str, Any] = {
    "name": "",
    "title": "",
    "source": "",
    "about": "",
    "published": {},
    "parent": "",
    "changes": {},
}


@dataclass(frozen=True)
class CrossValidation:
    """The runs of one setting that each test another fold.

    Attributes:
        sweep: name under which they were submitted.
        n_folds: how many folds there are to be.
        runs: by fold, the newest of each that is done, else the newest; perhaps not of each.
    """

    sweep: str
    n_folds: int
    runs: dict[int, Run]

    def list_states(self) -> dict[int, str]:
        """Return fold -> state of its run; "missing" where there is none. Raises RunError."""
        return {
            fold: self.runs[fold].read_status().state if fold in self.runs else "missing"
            for fold in range(1, self.n_folds + 1)
        }

    @property
    def is_done(self) -> bool:
        """Whether every fold has its predictions. Raises RunError."""
        return set(self.list_states().values()) == {"done"}


def list_fold_recipes(recipe: Recipe, folds: int = N_FOLDS) -> list[Recipe]:
    """Return the recipes of a cross-validation that tests each image of a recipe once.

    Patients are kept together, whatever the recipe's own split does: a network that has seen the
    patient says little of the label. No fold is watched while its network trains.

    Raises:
        XrayError: see `recipes.vary_recipe`.
    """
    split = recipe.split
    changes: dict[str, Any] = {f"split.{name}": value for name, value in PLAIN.items()}
    if split.method not in WHOLE_PATIENTS:
        changes["split.method"] = WHOLE_PATIENTS[0]
    return vary_recipe(change_recipe(recipe, changes), None, folds)


def find_cross_validation(run: Run, workspace: Workspace) -> CrossValidation | None:
    """Return the newest cross-validation of a run's recipe, rather one that is done; or None.

    Raises:
        RunError: the recipe of the run is damaged.
    """
    recipe = run.read_recipe()
    wanted, table = _sign(recipe), run_table(workspace)
    here = table[(table["sweep"] != "") & (table["task"] == recipe.task)]
    here = here[here["folder"].isin(table.loc[table["name"] == run.name, "folder"])]
    by_sweep: dict[tuple[str, int], list[tuple[Recipe, Run]]] = {}
    for name, sweep in zip(here["name"], here["sweep"], strict=True):  # newest first
        member = Run(workspace.runs / name)
        with suppress(XrayError):  # of another version, or damaged: then it is none of ours
            other = member.read_recipe()
            if other.split.folds and _sign(other) == wanted:
                by_sweep.setdefault((sweep, other.split.folds), []).append((other, member))
    each = [_collect(sweep, folds, members) for (sweep, folds), members in by_sweep.items()]
    return next((validation for validation in each if validation.is_done), next(iter(each), None))


def read_cross_validation(name: str, workspace: Workspace) -> CrossValidation:
    """Return the cross-validation that is named, by its sweep or by a run.

    Args:
        name: of a sweep of which each run tests another fold of one setting; or of a run, whose
            recipe was cross-validated.
        workspace: the folders.

    Raises:
        RunError: there is none, or the sweep holds several.
    """
    if (run_table(workspace)["sweep"] == name).any() and name:
        members = [(run.read_recipe(), run) for run in reversed(find_sweep(workspace, name))]
        folded = [(recipe, run) for recipe, run in members if recipe.split.folds]
        if not folded:
            raise RunError(
                f"The sweep {name} is no cross-validation. Queue one: `xray submit RECIPE --data "
                f"FOLDER --folds {N_FOLDS}`."
            )
        kinds = {(_sign(recipe), recipe.split.folds) for recipe, _ in folded}
        if len(kinds) > 1:
            raise RunError(
                f"The sweep {name} cross-validates {len(kinds)} settings. Name a run of one of "
                f"them instead, such as {folded[-1][1].name}."
            )
        return _collect(name, folded[0][0].split.folds, folded)
    run = find_run(workspace.runs, name)
    if run.holds(ORIGIN):
        raise RunError(
            f"{run.read_nickname()} was not trained here, so it has no recipe to cross-validate. "
            "Name a run that was."
        )
    validation = find_cross_validation(run, workspace)
    if validation is None:
        raise RunError(
            f"The recipe of {name} has not been cross-validated here. Queue it: `xray submit "
            f"{run.folder / 'recipe.json'} --data FOLDER --folds {N_FOLDS}`."
        )
    return validation


def list_closed(validation: CrossValidation, workspace: Workspace) -> list[Run]:
    """Return the runs of a cross-validation whose test set nobody has opened. Raises RunError."""
    return [
        run
        for run in validation.runs.values()
        if needs_opening(run.read_report()) and not is_open(run, workspace)
    ]


def estimate_duration(run: Run, folds: int = N_FOLDS) -> timedelta | None:
    """Return about how long the folds take one after the other, by the time that a run took.

    None where it was not trained here. Raises RunError.
    """
    status = run.read_status()
    began, ended = parse_time(status.started_at), parse_time(status.ended_at)
    return (ended - began) * folds if began and ended and ended > began else None


def _collect(sweep: str, folds: int, members: Sequence[tuple[Recipe, Run]]) -> CrossValidation:
    """Return the cross-validation of its members, the newest first."""
    runs: dict[int, Run] = {}
    for recipe, run in members:
        fold = recipe.split.fold
        if fold not in runs or (_state(runs[fold]) != "done" and _state(run) == "done"):
            runs[fold] = run
    return CrossValidation(sweep, folds, dict(sorted(runs.items())))


def _state(run: Run) -> str:
    with suppress(RunError):
        return run.read_status().state
    return "damaged"


def _sign(recipe: Recipe) -> str:
    """Return what two recipes have in common that are cross-validated by the same trainings."""
    split = asdict(recipe.split) | {"folds": 0, "fold": 1, "test": 0.0}
    if not recipe.split.folds:
        split |= PLAIN
        if split["method"] not in WHOLE_PATIENTS:
            split["method"] = WHOLE_PATIENTS[0]
    return repr(asdict(replace(recipe, **NAMES)) | {"split": split})
