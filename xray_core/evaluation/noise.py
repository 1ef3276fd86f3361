"""The noise floor: by how much two runs of one recipe differ that have nothing but another seed.

The same recipe with another random seed begins with other weights and sees the images in another
order. Whoever compares two recipes by one run each must expect that difference anyway.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from xray_core.errors import RunError
from xray_core.evaluation.common_images import TEST, VALIDATION, build_answers
from xray_core.evaluation.paired import measure_once
from xray_core.files import stamp_file
from xray_core.recipes.titles import field_title
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.runs.settings import read_fields
from xray_core.wilson import CONFIDENCE_LEVEL
from xray_core.workspace import Workspace

N_SEEDS = 5  # that are trained where a noise floor is asked for
FEWEST_SEEDS = 3  # with fewer, nothing can be said of their spread
SEED = "seed"
# Of a recipe, what it is called and what was told of it: no setting.
TOLD = ("name", "title", "source", "about", "published", "parent", "changes", SEED)
PLACE = ("dataset", "data_folder", "task", "classes")  # what a nearest recipe has alike
UNDER_WAY = ("queued", "running")


@dataclass(frozen=True)
class Spread:
    """How one figure differs over the seeds, on the validation set.

    Attributes:
        values: of each seed, in [0, 1].
        mean: of these.
        deviation: their standard deviation.
        floor: by how much two runs with different seeds differ at most in 95 of 100 cases.
    """

    values: tuple[float, ...]
    mean: float
    deviation: float
    floor: float


@dataclass(frozen=True)
class NoiseFloor:
    """What is known of the difference that the seed alone makes.

    Attributes:
        runs: names of the runs that it was measured on, in the order of their seeds.
        seeds: theirs.
        title: of their recipe.
        other_settings: in which this recipe differs from the one that was asked for, as titles;
            empty where it is the same.
        spreads: name of a figure -> its spread; see `paired.list_figures`.
    """

    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    title: str
    other_settings: tuple[str, ...]
    spreads: dict[str, Spread]


@dataclass(frozen=True)
class Seeds:
    """The runs of one recipe.

    Attributes:
        done: seed -> name of the newest run that is done.
        under_way: seeds of runs that wait or are being trained.
    """

    done: dict[int, str]
    under_way: frozenset[int]


def measure_spread(values: Sequence[float]) -> Spread:
    """Return how a figure differs between seeds.

    Two new runs differ by √2 times the deviation of one; with so few seeds, that deviation is
    itself uncertain, which Student's t distribution allows for. With many seeds the factor becomes
    1.96·√2 = 2.77, known as the repeatability limit.

    Source: ISO 5725-6:1994, section 4.1 (repeatability limit). That the seed alone moves results
    by as much as many published gains: Bouthillier et al., Accounting for variance in machine
    learning benchmarks, MLSys (2021), arXiv:2103.03098.

    Args:
        values: of two seeds or more.

    >>> spread = measure_spread([0.90, 0.92, 0.91, 0.93, 0.89])
    >>> round(spread.deviation, 4), round(spread.floor, 4)
    (0.0158, 0.0621)
    """
    from scipy.special import stdtrit  # here: a page without a noise floor opens without it

    deviation = float(np.std(values, ddof=1))
    quantile = float(stdtrit(len(values) - 1, (1 + CONFIDENCE_LEVEL) / 2))
    floor = quantile * float(np.sqrt(2)) * deviation
    return Spread(tuple(values), float(np.mean(values)), deviation, floor)


def find_noise(run: Run, workspace: Workspace) -> NoiseFloor | None:
    """Return the noise floor of a run's recipe, or of the nearest recipe on the same data and task.

    Of a run that draws masks none is known: it is one of classes.

    The nearest is the one that differs in the fewest settings.

    Args:
        run: whose recipe is asked for.
        workspace: the folders, in whose runs it looks for seeds.

    Returns:
        None where no recipe was trained with `FEWEST_SEEDS` seeds, and of a run that no training
        here has made: it has no recipe.

    Raises:
        RunError: the recipe or the predictions of a run cannot be read.
    """
    if run.holds(ORIGIN) or run.read_recipe().asks_masks:
        return None
    wanted = read_settings(run)
    place = [wanted.get(field) for field in PLACE]
    families: dict[str, dict[int, str]] = {}
    settings: dict[str, dict[str, Any]] = {}
    for name, seed, other in _list_settings(workspace, ("done",)):
        if [other.get(field) for field in PLACE] == place:
            key = json.dumps(other, sort_keys=True)
            families.setdefault(key, {}).setdefault(seed, name)  # the newest first
            settings[key] = other
    known = [key for key, seeds in families.items() if len(seeds) >= FEWEST_SEEDS]
    if not known:
        return None
    apart = {key: _list_apart(wanted, settings[key]) for key in known}
    nearest = min(known, key=lambda key: len(apart[key]))
    return _measure(families[nearest], tuple(apart[nearest]), workspace)


def find_seeds(run: Run, workspace: Workspace) -> Seeds:
    """Return the runs of the very recipe of a run, whatever their seeds.

    Raises:
        RunError: the recipe of the run cannot be read.
    """
    wanted = read_settings(run)
    done: dict[int, str] = {}
    for name, seed, other in _list_settings(workspace, ("done",)):
        if other == wanted:
            done.setdefault(seed, name)
    waiting = _list_settings(workspace, UNDER_WAY)
    under_way = frozenset(seed for _, seed, other in waiting if other == wanted)
    return Seeds(done, under_way)


def choose_seeds(seeds: Seeds, first: int, n_seeds: int = N_SEEDS) -> list[int]:
    """Return which seeds are still to be trained so that there are `n_seeds` of them.

    Args:
        seeds: of the recipe.
        first: the seed from which on they are counted.
        n_seeds: how many there are to be in the end.

    >>> choose_seeds(Seeds({0: "a"}, frozenset({2})), 0, 5)
    [1, 3, 4]
    """
    there = set(seeds.done) | seeds.under_way
    missing: list[int] = []
    candidate = first
    while len(there) + len(missing) < n_seeds:
        if candidate not in there:
            missing.append(candidate)
        candidate += 1
    return missing


def read_settings(run: Run) -> dict[str, Any]:
    """Return the settings of a run's recipe as plain fields, without seed and names.

    Raises:
        RunError: its recipe cannot be read.
    """
    parts = _split_seed(read_fields(run))
    if parts is None:
        raise RunError(
            f"The recipe of {run.name} cannot be read, so that nobody knows what was trained."
        )
    return parts[1]


def _list_settings(
    workspace: Workspace, states: Sequence[str]
) -> list[tuple[str, int, dict[str, Any]]]:
    """Return name, seed and settings of each training here in one of the states, newest first."""
    table = run_table(workspace)
    rows = []
    for name in table.loc[table["state"].isin(states), "name"]:
        run = Run(workspace.runs / name)
        parts = _split_seed(read_fields(run))
        if parts is not None and not run.holds(ORIGIN):  # which no training here has made
            rows.append((str(name), *parts))
    return rows


def _split_seed(fields: Mapping[str, Any] | None) -> tuple[int, dict[str, Any]] | None:
    """Return seed and settings of a recipe's fields; None where there is no such thing."""
    seed = fields.get(SEED) if fields else None
    if fields is None or not isinstance(seed, int):
        return None
    return seed, {name: value for name, value in fields.items() if name not in TOLD}


def _list_apart(wanted: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the titles of the settings in which two recipes differ."""
    first, second = _flatten(wanted), _flatten(other)
    apart = [name for name in {**first, **second} if first.get(name) != second.get(name)]
    return list(dict.fromkeys(field_title(name) for name in apart))


def _flatten(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name == "phases":
            phases = {str(phase.get("name")): phase for phase in value}
            flat |= _flatten(phases, "phases.")
        elif isinstance(value, Mapping):
            flat |= _flatten(value, f"{before}{name}.")
        else:
            flat[before + name] = value
    return flat


def _measure(
    members: Mapping[int, str], other_settings: tuple[str, ...], workspace: Workspace
) -> NoiseFloor:
    seeds = sorted(members)
    runs = [Run(workspace.runs / members[seed]) for seed in seeds]
    rows = [measure_validation(run) for run in runs]
    spreads = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        if not np.isnan(values).any():
            spreads[name] = measure_spread(values)
    title = runs[0].read_recipe().title
    names = tuple(run.name for run in runs)
    return NoiseFloor(names, tuple(seeds), title, other_settings, spreads)


def measure_validation(run: Run) -> dict[str, float]:
    """Return what a run comes to on its validation set; see `paired.list_figures`.

    Raises:
        RunError: it has no predictions there.
    """
    path = str(run.folder / "predictions.parquet")
    return dict(_measure_validation(str(run.folder), stamp_file(path)))


@lru_cache(maxsize=512)
def _measure_validation(folder: str, stamp: object) -> dict[str, float]:
    run = Run(Path(folder))
    table = run.read_predictions()
    # A run that watches its test set has no other set that it was validated on.
    subset = VALIDATION if (table["subset"] == VALIDATION).any() else TEST
    rows = table[(table["subset"] == subset) & table["predicted"].notna()]
    if rows.empty:
        raise RunError(f"Run {run.name} has no predictions on its {subset} set.")
    answers = build_answers([run], [rows.set_index("image_id")])
    return {name: float(values[0]) for name, values in measure_once(answers).items()}
