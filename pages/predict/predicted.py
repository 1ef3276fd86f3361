"""What a network says of images, and what of it is called by the thresholds kept now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.evaluation.multilabel import call_findings, read_thresholds
from xray_core.evaluation.thresholds import read_threshold
from xray_core.figures.colors import CLEAR, WITHOUT
from xray_core.files import stamp_file
from xray_core.preprocess.uploads import Upload
from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.explained import find_explained
from xray_core.runs.features import ABOUT
from xray_core.runs.folder import PROBABILITY
from xray_core.tasks import SEPARATOR

# Of a run folder, beside the network: what its answers depend on.
FILES = ("calibration.json", "threshold.json", "thresholds.json")
NOT_READ = "cannot be read"
NOTHING = "none of the findings"


@dataclass(frozen=True)
class Limits:
    """From which probability on a class is called.

    Attributes:
        values: class -> threshold; of two classes the second alone; empty where the most probable
            class is the answer.
        words: class -> how it was chosen, a sentence.
    """

    values: Mapping[str, float]
    words: Mapping[str, str]


def read_limits(run: Run, recipe: Recipe) -> Limits:
    """Return the thresholds that are kept with a run now.

    Raises:
        RunError: their file is damaged.
    """
    if recipe.multilabel:
        limits = read_thresholds(run)
        if limits is None:
            return Limits({}, {})
        usual = f"Chosen on the {limits['chosen_on']} set when the training ended (Youden's index)."
        words = dict.fromkeys(limits["thresholds"], usual)
        words |= dict.fromkeys(
            limits.get("fallback", []), "The usual one: too few images to choose it by."
        )
        return Limits(limits["thresholds"], words | limits.get("by_hand", {}))
    if len(recipe.class_names) == 2 and (kept := read_threshold(run)):
        name = recipe.class_names[1]
        by = f"Kept by {kept.by}. " if kept.by else ""
        return Limits({name: kept.value}, {name: f"{by}{kept.words}"})
    return Limits({}, {})


@dataclass(frozen=True)
class Asked:
    """What is asked of a run, whatever the images.

    Attributes:
        run: its name.
        given: tabular column -> value, of all images.
        stamps: what changes with the files of the run that an answer depends on, so that it is
            asked for again when a threshold is kept or features are computed.
    """

    run: str
    given: Mapping[str, str]
    stamps: Sequence[object] = ()

    def about(self, uploads: Sequence[Upload], *, with_maps: bool = False) -> dict[str, Any]:
        """Return the question "predict" about images that could be read, at least one."""
        ways = zip(*((upload.prepared, *upload.more) for upload in uploads), strict=True)
        first, *more = (np.stack(way) for way in ways)
        return {
            "run": self.run,
            "given": dict(self.given),
            "stamps": list(self.stamps),
            "pixels": first,
            "more": more,
            "maps": with_maps,
        }


def ask_of(run: Run, given: Mapping[str, str]) -> Asked:
    """Return what is asked of a run as it is now."""
    files = [run.best_checkpoint, find_explained(run, ABOUT)]
    files += [run.folder / name for name in FILES]
    return Asked(run.name, given, [stamp_file(str(file)) for file in files])


@dataclass(frozen=True, eq=False)
class Predicted:
    """Images, and what the network says of those that could be read.

    Attributes:
        recipe: of the run.
        uploads: the images.
        answer: of the question "predict"; a row for each image that could be read.
        limits: the thresholds kept now.
    """

    recipe: Recipe
    uploads: Sequence[Upload]
    answer: Mapping[str, Any]
    limits: Limits

    @cached_property
    def rows(self) -> dict[int, int]:
        """Place among the uploads -> row of the answer."""
        readable = [n for n, upload in enumerate(self.uploads) if upload.prepared is not None]
        return {place: row for row, place in enumerate(readable)}

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """Of each class, calibrated where the run is; float (n_read, n_classes), in [0, 1]."""
        values = np.asarray(self.answer.get("probabilities", ()), "float64")
        return values.reshape(len(self.rows), len(self.recipe.class_names))

    @cached_property
    def called(self) -> NDArray[np.bool_]:
        """Which classes are the answer, bool (n_read, n_classes)."""
        names = list(self.recipe.class_names)
        if self.recipe.multilabel:
            return call_findings(self.probabilities, names, self.limits.values)
        best = self.probabilities.argmax(axis=1)
        if self.limits.values:
            best = (self.probabilities[:, 1] >= self.limits.values[names[1]]).astype("int64")
        return np.eye(len(names), dtype=bool)[best]

    @cached_property
    def risk(self) -> NDArray[np.float64]:
        """By which images are put in order, float (n_read,), in [0, 1]; see `risk_title`."""
        if self.recipe.multilabel:
            return np.asarray(self.probabilities.max(axis=1, initial=0.0))
        clear = self._clear
        if any(clear):
            return np.asarray(1 - self.probabilities[:, clear].sum(axis=1))
        return self.probabilities[:, 1 if len(clear) == 2 else -1]

    @property
    def risk_title(self) -> str:
        """What `risk` is the probability of."""
        names, clear = self.recipe.class_names, self._clear
        if self.recipe.multilabel:
            return "highest"
        others = [name for name, is_clear in zip(names, clear, strict=True) if not is_clear]
        if not any(clear):
            return names[1] if len(names) == 2 else names[-1]
        return others[0] if len(others) == 1 else "any finding"

    @property
    def _clear(self) -> list[bool]:
        return [name in CLEAR or name.startswith(WITHOUT) for name in self.recipe.class_names]

    def is_unlike(self, place: int) -> bool:
        """Whether an image is unlike the training images; False where that is not known."""
        unlike = self.answer.get("unlike")
        return place in self.rows and bool(unlike) and bool(unlike[self.rows[place]])

    def name_answer(self, place: int) -> str:
        """Return what the network says of an image."""
        if place not in self.rows:
            return NOT_READ
        called = compress(self.recipe.class_names, self.called[self.rows[place]])
        return ", ".join(called) or NOTHING

    def list_by_risk(self) -> list[int]:
        """Return the places of the images, the highest risk first, of the same risk by name.

        Those that were not read stand at the end.
        """

        def key(place: int) -> tuple[float, str]:
            row = self.rows.get(place)
            risk = -1.0 if row is None else float(self.risk[row])
            return (-risk, self.uploads[place].name)

        return sorted(range(len(self.uploads)), key=key)


def build_table(predicted: Predicted) -> pd.DataFrame:
    """Return a row for each image, the highest risk first, for a file.

    Returns:
        The columns of `explain.predict_files.predict_images`, whose names these are, and raw_ for
        each class: what the network said before it was calibrated.
    """
    return pd.DataFrame([_list_cells(predicted, place) for place in predicted.list_by_risk()])


def _list_cells(predicted: Predicted, place: int) -> dict[str, Any]:
    upload, row = predicted.uploads[place], predicted.rows.get(place)
    names, answer = predicted.recipe.class_names, predicted.answer
    cells: dict[str, Any] = {"path": upload.name, "predicted": None, "error": upload.reason or None}
    if not predicted.recipe.multilabel and predicted.limits.values:
        cells |= {"threshold": predicted.limits.values[names[1]]}
    for n, name in enumerate(names):
        cells[PROBABILITY + name] = None if row is None else predicted.probabilities[row, n]
        cells[f"raw_{name}"] = None if row is None else float(answer["raw"][row][n])
    for column, key in (("set", "sets"), ("unlike", "unlike"), ("nearest", "nearest")):
        if key in answer:
            value = None if row is None else answer[key][row]
            cells[column] = SEPARATOR.join(value) if isinstance(value, list) else value
    if row is not None:
        called = compress(names, predicted.called[row])
        cells["predicted"] = SEPARATOR.join(called) or "none"
    return cells | {"remarks": " ".join(upload.remarks)}
