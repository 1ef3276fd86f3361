"""Several finished runs as one: the mean of their probabilities, evaluated like a run.

Evaluated are the images that every member has in its test set, so that no network has learned from
one of them or chosen by it. The members count alike: weights that were fitted would need a set of
their own, and gain little with few networks.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from xray_core.audit.issue import count_of
from xray_core.errors import RunError
from xray_core.evaluation.multilabel import classes_of, is_multilabel
from xray_core.evaluation.untrained import NO_PHASES, Answers, Untrained, write_untrained
from xray_core.recipes import Recipe
from xray_core.runs import Run, list_runs
from xray_core.runs.folder import PROBABILITY
from xray_core.runs.nicknames import LONGEST_NICKNAME, clean_nickname
from xray_core.runs.origin import AVERAGE, Origin, name_average, read_origin
from xray_core.tasks import STATE
from xray_core.workspace import Workspace

LEAST_MEMBERS, MOST_MEMBERS = 2, 5
EVALUATED = ("test", "validation")


class AverageThereError(RunError):
    """The same runs were averaged before."""


@dataclass(frozen=True)
class Member:
    """A run that is averaged, as far as its files count here.

    Attributes:
        name: what people call it.
        split: as `Run.read_split` returns it.
        predictions: as `Run.read_predictions` returns them.
    """

    name: str
    split: pd.DataFrame
    predictions: pd.DataFrame


@dataclass(frozen=True)
class Averaged:
    """The mean of several runs.

    Attributes:
        split: as the members', first member's rows: the images that are evaluated, and those that
            any member has learned from.
        answers: image_id -> mean probabilities, float (n_classes,); without images that a member
            could not read.
        remarks: sentences on images that are left out, with counts.
    """

    split: pd.DataFrame
    answers: Answers
    remarks: list[str]


def average_members(members: Sequence[Member]) -> Averaged:
    """Return the mean of the members' probabilities on the images that all of them evaluate.

    Args:
        members: two or more, of one task; their classes may be in any order.

    Raises:
        RunError: the classes or the labels differ, or no image is in the test set of all; without
            a test set in any of them, in the validation set of all.
    """
    classes = classes_of(members[0].predictions)
    _check_classes(members, classes)
    tables = [_index(member.predictions) for member in members]
    subsets = pd.concat(
        [member.split.set_index("image_id")["subset"].astype("object") for member in members],
        axis=1,
        keys=range(len(members)),
    )
    place = _place(members, subsets)
    evaluated = place[place.isin(EVALUATED)].index
    _check_labels(members, [table.loc[evaluated] for table in tables])
    columns = [PROBABILITY + name for name in classes]
    values = np.array([table.loc[evaluated, columns].to_numpy("float64") for table in tables])
    mean = values.mean(axis=0)
    known = ~np.isnan(mean).any(axis=1)
    answers = dict(zip(evaluated[known], mean[known], strict=True))
    rows = pd.concat([member.split for member in members]).drop_duplicates("image_id")
    rows = rows.assign(subset=rows["image_id"].map(place)).dropna(subset=["subset"])
    split = rows.sort_values("image_id", ignore_index=True)
    return Averaged(split, answers, _count_left_out(members, subsets, place, int((~known).sum())))


def create_average(runs: Sequence[Run], workspace: Workspace, name: str = "", by: str = "") -> Run:
    """Average finished runs and evaluate the result as a run of its own; return it.

    Args:
        runs: two to five, of one task and dataset.
        workspace: the folders.
        name: what to call it; "" for the names of its members.
        by: who asked.

    Raises:
        RunError: see `check_members`, `check_new` and `average_members`.
    """
    recipes = check_members(runs)
    check_new(runs, workspace, name)
    names = [
        recipe.title if run.read_nickname() == run.name else run.read_nickname()
        for run, recipe in zip(runs, recipes, strict=True)
    ]
    members = [
        Member(called, run.read_split(), run.read_predictions())
        for called, run in zip(names, runs, strict=True)
    ]
    averaged = average_members(members)
    remarks = [*averaged.remarks]
    origins = [read_origin(run) for run in runs]
    for run, called, origin in zip(runs, names, origins, strict=True):
        remarks += _describe_weights(run, called)
        if origin is not None:
            remarks.append(f"{called}: {origin.words}.")
    origin = Origin(
        AVERAGE,
        name_average(names),
        members=tuple(run.name for run in runs),
        by=by,
        remarks=tuple(remarks),
        unchecked=any(origin is not None and origin.unchecked for origin in origins),
    )
    parts = Untrained(
        recipe=_describe(recipes, names, classes_of(members[0].predictions)),
        origin=origin,
        split=averaged.split,
        answers=averaged.answers,
        data=_join_notes(runs, averaged),
        nickname=name or name_average(names, LONGEST_NICKNAME),
    )
    return write_untrained(parts, workspace)


def check_members(runs: Sequence[Run]) -> list[Recipe]:
    """Return the recipes of runs that can be averaged, from a few small files.

    Raises:
        RunError: too few or too many, one twice, one that is not finished or an average itself, or
            several tasks or datasets.
    """
    if len({run.name for run in runs}) < len(runs):
        raise RunError("A run is named twice. Choose each once.")
    if not LEAST_MEMBERS <= len(runs) <= MOST_MEMBERS:
        raise RunError(
            f"{count_of(len(runs), 'run')} cannot be averaged. Choose {LEAST_MEMBERS} to "
            f"{MOST_MEMBERS}."
        )
    for run in runs:
        if not run.holds("report.json") or run.read_status().state != "done":
            raise RunError(f"{run.read_nickname()} is not finished. Wait until it is done.")
        origin = read_origin(run)
        if origin is not None and origin.kind == AVERAGE:
            raise RunError(
                f"{run.read_nickname()} is an average itself. Choose the runs behind it."
            )
    recipes = [run.read_recipe() for run in runs]
    for pair in pairwise(range(len(runs))):
        first, second = (runs[number].read_nickname() for number in pair)
        for what, field in (("task", "task"), ("dataset", "data_folder")):
            values = [getattr(recipes[number], field) for number in pair]
            if values[0] != values[1]:
                raise RunError(
                    f"{first} and {second} differ in their "
                    f"{what}: {values[0]} and {values[1]}. Choose runs of one {what}."
                )
    return recipes


def check_new(runs: Sequence[Run], workspace: Workspace, name: str = "") -> None:
    """Raise RunError if there is an average of these very runs, unless this one has its own name.

    Args:
        runs: in any order.
        workspace: the folders.
        name: what the average is to be called; "" for the names of its members.
    """
    members, wanted = {run.name for run in runs}, clean_nickname(name)
    for other in list_runs(workspace.runs):
        if set(_name_members(other)) != members:
            continue
        called = other.read_nickname()
        if not wanted or wanted == called:
            raise AverageThereError(
                f"There is an average of these {len(members)} runs already: {called} "
                f"({other.name}). Another one would have the same figures."
            )


def _name_members(run: Run) -> Sequence[str]:
    """Return the names of the runs that one is the average of; none where it is no average."""
    with suppress(RunError):  # of a damaged one nobody knows what it is
        origin = read_origin(run)
        if origin is not None and origin.kind == AVERAGE:
            return origin.members
    return ()


def _check_classes(members: Sequence[Member], classes: Sequence[str]) -> None:
    several = is_multilabel(members[0].predictions)
    for member in members[1:]:
        own = classes_of(member.predictions)
        if set(own) != set(classes) or is_multilabel(member.predictions) != several:
            raise RunError(
                f"{member.name} tells apart {', '.join(own)}, but {members[0].name} "
                f"{', '.join(classes)}. Only runs with the same classes can be averaged."
            )


def _index(predictions: pd.DataFrame) -> pd.DataFrame:
    return predictions.drop_duplicates("image_id").set_index("image_id")


def _place(members: Sequence[Member], subsets: pd.DataFrame) -> pd.Series:
    """Return the subset of each image in the average; <NA> where it is left out.

    Args:
        members: as given.
        subsets: one column a member; index: image_id.
    """
    place = pd.Series(pd.NA, index=subsets.index, dtype="object")
    place[(subsets == "training").any(axis=1)] = "training"
    for subset in EVALUATED:
        predicted = [
            member.predictions.loc[member.predictions["subset"] == subset, "image_id"]
            for member in members
        ]
        alike = (subsets == subset).all(axis=1)
        for ids in predicted:
            alike &= subsets.index.isin(ids)
        place[alike] = subset
    tested = [bool((subsets[k] == "test").any()) for k in subsets]
    needed = "test" if any(tested) else "validation"
    if not (place == needed).any():
        without = [m.name for m, has_test in zip(members, tested, strict=True) if not has_test]
        reason = (
            f"{', '.join(without)} {'has' if len(without) == 1 else 'have'} no test set"
            if needed == "test" and without
            else "their splits have nothing in common"
        )
        raise RunError(
            f"No image is in the {needed} set of all {len(members)} runs: {reason}. Choose runs "
            "with the same split; the seed of the split counts, too."
        )
    return place


def _check_labels(members: Sequence[Member], tables: Sequence[pd.DataFrame]) -> None:
    first = tables[0]
    given = ["actual", *(name for name in first.columns if name.startswith(STATE))]
    for member, table in zip(members[1:], tables[1:], strict=True):
        labels, others = (own[given].astype("string").fillna("") for own in (first, table))
        differ = (labels != others).any(axis=1)
        if n := int(differ.sum()):
            raise RunError(
                f"{count_of(n, 'image')} have another label in {member.name} than in "
                f"{members[0].name}, such as {differ.index[differ][0]}: the dataset was changed "
                "between the two. Train again on one state of it."
            )


def _count_left_out(
    members: Sequence[Member], subsets: pd.DataFrame, place: pd.Series, n_unread: int
) -> list[str]:
    """Return sentences on images that some member evaluates, but not the average."""
    remarks = []
    for subset in EVALUATED:
        own = (subsets == subset).any(axis=1)
        out = own & (place != subset).fillna(True).astype(bool)
        learned = int((out & (subsets == "training").any(axis=1)).sum())
        if learned:
            remarks.append(
                f"{count_of(learned, 'image')} of the {subset} set of one run left out: another "
                "one has learned from them."
            )
        if others := int(out.sum()) - learned:
            remarks.append(
                f"{count_of(others, 'image')} of the {subset} set of one run left out: for "
                f"another one they are not in it."
            )
    if not (place == "validation").any():
        remarks.append("No image is in the validation set of all: the average has none.")
    if n_unread:
        remarks.append(f"{count_of(n_unread, 'image')} without a prediction of every run left out.")
    return remarks


def _describe(recipes: Sequence[Recipe], names: Sequence[str], classes: Sequence[str]) -> Recipe:
    """Return what recipe.json says of an average: the data, and what it is called."""
    first = recipes[0]
    watched = any(recipe.split.validate_on_test for recipe in recipes)
    return replace(
        first,
        name=AVERAGE,
        title=name_average(names),
        source="X-ray Lab",
        about="",
        phases=NO_PHASES,
        weights="random",
        selected_epoch="last",
        split=replace(first.split, validate_on_test=watched),
        published={},
        parent="",
        changes={},
        calibrate=False,
        classes=first.classes and tuple(classes),
    )


def _join_notes(runs: Sequence[Run], averaged: Averaged) -> Mapping[str, Any]:
    """Return what data.json says: the first member's notes, and what holds for all together."""
    notes = [run.read_data() for run in runs]
    n_subsets = averaged.split.groupby("group")["subset"].nunique()
    unreadable = {row["path"]: row for own in notes for row in own["unreadable"]}
    left_out = dict.fromkeys(words for own in notes for words in own.get("left_out", []))
    return {
        "folder": notes[0]["folder"],
        "remarks": list(notes[0]["remarks"]),
        "unreadable": list(unreadable.values()),
        "grouped_by": notes[0]["grouped_by"],
        "groups_in_several_subsets": int((n_subsets > 1).sum()),
        "left_out": list(left_out),
    }


def _describe_weights(run: Run, called: str) -> list[str]:
    """Say so if a member began with weights that have seen what it evaluates."""
    record = run.read_data().get("starting_weights") or {}
    overlap = record.get(record.get("evaluated", "")) or {}
    if not any(overlap.get(kind) for kind in ("trained", "chosen", "patients")):
        return []
    return [
        f"{called} began with weights that have seen some of the images evaluated here: the "
        "figures are too good. Its own page says how many."
    ]
