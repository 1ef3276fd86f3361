"""Runs that were submitted together: what their settings and folds come to, mean and spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from xray_core.errors import RunError
from xray_core.evaluation.intervals import N_ROUNDS
from xray_core.evaluation.multilabel import (
    choose_thresholds,
    findings_table,
    is_multilabel,
    read_called,
    report_findings,
)
from xray_core.evaluation.noise import SEED
from xray_core.evaluation.report import PREFIX, Report, prediction_table, summarise_predictions
from xray_core.evaluation.shown import NothingToShowError, read_validation_report
from xray_core.recipes import Recipe
from xray_core.recipes.titles import format_setting
from xray_core.recipes.variants import setting_of
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.opening import is_open, needs_opening
from xray_core.workspace import Workspace

FIGURES = ("accuracy", "balanced_accuracy", "auc", "dice")
UNCHANGED = "unchanged"
MEMBER = ["setting", "seed", "fold"]  # columns of runs: what is trained once
GIVEN_COLUMNS = ["group", "subset", "actual"]  # of predictions: what no network decides


@dataclass(frozen=True)
class SweepSummary:
    """What a sweep has come to by now.

    Attributes:
        runs: one row a run, oldest first: name, state, setting (words), seed, fold (0: none),
            member (what tells it from the others of its setting, in words), n and `FIGURES` in
            [0, 1] on its validation set, by which one chooses; NaN where it is not done, or an
            older version left none. Another seed is no other setting.
        settings: one row a setting: setting, runs, done, and for each of `FIGURES` its mean over
            the runs that are done, `_sd` (their standard deviation, NaN for fewer than two),
            `_low` and `_high` (their least and greatest). Of a run that was made again, the
            newest that is done counts.
        pooled: of each setting whose folds are all done and open, by its words: the report over
            the test sets of all folds together, in which every image is evaluated once. Without
            curves, as `report.summarise_predictions` returns it; so is `averaged`.
        averaged: where two runs or more are done and all of these evaluate the same images: the
            report of their networks together, each image's probabilities the mean of theirs, on
            the validation set while the test set of one of them is closed; else None.
        closed: names of the runs that are done and whose test set nobody has opened.
    """

    runs: pd.DataFrame
    settings: pd.DataFrame
    pooled: dict[str, Report]
    averaged: Report | None
    closed: tuple[str, ...]

    @property
    def n_networks(self) -> int:
        """Networks that count: one of each setting and fold that is done."""
        return int(self.settings["done"].sum())


def find_sweep(workspace: Workspace, name: str) -> list[Run]:
    """Return the runs of a sweep, oldest first.

    Raises:
        RunError: no run belongs to that sweep.
    """
    table = run_table(workspace)
    names = table.loc[(table["sweep"] == name) & (name != ""), "name"].tolist()
    if not names:
        newest = ", ".join(dict.fromkeys(table["sweep"][table["sweep"] != ""])) or "none yet"
        raise RunError(f"There is no sweep {name!r} in this workspace. There is: {newest}.")
    return [Run(workspace.runs / name) for name in sorted(names, key=_age)]


def summarise_sweep(runs: Sequence[Run], n_rounds: int = N_ROUNDS) -> SweepSummary:
    """Compare the runs of a sweep, from their files.

    Args:
        runs: in any order, at least one.
        n_rounds: bootstrap resamplings of the reports over several runs.

    Raises:
        RunError: the recipe or the report of a run is damaged.
    """
    ordered = sorted(runs, key=lambda run: _age(run.name))
    recipes = [run.read_recipe() for run in ordered]
    words = _name_settings(recipes)
    several_seeds = len({recipe.seed for recipe in recipes}) > 1
    rows = [
        {
            "name": run.name,
            "state": run.read_status().state,
            "setting": words[number],
            "seed": recipe.seed,
            "member": _name_member(recipe, run.name, with_seed=several_seeds),
            "fold": recipe.split.fold if recipe.split.folds else 0,
            **_read_figures(run),
        }
        for number, (run, recipe) in enumerate(zip(ordered, recipes, strict=True))
    ]
    table = pd.DataFrame(rows).astype(dict.fromkeys(FIGURES, "float64"))
    done = table[table["state"] == "done"].drop_duplicates(MEMBER, keep="last")
    has_masks = any(recipe.asks_masks for recipe in recipes)
    closed = tuple(ordered[number].name for number in done.index if _is_closed(ordered[number]))
    pooled = {
        f"{setting}, seed {seed}" if several_seeds else str(setting): _pool(
            [ordered[number] for number in folds.index], n_rounds
        )
        for (setting, seed), folds in done.groupby(["setting", "seed"], sort=False)
        if all(recipes[number].split.folds == len(folds) for number in folds.index)
        and not set(folds["name"]) & set(closed)
        and not has_masks  # of which no probabilities are kept
    }
    networks = [ordered[number] for number in done.index]
    averaged = None if has_masks else _average(networks, n_rounds, on_test=not closed)
    return SweepSummary(table, _compare(table, done), pooled, averaged, closed)


def _is_closed(run: Run) -> bool:
    return needs_opening(run.read_report()) and not is_open(run, Workspace(run.folder.parents[1]))


def _name_settings(recipes: Sequence[Recipe]) -> list[str]:
    """Return for each recipe what it does differently from the others, in words."""
    settings = [setting_of(recipe) for recipe in recipes]
    # Another seed is the same setting once more: over seeds there is a mean and a deviation.
    fields = dict.fromkeys(field for setting in settings for field in setting if field != SEED)
    # What all have alike tells none from another.
    telling = [
        f for f in fields if any(setting.get(f) != settings[0].get(f) for setting in settings)
    ]
    names = []
    for setting in settings:
        words = [format_setting(field, setting[field]) for field in telling if field in setting]
        names.append(", ".join(words) or UNCHANGED)
    return names


def _name_member(recipe: Recipe, name: str, *, with_seed: bool) -> str:
    """Return what tells a run from the others of its setting: seed and fold, else its name."""
    words = [f"seed {recipe.seed}"] if with_seed else []
    words += [f"fold {recipe.split.fold}"] if recipe.split.folds else []
    return ", ".join(words) or name


def _age(name: str) -> tuple[str, int, str]:
    """Return what puts names of runs in the order of their making: a-2 before a-10."""
    return name[: len("20260301-142501")], len(name), name


def _read_figures(run: Run) -> dict[str, Any]:
    if run.read_status().state != "done":
        return {"n": 0, **dict.fromkeys(FIGURES)}
    try:
        report = read_validation_report(run, run.read_report())
    except NothingToShowError:  # of predictions from elsewhere on a test set alone
        return {"n": 0, **dict.fromkeys(FIGURES)}
    # Of a multi-label task there is no accuracy.
    figures = {name: report["metrics"].get(name, {}).get("value") for name in FIGURES}
    return {"n": report["n"], **figures}


def _compare(table: pd.DataFrame, done: pd.DataFrame) -> pd.DataFrame:
    by_setting = table.groupby("setting", sort=False)
    rows: dict[str, Any] = {
        "runs": table.drop_duplicates(MEMBER).groupby("setting", sort=False).size(),
        "done": done.groupby("setting").size(),
    }
    for name in FIGURES:
        figure = done.groupby("setting")[name]
        rows |= {
            name: figure.mean(),
            f"{name}_sd": figure.std(),
            f"{name}_low": figure.min(),
            f"{name}_high": figure.max(),
        }
    compared = pd.DataFrame(rows).reindex(by_setting.size().index)
    return compared.fillna({"done": 0}).astype({"runs": "int64", "done": "int64"}).reset_index()


def _pool(runs: Sequence[Run], n_rounds: int) -> Report:
    tables = [run.read_predictions() for run in runs]
    tested = pd.concat([table[table["subset"] == "test"] for table in tables], ignore_index=True)
    if is_multilabel(tested):
        # Each fold has thresholds of its own.
        called = [
            read_called(table[table["subset"] == "test"], run.read_report().get("thresholds"))
            for run, table in zip(runs, tables, strict=True)
        ]
        return report_findings(
            tested, None, n_rounds, called=np.concatenate(called), with_curves=False
        )
    # Every image is tested in one fold, so this is the most frequent class of them all.
    return summarise_predictions(tested, str(tested["actual"].mode().iloc[0]), n_rounds)


def _average(runs: Sequence[Run], n_rounds: int, *, on_test: bool) -> Report | None:
    if len(runs) < 2:
        return None
    tables = [run.read_predictions() for run in runs]
    if not on_test:
        tables = [table[table["subset"] != "test"] for table in tables]
    if any(table.empty for table in tables):
        return None
    tables = [table.set_index("image_id").sort_index() for table in tables]
    first = tables[0]
    if not all(
        list(table.columns) == list(first.columns)
        and table[GIVEN_COLUMNS].equals(first[GIVEN_COLUMNS])  # the images themselves are the index
        for table in tables[1:]
    ):
        return None
    names = [name for name in first.columns if name.startswith(PREFIX)]
    mean = np.mean([table[names].to_numpy("float64") for table in tables], axis=0)
    split = first.reset_index().rename(columns={"actual": "class"})
    classes = [name.removeprefix(PREFIX) for name in names]
    answers = dict(zip(split["image_id"], mean, strict=True))
    if is_multilabel(first):
        thresholds = choose_thresholds(findings_table(split, classes, answers, {}))
        called = findings_table(split, classes, answers, thresholds["thresholds"])
        return report_findings(called, thresholds, n_rounds, with_curves=False)
    predictions = prediction_table(split, classes, answers)
    majority = runs[0].read_report()["majority"]["class"]  # of the first one's training set
    return summarise_predictions(predictions, majority, n_rounds)
