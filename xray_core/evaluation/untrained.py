"""A run folder of predictions that no training here has made, evaluated like any run."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.audit.issue import count_of
from xray_core.errors import RunError
from xray_core.evaluation.multilabel import choose_thresholds, findings_table
from xray_core.evaluation.report import prediction_table, report_run
from xray_core.files import utc_now
from xray_core.recipes import Phase, Recipe
from xray_core.runs import Run, Status, Submission
from xray_core.runs.drafts import draft_run, keep_run
from xray_core.runs.findings_shapes import Thresholds
from xray_core.runs.nicknames import clean_nickname
from xray_core.runs.origin import Origin, write_origin
from xray_core.splits import count_subsets
from xray_core.workspace import Workspace

Answers = Mapping[str, NDArray[np.float64]]  # image_id -> probabilities, shape (n_classes,)
# Nothing was trained, so nothing was chosen: no patience, no best epoch.
NO_PHASES = (Phase("train", epochs=1),)


@dataclass(frozen=True)
class Untrained:
    """What such a run folder is made of.

    Attributes:
        recipe: data, task, classes, split and title; what else it says has no meaning.
        origin: where the predictions come from.
        split: as `splits.split_catalog` returns it; a subset may be empty.
        answers: of images of the validation and the test set; those without are left out of the
            figures, and counted.
        data: what data.json says beside the counts of the subsets; see `runs.shapes.DataNotes`.
        nickname: what the run is called.
        files: name in the run folder -> a file that is copied there.
    """

    recipe: Recipe
    origin: Origin
    split: pd.DataFrame
    answers: Answers
    data: Mapping[str, Any]
    nickname: str
    files: Mapping[str, Path] = field(default_factory=dict)


def write_untrained(parts: Untrained, workspace: Workspace) -> Run:
    """Write a run folder, evaluate it, and put it among the runs; it is there whole, or not at all.

    Raises:
        RunError: no image that is evaluated has a prediction, or the disk refuses.
    """
    began, recipe, split = utc_now(), parts.recipe, parts.split
    classes = list(recipe.class_names)
    rows = split[split["subset"].astype("string") != "training"].reset_index(drop=True)
    predictions, thresholds = build_predictions(
        rows, classes, parts.answers, multilabel=recipe.multilabel
    )
    with draft_run(workspace) as draft:
        try:
            for name, file in parts.files.items():
                (draft.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, draft.folder / name)
            draft.write_json("recipe.json", asdict(recipe))
            write_origin(draft, parts.origin)
            nickname = clean_nickname(parts.nickname)
            draft.write_submission(Submission(parts.origin.by, nickname=nickname))
            draft.write_table("split.parquet", split)
            draft.write_json("data.json", {**parts.data, **count_subsets(split, classes)})
            draft.write_table("predictions.parquet", predictions)
            if thresholds:
                draft.write_json("thresholds.json", thresholds)
            report = report_run(draft)
            draft.write_json("report.json", report)
            count = count_of(report["n"], f"{report['subset']} image")
            draft.append_event("done", parts.origin.words, parts.origin.by)
            words = f"Evaluated on {count}."
            draft.write_status(
                Status("done", words, created_at=began, started_at=began, ended_at=utc_now())
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise RunError(f"The run cannot be written: {reason}.") from error
        return keep_run(draft, parts.origin.kind, workspace)


def build_predictions(
    rows: pd.DataFrame, classes: Sequence[str], answers: Answers, *, multilabel: bool
) -> tuple[pd.DataFrame, Thresholds | None]:
    """Return the table of predictions, and the thresholds of a multi-label task.

    These are chosen on the validation set; without one every finding is called from 0.5 on.

    Args:
        rows: of the split, those that are evaluated.
        classes: in the order of the probabilities.
        answers: image_id -> probabilities.
        multilabel: whether an image may have several classes.
    """
    names = list(classes)
    given = dict(answers)
    if not multilabel:
        return prediction_table(rows, names, given), None
    table = findings_table(rows, names, given, {})
    has_answer = table["predicted"].notna()
    if not (has_answer & (table["subset"] == "validation")).any():
        return table, None
    thresholds = choose_thresholds(table)
    return findings_table(rows, names, given, thresholds["thresholds"]), thresholds
