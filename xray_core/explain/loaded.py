"""Networks of finished runs, loaded once: the last few stay in memory."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from xray_core.errors import RunError
from xray_core.files import stamp_file
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.origin import AVERAGE, read_origin
from xray_core.training.predict import load_network

N_KEPT = 3  # networks


@dataclass(frozen=True)
class LoadedRun:
    """A finished run with its network, not compiled.

    Attributes:
        run: its folder.
        recipe: its own.
        model: of its selected epoch.
    """

    run: Run
    recipe: Recipe
    model: Any


def load_run(run: Run) -> LoadedRun:
    """Return a run with its network; the same object for as long as its checkpoint is the same.

    Raises:
        RunError: it has no network of its own, or a damaged one.
    """
    check_network(run)
    return _load(str(run.folder), stamp_file(str(run.best_checkpoint)))


def check_network(run: Run) -> None:
    """Raise RunError if a run has no network of its own."""
    if not run.best_checkpoint.is_file():
        origin = read_origin(run)
        if origin is None:
            raise RunError(
                f"{run.name} has no finished epoch, so there is no network to look into."
            )
        whose = (
            "an average of other runs; choose one of them"
            if origin.kind == AVERAGE
            else "a table of predictions"
        )
        raise RunError(f"{run.read_nickname()} has no network of its own: it is {whose}.")


def check_classes(run: Run) -> None:
    """Raise RunError if a run has no network of its own, or one that draws masks."""
    check_network(run)
    if run.read_recipe().asks_masks:
        raise RunError(
            f"{run.read_nickname()} draws masks and knows no classes, so there is nothing to look "
            "for in its network but its layers. Choose a run that answers with classes."
        )


@lru_cache(maxsize=N_KEPT)
def _load(folder: str, stamp: object) -> LoadedRun:
    run = Run(Path(folder))
    recipe = run.read_recipe()
    return LoadedRun(run, recipe, load_network(run, recipe))
