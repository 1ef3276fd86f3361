"""What is kept of a run's maps held against boxes, in <run>/explained/: figures, rows, maps.

where-<subset>-<method>.json      every figure, and what it was measured on; see `WhereNotes`
where-<subset>-<method>.parquet   a row for each case, in the order of the maps; see `COLUMNS`
where-<subset>-<method>.npy       uint8 (n_cases, h, w), 255 for the hottest point of an image

The first is written last: where it is of the run's network, so are the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.files import open_plain, replaced_file
from xray_core.records import build_record, read_table
from xray_core.runs import Run
from xray_core.runs.explained import (
    find_explained,
    read_array,
    read_explained,
    write_explained,
)

# Column -> dtype, of the network's own maps.
COLUMNS = {
    "image_id": "string",
    "group": "string",  # its patient, or what stands for one
    "target": "string",  # the class that the map is of
    "n_boxes": "int64",
    "hit": "float64",  # see `scores.MapScore`
    "near": "float64",
    "energy": "float64",
    "share": "float64",  # of the square that the boxes take
    "iou": "float64",  # the best of any box with any that is drawn from the map
    "iobb": "float64",
}
TEXT = ("image_id", "group", "target")  # of these


class Figure(TypedDict):
    """A figure with its 95% interval."""

    value: float
    low: float
    high: float


class WhereNotes(TypedDict):
    """The JSON file.

    scores, differences and share are those of `summary.summarise`; per_class: class -> the same
    with n_cases, n_patients and n_boxes, where cases are of several classes.
    """

    run: str
    subset: str
    method: str
    n_cases: int
    n_images: int
    n_patients: int
    n_boxes: int
    left_out: dict[str, int]
    grid: list[int]  # rows and columns of a map
    n_small: int  # boxes smaller than one cell of it
    n_empty: int  # maps without any heat
    seeds: list[int]  # of the untrained networks
    n_draws: int  # random boxes an image
    seconds: float
    share: Figure
    scores: dict[str, dict[str, Any]]
    differences: dict[str, dict[str, Figure]]
    per_class: dict[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Where:
    """What is kept of one method on one set.

    Attributes:
        notes: the figures.
        cases: `COLUMNS`.
        maps: uint8 (n_cases, h, w).
    """

    notes: WhereNotes
    cases: pd.DataFrame
    maps: NDArray[np.uint8]


def name_file(subset: str, method: str) -> str:
    """Return the name of the three files, without ending."""
    return f"where-{subset}-{method}"


def read_where(run: Run, subset: str, method: str) -> Where | None:
    """Return what was computed of a run's network; None where nothing was, or of another one.

    Raises:
        RunError: a file of it is damaged or missing.
    """
    name = name_file(subset, method)
    values = read_explained(run, f"{name}.json")
    if values is None:
        return None
    try:
        notes = build_record(WhereNotes, values, f"{name}.json")
        with open_plain(find_explained(run, f"{name}.parquet")) as file:
            cases = read_table(file, TEXT)[list(COLUMNS)].astype(COLUMNS)
        maps = read_array(find_explained(run, f"{name}.npy"))
        if maps.dtype != np.uint8 or maps.ndim != 3 or not len(cases) == len(maps):
            raise ValueError("its maps are not those of its rows")
    except (OSError, ValueError, KeyError, TypeError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RunError(
            f"{find_explained(run, name)} is damaged: {words[:200].rstrip('.')}. Compute it anew."
        ) from error
    return Where(notes, cases, maps)


def write_where(
    run: Run, notes: Mapping[str, Any], cases: pd.DataFrame, maps: NDArray[np.uint8]
) -> None:
    """Write the three files, the one with the figures last.

    Raises:
        OSError: the disk refuses.
    """
    name = name_file(str(notes["subset"]), str(notes["method"]))
    table, array = (find_explained(run, f"{name}.{ending}") for ending in ("parquet", "npy"))
    table.parent.mkdir(parents=True, exist_ok=True)
    with replaced_file(table) as partial:
        cases.astype(COLUMNS).to_parquet(partial, index=False)
    with replaced_file(array) as partial, partial.open("wb") as file:
        np.save(file, maps)
    write_explained(run, f"{name}.json", notes)
