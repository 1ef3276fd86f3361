"""The shortcut lab: what a network is right from, when it sees less of each image.

The same recipe is trained on whole images, with the lungs masked out, on the border alone, and to
guess what should not matter. A network that is right from the border of an image has not seen the
disease: the images give the label away by something else, as a marker, the hospital's frame, or how
the patient lay. Zech et al. 2018, doi:10.1371/journal.pmed.1002683; DeGrave et al. 2021,
doi:10.1038/s42256-021-00338-7.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from xray_core.audit.confounding import (
    STRONG,
    WEAK,
    Association,
    measure_association,
)
from xray_core.catalog import Catalog
from xray_core.errors import LabelError, RecipeError
from xray_core.evaluation.columns_baseline import name_columns
from xray_core.evaluation.lab_runs import LabRun, list_lab_runs, pick_run, settings_of
from xray_core.evaluation.measured import Figure
from xray_core.evaluation.shown import NothingToShowError, read_validation_report, shown_report
from xray_core.recipes import Recipe
from xray_core.recipes.labs import BORDER, MEMBERS, WHOLE, WITHOUT_LUNGS, Member, member_recipe
from xray_core.runs import Run
from xray_core.runs.opening import is_open, needs_opening
from xray_core.tasks import PROPERTIES, class_of, encode_catalog, find_task
from xray_core.workspace import Workspace

# The lower end of an AUC's interval, above which the label is given away, clearly or a little.
CLEARLY, A_LITTLE = 0.6, 0.5
CLEAR, LITTLE, NO_SIGN, UNKNOWN = "clear", "little", "none", "unknown"
TEST, VALIDATION = "test", "validation"


@dataclass(frozen=True)
class Sight:
    """One row of the lab: a network that sees, or is asked, something else.

    Attributes:
        key: see `recipes.labs.MEMBERS`.
        title: what it sees or guesses, in words.
        run: name of its run; "" where there is none yet.
        state: of the run; "" where there is none.
        auc: value, low, high; of several classes their mean; all None where there is none.
        n, n_patients: what it is measured on.
        level: `CLEAR`, `LITTLE` or `NO_SIGN`: whether it is above chance; `UNKNOWN` without a
            figure.
        sentence: the figure in words and what follows; or why there is none. "" if it waits.
        goes_with: how far the property that is guessed goes with the label: Cramér's V and of how
            many images; None of other rows, and where that is not known.
    """

    key: str
    title: str
    run: str = ""
    state: str = ""
    auc: Figure | None = None
    n: int = 0
    n_patients: int = 0
    level: str = UNKNOWN
    sentence: str = ""
    goes_with: Association | None = None


@dataclass(frozen=True)
class ShortcutLab:
    """What the lab has come to by now.

    Attributes:
        sights: one of each of `recipes.labs.MEMBERS`, in that order.
        subset: that all figures are of: the test set once all of its runs are open.
        closed: runs that are done and whose test set is not open.
        baseline: AUC of what knows columns alone, of the run on whole images; None without.
        baseline_words: what it goes by, or why there is none.
        verdict: the answer in a sentence; "" while there is none.
    """

    sights: tuple[Sight, ...]
    subset: str
    closed: tuple[str, ...]
    baseline: Figure | None
    baseline_words: str
    verdict: str

    @property
    def n_done(self) -> int:
        """How many of its runs are done."""
        return sum(sight.state == "done" for sight in self.sights)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        rows = [
            vars(sight) | {"goes_with": vars(sight.goes_with) if sight.goes_with else None}
            for sight in self.sights
        ]
        return vars(self) | {"sights": rows, "closed": list(self.closed)}


def find_shortcut_runs(
    recipe: Recipe, workspace: Workspace, run: Run | None = None
) -> dict[str, LabRun]:
    """Return key -> the run of each member of the lab that is done or under way.

    Args:
        recipe: bound to its dataset.
        workspace: the folders.
        run: of the recipe, which is to stand for it if it sees whole images.
    """
    runs = list_lab_runs(workspace)
    own = [lab_run for lab_run in runs if run is not None and lab_run.run.name == run.name]
    lab_runs: dict[str, LabRun] = {}
    for key in MEMBERS:
        with suppress(RecipeError):  # there is no such member
            member = replace(member_recipe(recipe, key), data_folder=recipe.data_folder)
            wanted = settings_of(member)
            picked = pick_run(own, wanted, recipe.seed) or pick_run(runs, wanted, recipe.seed)
            if picked is not None:
                lab_runs[key] = picked
    return lab_runs


def read_shortcuts(
    recipe: Recipe, workspace: Workspace, catalog: Catalog | None = None, run: Run | None = None
) -> ShortcutLab:
    """Return what the runs of the lab say, as far as they are done.

    All figures are of the validation set while the test set of one of its runs is closed: a test
    set is not opened to learn about the data.

    Args:
        recipe: bound to its dataset.
        workspace: the folders.
        catalog: of its dataset, to see which properties go with the label.
        run: of the recipe, on whole images.

    Raises:
        RunError: a file of one of the runs is damaged.
    """
    lab_runs = find_shortcut_runs(recipe, workspace, run)
    done = {key: lab_run.run for key, lab_run in lab_runs.items() if lab_run.state == "done"}
    closed = tuple(lab_run.name for lab_run in done.values() if _is_closed(lab_run, workspace))
    subset = VALIDATION if closed or not done else TEST
    reports = {key: _read_report(lab_run, workspace, subset) for key, lab_run in done.items()}
    sights = tuple(
        _describe(member, lab_runs.get(key), reports.get(key), recipe, catalog)
        for key, member in MEMBERS.items()
    )
    baseline, words = _read_baseline(reports.get(WHOLE))
    return ShortcutLab(sights, subset, closed, baseline, words, _conclude(sights))


def _is_closed(run: Run, workspace: Workspace) -> bool:
    return needs_opening(run.read_report()) and not is_open(run, workspace)


def _read_report(run: Run, workspace: Workspace, subset: str) -> Mapping[str, Any] | None:
    """Return the report of one set of a run; None where it has none of it."""
    try:
        if subset == TEST:
            return shown_report(run, workspace).report
        return read_validation_report(run, run.read_report())
    except NothingToShowError:
        return None


def _describe(
    member: Member,
    lab_run: LabRun | None,
    report: Mapping[str, Any] | None,
    recipe: Recipe,
    catalog: Catalog | None,
) -> Sight:
    link = measure_link(recipe, catalog, member.column) if member.column and catalog else None
    if lab_run is None or lab_run.state != "done" or report is None:
        name, state = (lab_run.run.name, lab_run.state) if lab_run else ("", "")
        return Sight(member.key, member.title, name, state, goes_with=link)
    auc: Figure = report["metrics"]["auc"]
    level = rate_level(auc)
    return Sight(
        member.key,
        member.title,
        lab_run.run.name,
        lab_run.state,
        auc,
        int(report["n"]),
        int(report["n_patients"]),
        level,
        describe_sight(member, auc, level, link),
        link,
    )


def rate_level(auc: Figure) -> str:
    """Return whether an AUC is above chance, by the lower end of its interval.

    >>> rate_level({"value": 0.9, "low": 0.8, "high": 0.95})
    'clear'
    >>> rate_level({"value": 0.6, "low": 0.52, "high": 0.7})
    'little'
    >>> rate_level({"value": 0.6, "low": 0.45, "high": 0.7})
    'none'
    """
    low = auc["low"]
    if low is None:
        return UNKNOWN
    return CLEAR if low > CLEARLY else LITTLE if low > A_LITTLE else NO_SIGN


def measure_link(recipe: Recipe, catalog: Catalog, column: str) -> Association | None:
    """Return how far a column goes with the label of a recipe's task; None where nobody knows.

    Of several findings at once, of that which it goes with most.
    """
    try:
        targets = encode_catalog(catalog, find_task(recipe.task))
    except LabelError:
        return None
    values = catalog.images.loc[targets.index, column]
    if values.nunique() < 2:
        return None
    columns = [targets[name] for name in targets] if recipe.multilabel else [class_of(targets)]
    links = [
        measure_association(labels[known].astype("string"), values[known])
        for labels in columns
        if (known := labels.notna() & values.notna()).any()
    ]
    return max(links, key=lambda link: link.cramers_v, default=None)


def describe_sight(member: Member, auc: Figure, level: str, link: Association | None) -> str:
    """Return a figure in words, and what follows from it."""
    if auc["value"] is None:
        return "An AUC cannot be computed: one of the classes is missing."
    interval = f" ({auc['low']:.2f} to {auc['high']:.2f})" if auc["low"] is not None else ""
    figure = (
        f"{FROM.get(member.key, 'From the whole image')} it tells {100 * auc['value']:.0f} of 100 "
        f"pairs of images apart: AUC {auc['value']:.2f}{interval}."
    )
    if not member.column:
        return " ".join(filter(None, [figure, MEANING.get((member.key, level), "")]))
    return f"{figure} {_describe_guess(member, level, link)}"


FROM = {BORDER: "From the border alone", WITHOUT_LUNGS: "Without the lungs"}
MEANING = {
    (BORDER, CLEAR): "The images give the label away outside the lungs.",
    (BORDER, LITTLE): "The border gives the label away a little.",
    (BORDER, NO_SIGN): "There is no sign that the border gives the label away.",
    (WITHOUT_LUNGS, CLEAR): "Something beside the lungs tells the label: the heart, the bones, a "
    "marker, or how the image was made.",
    (WITHOUT_LUNGS, LITTLE): "What lies beside the lungs tells the label a little.",
    (WITHOUT_LUNGS, NO_SIGN): "There is no sign that anything beside the lungs tells the label.",
}


def _describe_guess(member: Member, level: str, link: Association | None) -> str:
    what = PROPERTIES[member.column]
    can = {
        CLEAR: f"The {what} can be seen",
        LITTLE: f"The {what} can be seen a little",
        NO_SIGN: f"There is no sign that the {what} can be seen",
    }.get(level, f"It is not known whether the {what} can be seen")
    if link is None:
        return f"{can}."
    strength = f"Cramér's V {link.cramers_v:.2f}, {link.n:,} images"
    if link.cramers_v >= STRONG:
        goes = f"it goes with the label ({strength})"
    elif link.cramers_v >= WEAK:
        goes = f"it goes with the label a little ({strength})"
    else:
        return f"{can}, and it hardly goes with the label ({strength})."
    way = level in (CLEAR, LITTLE)
    return (
        f"{can}, and {goes}: the label may be learnt by way of it."
        if way
        else f"{can}, though {goes}."
    )


def _read_baseline(report: Mapping[str, Any] | None) -> tuple[Figure | None, str]:
    baseline = (report or {}).get("columns_baseline") or {}
    figure = baseline.get("metrics", {}).get("auc")
    if figure is None:
        return None, str(baseline.get("missing", ""))
    return figure, name_columns(baseline)


def _conclude(sights: tuple[Sight, ...]) -> str:
    """Return the sentence that says most: of the border, else of the images without lungs."""
    by_key = {sight.key: sight for sight in sights}
    for key in (BORDER, WITHOUT_LUNGS):
        if by_key[key].level != UNKNOWN:
            return by_key[key].sentence
    return next((sight.sentence for sight in sights if sight.key != WHOLE and sight.sentence), "")


def tabulate(lab: ShortcutLab) -> pd.DataFrame:
    """Return the lab as a table: what the network saw, AUC, low, high, images, patients, state."""
    rows = [
        {
            "network saw": sight.title,
            "AUC": (sight.auc or {}).get("value"),
            "low": (sight.auc or {}).get("low"),
            "high": (sight.auc or {}).get("high"),
            "images": sight.n or None,
            "patients": sight.n_patients or None,
            "state": sight.state or "not trained",
        }
        for sight in lab.sights
    ]
    if lab.baseline is not None:
        rows.append(
            {
                "network saw": f"No image: {lab.baseline_words} alone",
                "AUC": lab.baseline["value"],
                "low": lab.baseline["low"],
                "high": lab.baseline["high"],
            }
        )
    return pd.DataFrame(rows).astype({"images": "Int64", "patients": "Int64"})
