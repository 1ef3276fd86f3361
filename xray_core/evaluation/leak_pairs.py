"""Which runs the leak lab compares: of one recipe and seed, divided by image and by patient."""

from collections.abc import Sequence
from dataclasses import dataclass

from xray_core.errors import RunError
from xray_core.evaluation.lab_runs import LabRun, Settings, list_lab_runs, settings_of
from xray_core.recipes import Recipe
from xray_core.recipes.labs import BY_IMAGE, PATIENT_METHODS
from xray_core.runs import Run
from xray_core.workspace import Workspace

METHOD, SPLIT_SEED = "split.method", "split.seed"
# What differs within a pair, or between pairs, of one recipe.
VARIED = (METHOD, "split.allow_leaks", SPLIT_SEED)


@dataclass(frozen=True)
class Pair:
    """Two runs of one recipe, training seed and split seed.

    Attributes:
        seed: of the training.
        split_seed: of the split.
        by_image, by_patient: the runs' names; "" where one is missing.
        states: of both, "" where one is missing.
    """

    seed: int
    split_seed: int
    by_image: str = ""
    by_patient: str = ""
    states: tuple[str, str] = ("", "")

    @property
    def is_done(self) -> bool:
        """Whether both are done."""
        return self.states == ("done", "done")


def find_leak_runs(recipe: Recipe, workspace: Workspace) -> list[LabRun]:
    """Return the runs of a recipe, bound to its dataset, divided by image or by patient."""
    wanted = _strip(settings_of(recipe))
    return [
        entry
        for entry in list_lab_runs(workspace)
        if entry.settings.get(METHOD) in (BY_IMAGE, *PATIENT_METHODS)
        and _strip(entry.settings) == wanted
    ]


def pick_leak_runs(runs: Sequence[Run], workspace: Workspace) -> list[LabRun]:
    """Return runs that are named, which must be of one recipe.

    Raises:
        RunError: one is not done, is divided in another way, or they differ in more than the
            split by image or by patient and their seeds.
    """
    names = {run.name for run in runs}
    known = {entry.run.name: entry for entry in list_lab_runs(workspace) if entry.run.name in names}
    for run in runs:
        if run.name not in known:
            raise RunError(
                f"{run.name} is no finished training of this workspace. Name runs that are done."
            )
        method = known[run.name].settings.get(METHOD)
        if method not in (BY_IMAGE, *PATIENT_METHODS):
            raise RunError(
                f"{run.name} is divided by {method!r}. The leak lab compares runs divided by "
                "image with runs divided by patient."
            )
    chosen = [known[run.name] for run in runs]
    first = _strip(chosen[0].settings)
    for other in chosen[1:]:
        own = _strip(other.settings)
        apart = [name for name in {**first, **own} if first.get(name) != own.get(name)]
        if apart:
            raise RunError(
                f"{other.run.name} and {chosen[0].run.name} differ in more than the split: "
                f"{', '.join(apart)}. Name runs of one recipe."
            )
    return chosen


def _strip(settings: Settings) -> Settings:
    return {name: value for name, value in settings.items() if name not in VARIED}


def pair_runs(runs: Sequence[LabRun]) -> tuple[Pair, ...]:
    """Return the pairs of runs with the same seeds, by seed; of several runs the newest done.

    Args:
        runs: newest first.
    """
    best: dict[tuple[int, int, bool], LabRun] = {}
    for entry in sorted(runs, key=lambda entry: entry.waits):
        key = (entry.seed, int(entry.settings[SPLIT_SEED]), entry.settings[METHOD] == BY_IMAGE)
        best.setdefault(key, entry)
    pairs = []
    for seed, split_seed in sorted({key[:2] for key in best}):
        both = [best.get((seed, split_seed, by_image)) for by_image in (True, False)]
        names = ["" if entry is None else entry.run.name for entry in both]
        states = ["" if entry is None else entry.state for entry in both]
        pairs.append(Pair(seed, split_seed, names[0], names[1], (states[0], states[1])))
    return tuple(pairs)
