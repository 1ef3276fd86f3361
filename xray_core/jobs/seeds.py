"""Train the recipe of a run with other random seeds, for its noise floor."""

from pathlib import Path

from xray_core.errors import JobError, RunError
from xray_core.evaluation.noise import N_SEEDS, choose_seeds, find_seeds
from xray_core.jobs.submit import submit_sweep
from xray_core.recipes import change_recipe
from xray_core.runs import Run
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.workspace import Workspace


def train_seeds(
    run: Run, workspace: Workspace, user: str = "", n_seeds: int = N_SEEDS, priority: int = 0
) -> list[Run]:
    """Queue the recipe of a run with as many other seeds as are missing, as a sweep.

    The split stays as it is: its seed is another one. Seeds that were trained before, wait or are
    being trained count.

    Args:
        run: trained here.
        workspace: the folders.
        user: see `submit_recipe`.
        n_seeds: how many there are to be in the end, the run's own among them.
        priority: see `submit_recipe`.

    Returns:
        The new runs; none where all are there or under way.

    Raises:
        XrayError: see `submit_recipe`; the run was made elsewhere.
    """
    if run.holds(ORIGIN):
        raise RunError(
            f"{run.read_nickname()} was not trained here: there is no recipe to train with "
            "another seed."
        )
    if n_seeds < 2:
        raise JobError(f"{n_seeds} seeds are asked for; a spread takes at least 2.")
    recipe = run.read_recipe()
    missing = choose_seeds(find_seeds(run, workspace), recipe.seed, n_seeds)
    if not missing:
        return []
    recipes = [change_recipe(recipe, {"seed": seed}) for seed in missing]
    return submit_sweep(recipes, Path(recipe.data_folder), workspace, user, priority)
