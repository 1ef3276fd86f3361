"""All that is known of a run and may be shown, read once for every document that is made of it."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from xray_core.datasets import READERS, open_dataset
from xray_core.datasets.reader import Reader
from xray_core.errors import RunError, XrayError
from xray_core.evaluation.diagnose import diagnose_run
from xray_core.evaluation.shown import ShownReport, describe_openings, shown_report
from xray_core.evaluation.training_checks.history import CheckResult
from xray_core.exports.run.paths import list_places
from xray_core.files import read_json
from xray_core.recipes import Recipe
from xray_core.runs import Run, Status
from xray_core.runs.always_open import read_always_open
from xray_core.runs.external import ABOUT, list_externals, read_notes
from xray_core.runs.opening import Opening
from xray_core.runs.origin import Origin, read_origin
from xray_core.synthetic.dataset import is_synthetic
from xray_core.tasks import find_task
from xray_core.workspace import Workspace

PEOPLE = ("age", "gender")  # columns of the catalog that describe patients
# What stands for the published dataset whose tables drawn images only imitate.
DRAWN: dict[str, Any] = {
    "title": "Synthetic images",
    "about": "Drawn by X-ray Lab; they look like chest X-rays and show no real person.",
    "known_issues": ("The images are drawn: the figures say nothing about real patients.",),
    "citation": "",
    "address": "",
    "licence": "",
}


@dataclass(frozen=True)
class External:
    """An evaluation on another dataset.

    Attributes:
        name: of the dataset's folder.
        report: of it.
        n_known: how many of its images the network knows, which were evaluated all the same.
    """

    name: str
    report: dict[str, Any]
    n_known: int


@dataclass(frozen=True)
class Material:
    """What a run's documents are made of.

    Attributes:
        run, workspace: where it is.
        recipe, status: its own.
        shown: the report that may be shown; None where there is none.
        no_report: why there is none, a sentence.
        origin: where its predictions come from, if no training here made them.
    """

    run: Run
    workspace: Workspace
    recipe: Recipe
    status: Status
    shown: ShownReport | None = None
    no_report: str = ""
    origin: Origin | None = None

    @property
    def report(self) -> dict[str, Any]:
        """The report that may be shown. Raises RunError where there is none."""
        if self.shown is None:
            raise RunError(self.no_report)
        return self.shown.report

    @property
    def closed(self) -> bool:
        """Whether there are test figures that nobody has opened."""
        return self.shown is not None and self.shown.closed

    @property
    def openings(self) -> list[Opening]:
        """Every opening of the test set of this dataset and task."""
        return self.shown.openings if self.shown else []

    @cached_property
    def reader(self) -> Reader:
        """What is known of the kind of dataset; of drawn images, that they are drawn."""
        reader = READERS[self.recipe.dataset]
        if not is_synthetic(Path(self.recipe.data_folder)):
            return reader
        return replace(reader, **DRAWN)

    @property
    def question(self) -> str:
        """What the network is asked."""
        return find_task(self.recipe.task).question or self.recipe.task

    @cached_property
    def places(self) -> dict[str, str]:
        """Paths of this machine -> what stands for each outside; see `paths`."""
        others = []
        for place in list_externals(self.run):
            with suppress(OSError, ValueError, TypeError, KeyError):  # whatever else it lacks
                others.append(str(read_json(place.folder / ABOUT)["folder"]))
        return list_places(self.recipe, self.workspace, others)

    @cached_property
    def nickname(self) -> str:
        """What people call the run."""
        return self.run.read_nickname()

    @cached_property
    def data(self) -> dict[str, Any]:
        """What the run wrote of its data; empty where it did not."""
        with suppress(RunError):
            return self.run.read_data()
        return {}

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions and hardware; empty where none were written."""
        try:
            values = read_json(self.run.folder / "environment.json")
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """One row an epoch; empty without a training of ours."""
        try:
            return self.run.read_epochs()
        except RunError:
            return pd.DataFrame()

    @cached_property
    def checks(self) -> list[CheckResult]:
        """What seems to have gone wrong in the training."""
        if self.epochs.empty:
            return []
        with suppress(RunError):
            return diagnose_run(self.run)
        return []

    @cached_property
    def externals(self) -> list[External]:
        """The run's evaluations on other datasets than its own."""
        own = Path(self.recipe.data_folder).resolve() if self.recipe.data_folder else None
        results = []
        for place in list_externals(self.run):
            with suppress(RunError):
                notes, report = read_notes(place), place.read_report()
                folder = Path(str(notes["folder"]))
                n_known = sum(notes["seen"].values()) if notes["keeps_seen"] else 0
                if folder.resolve() != own:
                    results.append(External(folder.name, report, n_known))
        return results

    @cached_property
    def people(self) -> pd.DataFrame:
        """Age and sex of the images of each subset, as far as the dataset says.

        Returns:
            subset, image_id, group and `PEOPLE`; empty where the dataset is not here any more.
        """
        try:
            split = self.run.read_split()
            images = open_dataset(Path(self.recipe.data_folder), self.workspace.cache).images
        except (XrayError, OSError):
            return pd.DataFrame()
        known = images.set_index("image_id")[list(PEOPLE)]
        return pd.DataFrame(split[["subset", "image_id", "group"]].join(known, on="image_id"))

    def read_shown_predictions(self) -> pd.DataFrame:
        """Return the predictions on the images that the shown report is of.

        Raises:
            RunError: there are none, or no report.
        """
        has_masks = self.recipe.asks_masks
        predictions = self.run.read_masks() if has_masks else self.run.read_predictions()
        rows = predictions["subset"] == self.report["subset"]
        shown: pd.DataFrame = predictions[rows].reset_index(drop=True)
        return shown

    def describe_openings(self) -> list[str]:
        """Return who opened the test set, and how often; sentences."""
        always = read_always_open(self.workspace)
        return describe_openings(self.run, self.openings, always=always)


def read_material(run: Run, workspace: Workspace) -> Material:
    """Return what is known of a run; the rest is read when it is asked for.

    Raises:
        RunError: recipe or status cannot be read, or its origin is damaged.
    """
    recipe, status, origin = run.read_recipe(), run.read_status(), read_origin(run)
    try:
        shown = shown_report(run, workspace)
    except RunError as error:
        return Material(run, workspace, recipe, status, None, str(error), origin)
    return Material(run, workspace, recipe, status, shown, "", origin)
