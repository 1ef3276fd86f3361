"""The images that several runs are compared on: those that all of them evaluate, and no others.

An image that one of the runs has learned from is never compared on: there it would be too good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xray_core.errors import RunError
from xray_core.evaluation.answers import Answers
from xray_core.evaluation.metrics import predict_classes
from xray_core.evaluation.multilabel import classes_of, is_multilabel, read_called, states_of
from xray_core.evaluation.shown import shown_subset
from xray_core.recipes import Recipe
from xray_core.recipes.differences import compare_settings
from xray_core.runs import Run
from xray_core.runs.folder import PROBABILITY
from xray_core.runs.index import run_table
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.runs.settings import read_fields
from xray_core.tasks import TASKS
from xray_core.workspace import Workspace

FEWEST, MOST = 2, 8  # runs that are compared at once
TEST, VALIDATION, TRAINING = "test", "validation", "training"
FOLDER_READER = "folder"  # reads any folder: images of two folders may have the same names


class OtherImagesError(RunError):
    """The runs evaluate different images.

    Attributes:
        n_common: images that all of them evaluate.
        n_patients: whose these are.
    """

    def __init__(self, message: str, n_common: int, n_patients: int) -> None:
        super().__init__(message)
        self.n_common, self.n_patients = n_common, n_patients


@dataclass(frozen=True)
class Evaluated:
    """What is compared.

    Attributes:
        answers: of the runs, in their order.
        recipes: likewise.
        subset: "test" or "validation".
        notes: what has to be known of the images; sentences.
        whole: whether these are all images of that set of each run.
        seeds_alone: whether the runs are one recipe with other seeds.
        elsewhere: places of runs that no training here has made.
    """

    answers: Answers
    recipes: list[Recipe]
    subset: str
    notes: list[str]
    whole: bool
    seeds_alone: bool
    elsewhere: frozenset[int]


def read_evaluated_runs(
    runs: Sequence[Run], workspace: Workspace, *, common: bool = False
) -> Evaluated:
    """Return what several finished runs answer to the same images.

    Args:
        runs: 2 to 8, each once.
        workspace: the folders, where the openings of test sets are noted.
        common: whether images that not all of them evaluate may be left out.

    Raises:
        OtherImagesError: they evaluate different images, and `common` is not said.
        RunError: too few or too many; a run is not finished; tasks, classes, data or labels
            differ; no image is evaluated by all.
    """
    _check_number(runs)
    recipes = [run.read_recipe() for run in runs]
    calls = _call(runs)
    _check_alike(recipes, calls)
    subset, notes = _choose_subset(runs, calls, workspace)
    tables = [_read_rows(*pair, subset) for pair in zip(runs, recipes, strict=True)]
    _check_classes(tables, calls)
    common_ids = _find_common(runs, tables, calls, subset, common=common)
    elsewhere = frozenset(place for place, run in enumerate(runs) if run.holds(ORIGIN))
    seeds_alone = not elsewhere and [row.field for row in compare_settings(recipes)[0]] == ["seed"]
    notes += _describe_places(recipes)
    whole = all(len(table) == len(common_ids) for table in tables)
    notes += [] if whole else [_describe_left_out(tables, common_ids, calls, subset)]
    chosen = [table.set_index("image_id").loc[common_ids] for table in tables]
    answered = np.all([table["predicted"].notna() for table in chosen], axis=0)
    if n_without := int((~answered).sum()):
        notes.append(
            f"{n_without:,} of the images {'has' if n_without == 1 else 'have'} no prediction by "
            f"one of the runs, and {'is' if n_without == 1 else 'are'} left out."
        )
    if not answered.any():
        raise RunError(f"None of the {len(common_ids):,} images has a prediction by all runs.")
    chosen = [table[answered] for table in chosen]
    _check_labels(chosen, calls)
    answers = build_answers(runs, chosen)
    return Evaluated(answers, recipes, subset, notes, whole, seeds_alone, elsewhere)


def list_comparable(run: Run, workspace: Workspace) -> list[str]:
    """Return the names of the finished runs that may be compared with one, newest first.

    They answer the same question on the same dataset; whether they evaluate the same images is
    seen when they are compared.

    Args:
        run: that is compared; its own name is among them.
        workspace: the folders.
    """
    wanted = _find_question(run)
    table = run_table(workspace)
    done = table.loc[table["state"] == "done", "name"]
    return [str(name) for name in done if _find_question(Run(workspace.runs / name)) == wanted]


def _find_question(run: Run) -> tuple[Any, ...]:
    fields = read_fields(run) or {}
    return fields.get("task"), fields.get("dataset"), fields.get("data_folder")


def _check_number(runs: Sequence[Run]) -> None:
    names = [run.name for run in runs]
    if not FEWEST <= len(names) <= MOST:
        raise RunError(f"{len(names)} runs are given; compare {FEWEST} to {MOST} at once.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RunError(f"{', '.join(twice)} is given twice. Name each run once.")
    for run in runs:
        status = run.read_status()
        if status.state != "done":
            raise RunError(
                f"{run.read_nickname()} is {status.state}, and has no result to compare. Leave it "
                "out, or wait until it is done."
            )


def _call(runs: Sequence[Run]) -> list[str]:
    """Return what people call each run; by the folder's name where two are called alike."""
    calls = [run.read_nickname() for run in runs]
    return [
        run.name if calls.count(call) > 1 else call for run, call in zip(runs, calls, strict=True)
    ]


def _check_alike(recipes: Sequence[Recipe], calls: Sequence[str]) -> None:
    first = recipes[0]
    for recipe, call in zip(recipes[1:], calls[1:], strict=True):
        if recipe.task != first.task:
            raise RunError(
                f"{calls[0]} and {call} answer different questions: {_question(first)!r} and "
                f"{_question(recipe)!r}. Compare runs of one task."
            )
        if recipe.dataset == FOLDER_READER and not _share_folder(recipe, first):
            raise RunError(
                f"{calls[0]} and {call} were trained on different datasets: "
                f"{first.data_folder} and {recipe.data_folder}. Compare runs of one dataset."
            )


def _describe_places(recipes: Sequence[Recipe]) -> list[str]:
    """Say by what images are known where the dataset lay in different places."""
    places = list(dict.fromkeys(recipe.data_folder for recipe in recipes))
    if all(_share_folder(recipe, recipes[0]) for recipe in recipes):
        return []
    return [
        f"The dataset lay in different folders: {', '.join(places)}. Images are taken for the same "
        "by their names."
    ]


def _question(recipe: Recipe) -> str:
    return TASKS[recipe.task].question if recipe.task in TASKS else recipe.task


def _share_folder(recipe: Recipe, other: Recipe) -> bool:
    return Path(recipe.data_folder).resolve() == Path(other.data_folder).resolve()


def _choose_subset(
    runs: Sequence[Run], calls: Sequence[str], workspace: Workspace
) -> tuple[str, list[str]]:
    subsets = [shown_subset(run, workspace) for run in runs]
    if all(subset == TEST for subset in subsets):
        return TEST, []
    on_test = [call for call, subset in zip(calls, subsets, strict=True) if subset == TEST]
    words = "Compared on the validation set, on which each run also chose: expect less of all."
    if on_test:
        closed = [call for call in calls if call not in on_test]
        words += f" The test set of {', '.join(closed)} is not opened, or there is none."
    else:
        words += " Their test sets are not opened, or there are none."
    return VALIDATION, [words]


def _read_rows(run: Run, recipe: Recipe, subset: str) -> pd.DataFrame:
    table = run.read_predictions()
    rows = table[table["subset"] == subset]
    # A run that watches its test set has no other set that it was validated on.
    if rows.empty and subset == VALIDATION and recipe.split.validate_on_test:
        rows = table[table["subset"] == TEST]
    if rows.empty:
        raise RunError(
            f"{run.read_nickname()} has no predictions on its {subset} set, so that there is "
            "nothing to compare. Leave it out, or open the test sets."
        )
    return rows.drop_duplicates("image_id").reset_index(drop=True)


def _check_classes(tables: Sequence[pd.DataFrame], calls: Sequence[str]) -> None:
    first = classes_of(tables[0])
    for table, call in zip(tables[1:], calls[1:], strict=True):
        if set(classes_of(table)) != set(first) or is_multilabel(table) != is_multilabel(tables[0]):
            raise RunError(
                f"{calls[0]} tells {', '.join(first)} apart, {call} {', '.join(classes_of(table))}."
                " Compare runs with the same classes."
            )


def _find_common(
    runs: Sequence[Run],
    tables: Sequence[pd.DataFrame],
    calls: Sequence[str],
    subset: str,
    *,
    common: bool,
) -> list[str]:
    """Return the names of the images that are compared on, in the order of the first table."""
    ids = [set(table["image_id"]) for table in tables]
    shared = set.intersection(*ids)
    if not shared:
        if other := _find_other_dataset(runs):
            raise RunError(
                f"{calls[0]} and {calls[other]} differ in their dataset: they have no image in "
                f"common, {runs[0].read_recipe().data_folder} and "
                f"{runs[other].read_recipe().data_folder}. Compare runs of one dataset."
            )
        raise RunError(
            f"No image is in the {subset} set of all of these runs: {_list_sizes(ids, calls)}. "
            "Train them with the same split to compare them."
        )
    first = tables[0][tables[0]["image_id"].isin(shared)]
    if any(own != shared for own in ids) and not common:
        n_patients = int(first["group"].nunique())
        raise OtherImagesError(
            f"The {subset} sets differ: {_list_sizes(ids, calls)}; {len(shared):,} images of "
            f"{n_patients:,} patients or groups are common to all. "
            + _describe_trained(runs, ids, calls),
            len(shared),
            n_patients,
        )
    return [str(name) for name in first["image_id"]]


def _find_other_dataset(runs: Sequence[Run]) -> int:
    """Return the place of a run that shares no image with the first, of no subset; 0: none."""
    first, *others = [set(run.read_split()["image_id"]) for run in runs]
    apart = [place for place, other in enumerate(others, start=1) if first.isdisjoint(other)]
    return apart[0] if apart else 0


def _list_sizes(ids: Sequence[set[str]], calls: Sequence[str]) -> str:
    return ", ".join(f"{call} {len(own):,} images" for call, own in zip(calls, ids, strict=True))


def _describe_trained(runs: Sequence[Run], ids: Sequence[set[str]], calls: Sequence[str]) -> str:
    """Say how many images of each run another one has learned from: why not all are compared."""
    words = []
    for number, (run, call) in enumerate(zip(runs, calls, strict=True)):
        split = run.read_split()
        trained = set(split.loc[split["subset"] == TRAINING, "image_id"])
        for other, own in enumerate(ids):
            if other != number and (n := len(trained & own)):
                words.append(f"{call} was trained on {n:,} of those of {calls[other]}")
    if not words:
        return "Compare on the common ones."
    return f"{'; '.join(words)}: only the common ones are fair to all."


def _describe_left_out(
    tables: Sequence[pd.DataFrame], common_ids: Sequence[str], calls: Sequence[str], subset: str
) -> str:
    sizes = [len(table) for table in tables]
    listed = ", ".join(f"{call} {n:,}" for call, n in zip(calls, sizes, strict=True))
    return (
        f"Compared on the {len(common_ids):,} images that are in the {subset} set of all; they "
        f"have different ones: {listed}."
    )


def _check_labels(tables: Sequence[pd.DataFrame], calls: Sequence[str]) -> None:
    several, classes = is_multilabel(tables[0]), classes_of(tables[0])

    def read(table: pd.DataFrame) -> np.ndarray:
        return states_of(table, classes) if several else table["actual"].to_numpy(str)[:, None]

    first = read(tables[0])
    for table, call in zip(tables[1:], calls[1:], strict=True):
        if n := int((read(table) != first).any(axis=1).sum()):
            raise RunError(
                f"{n:,} images are labelled otherwise for {call} than for {calls[0]}: the dataset "
                "or how it is read has changed between them. Train the older one again."
            )


def build_answers(runs: Sequence[Run], tables: Sequence[pd.DataFrame]) -> Answers:
    """Return what runs answer to the same images.

    Args:
        runs: in their order.
        tables: of predictions, the same images in the same order, all of which have a prediction;
            index: image_id. The classes are in the order of the first one.
    """
    first, classes = tables[0], classes_of(tables[0])
    columns = [PROBABILITY + name for name in classes]
    probabilities = np.array([table[columns].to_numpy("float64") for table in tables])
    several = is_multilabel(first)
    if several:
        states = states_of(first, classes)
        called = np.array(
            [
                read_called(table[first.columns], run.read_report().get("thresholds"))
                for run, table in zip(runs, tables, strict=True)
            ]
        )
    else:
        actual = pd.Categorical(first["actual"], categories=classes).codes
        states = np.eye(len(classes), dtype="int64")[actual]
        called = np.eye(len(classes), dtype=bool)[predict_classes(probabilities)]
    # Where runs are grouped differently, such as by patient and by study, by the largest groups.
    groups = min((table["group"] for table in tables), key=lambda group: group.nunique())
    return Answers(
        image_ids=[str(name) for name in first.index],
        classes=classes,
        multilabel=several,
        patients=pd.factorize(groups)[0].astype("int64"),
        states=states,
        probabilities=probabilities,
        called=called,
    )
