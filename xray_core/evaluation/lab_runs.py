"""Which runs of a workspace belong to a lab: those of one recipe that differ in what it varies.

They are recognised by their recipes, whoever trained them and when, so that a run which is there
already is not trained again.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xray_core.evaluation.noise import SEED, TOLD
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.origin import FILE as ORIGIN
from xray_core.runs.settings import read_fields
from xray_core.runs.status import ENDED
from xray_core.workspace import Workspace

# Follow from the task, and are only known once a recipe is bound to its dataset.
OF_TASK = ("dataset", "classes")
Settings = dict[str, Any]


@dataclass(frozen=True)
class LabRun:
    """A run as a lab sees it.

    Attributes:
        run: its folder.
        state: see `runs.status.STATES`.
        seed: of its training.
        settings: dotted field -> value, without names, seed and what follows from the task.
    """

    run: Run
    state: str
    seed: int
    settings: Settings

    @property
    def waits(self) -> bool:
        """Whether it is queued or being trained."""
        return self.state not in ENDED


def list_lab_runs(workspace: Workspace) -> list[LabRun]:
    """Return the trainings of a workspace that are done or under way, the newest first."""
    table = run_table(workspace)
    rows = []
    for name, state in zip(table["name"], table["state"], strict=True):
        if state not in ("done", "running", "queued"):
            continue
        run = Run(workspace.runs / name)
        fields = read_fields(run)
        if fields is None or run.holds(ORIGIN) or not isinstance(fields.get(SEED), int):
            continue
        rows.append(LabRun(run, str(state), fields[SEED], _settle(fields)))
    return rows


def settings_of(recipe: Recipe) -> Settings:
    """Return the settings of a recipe as `LabRun` has them."""
    return _settle(json.loads(recipe.to_json()))


def _settle(fields: Mapping[str, Any]) -> Settings:
    plain = {name: value for name, value in fields.items() if name not in (*TOLD, *OF_TASK)}
    given = plain.get("preprocess")
    # A run that is older than a step of the preprocessing was trained without it.
    plain["preprocess"] = asdict(PreprocessSpec()) | (given if isinstance(given, dict) else {})
    plain["data_folder"] = os.path.realpath(str(plain.get("data_folder", "")))
    flat = _flatten(plain)
    if flat.get("preprocess.region") != "border":
        flat.pop("preprocess.border", None)
    return flat


def _flatten(values: Mapping[str, Any], before: str = "") -> Settings:
    flat: Settings = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{before}{name}.")
        else:
            flat[before + name] = value
    return flat


def pick_run(runs: Sequence[LabRun], wanted: Settings, seed: int) -> LabRun | None:
    """Return the run with these settings: best done, of this seed and new; None without any.

    Args:
        runs: newest first.
        wanted: the settings.
        seed: of which it had better be.
    """
    fitting = [lab_run for lab_run in runs if lab_run.settings == wanted]
    return min(fitting, key=lambda lab_run: (lab_run.waits, lab_run.seed != seed), default=None)
