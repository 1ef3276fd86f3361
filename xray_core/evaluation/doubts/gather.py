"""Out-of-fold predictions: each image as the network predicts it that never saw its patient."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from xray_core.audit.issue import count_of
from xray_core.errors import RunError
from xray_core.evaluation.doubts.folds import CrossValidation
from xray_core.evaluation.multilabel import classes_of, is_multilabel
from xray_core.runs.folder import PROBABILITY


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of the folds of a cross-validation, together.

    Attributes:
        table: one row an image: the columns of `Run.read_predictions`, and run, the name of the
            one that tested it. Images that could not be read are not in it.
        classes: in the order of the models' output.
        multilabel: whether an image may have several classes.
        unread: images that no network could predict, as their files could not be read.
        untested: images that a fold knows, but that none of them tested.
        seen: images of which the patient was in the training or validation set of the run that
            tested them; none where patients were kept together.
    """

    table: pd.DataFrame
    classes: tuple[str, ...]
    multilabel: bool
    unread: int
    untested: int
    seen: int

    def list_remarks(self) -> list[str]:
        """Return what is missing, with counts; sentences."""
        words = []
        if self.unread:
            words.append(f"{count_of(self.unread, 'image')} could not be read: no prediction.")
        if self.untested:
            words.append(f"{count_of(self.untested, 'image')} were tested in no fold.")
        if self.seen:
            words.append(
                f"{count_of(self.seen, 'image')} are of patients that the network had seen, as "
                "the folds do not keep patients together: its answer may be remembered."
            )
        return words


def gather_out_of_fold(validation: CrossValidation) -> OutOfFold:
    """Return the predictions on the test sets of all folds together.

    Raises:
        RunError: a fold is not done, two of them tested the same image, or a file is damaged.
    """
    states = validation.list_states()
    if waiting := {fold: state for fold, state in states.items() if state != "done"}:
        words = ", ".join(f"fold {fold} is {state}" for fold, state in waiting.items())
        raise RunError(
            f"The cross-validation {validation.sweep} is not finished: {words}. Every image needs "
            "its prediction; wait, or let these folds be trained again."
        )
    tables, known, seen = [], set(), 0
    for run in validation.runs.values():
        split, predictions = run.read_split(), run.read_predictions()
        tested = predictions[predictions["subset"] == "test"].assign(run=run.name)
        others = set(split.loc[split["subset"] != "test", "group"])
        seen += int(tested["group"].isin(others).sum())
        known |= set(split["image_id"])
        tables.append(tested)
    if len({tuple(table.columns) for table in tables}) > 1:
        raise RunError(
            f"The folds of {validation.sweep} have different classes: the dataset changed while "
            "they were trained. Cross-validate anew."
        )
    table = pd.concat(tables, ignore_index=True)
    if n_twice := int(table["image_id"].duplicated().sum()):
        raise RunError(
            f"{count_of(n_twice, 'image')} of {validation.sweep} were tested in two folds: the "
            "dataset, or the marks that its selection goes by, changed while they were trained. "
            "Cross-validate anew."
        )
    classes = classes_of(table)
    values = table[[PROBABILITY + name for name in classes]].to_numpy("float64")
    is_read = np.isfinite(values).all(axis=1)
    return OutOfFold(
        table=table[is_read].reset_index(drop=True),
        classes=tuple(classes),
        multilabel=is_multilabel(table),
        unread=int((~is_read).sum()),
        untested=len(known - set(table["image_id"])),
        seen=seen,
    )
