"""Marks: what people say of an image's label after a look at it, kept beside the dataset.

<XRAY_HOME>/marks/<folder>-<key>.parquet    one row an image and task: mark, label, by, time

The dataset itself stays as it is. Marks belong to the folder that a dataset lies in, links
followed, so that they are there again when it is opened anew; a selection with `doubtful?no` leaves
out those whose label is doubtful.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd
from filelock import FileLock

from xray_core.catalog import Catalog
from xray_core.errors import DatasetError
from xray_core.files import open_plain, replaced_file, stamp_file, utc_now
from xray_core.records import read_table
from xray_core.selection.filters import DOUBTFUL, parse_filters
from xray_core.workspace import Workspace, clean_user

LEAVE_OUT, KEEP = "doubtful", "right"
MARKS = {LEAVE_OUT: "label doubtful, leave out", KEEP: "label right, keep"}
COLUMNS = ("image_id", "task", "mark", "label", "by", "time")
LOCK_SECONDS = 20.0


def read_marks(workspace: Workspace, root: Path) -> pd.DataFrame:
    """Return the marks of a dataset, in the order of their making.

    Args:
        workspace: the folders.
        root: of the dataset, as `Catalog.root`.

    Returns:
        All text: image_id, task (by its name), mark (of `MARKS`), label (in words, as it was when
        the image was marked), by ("" if nobody said) and time (ISO 8601, UTC). Empty where nothing
        is marked.

    Raises:
        DatasetError: the file is damaged.
    """
    path = _path(workspace, root)
    return _read(path, stamp_file(str(path))).copy(deep=False)


@lru_cache(maxsize=16)
def _read(path: Path, stamp: tuple[int, int, int] | None) -> pd.DataFrame:
    try:
        with open_plain(path) as file:
            table = read_table(file, COLUMNS)
        if strange := sorted(set(table["mark"]) - set(MARKS)):
            raise ValueError(f"it holds the mark {strange[0]!r}, which is none")
    except FileNotFoundError:
        return pd.DataFrame({name: pd.Series(dtype="string") for name in COLUMNS})
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise DatasetError(
            f"{path}, which holds the marks of doubtful labels, is damaged: {error}. Move it away; "
            "the images can then be marked anew."
        ) from error
    return table[list(COLUMNS)].astype("string")


def write_marks(
    workspace: Workspace,
    root: Path,
    task: str,
    labels: Mapping[str, str],
    mark: str,
    by: str = "",
) -> None:
    """Mark images, or take their marks back; what was said of them before is replaced.

    Args:
        workspace: the folders.
        root: of the dataset, as `Catalog.root`.
        task: by its name; another task of the dataset has marks of its own.
        labels: image_id -> its label in words.
        mark: one of `MARKS`; "" takes the marks of these images back.
        by: who says so; "" for nobody in particular.

    Raises:
        DatasetError: the mark is none, the file is damaged, or the disk refuses.
    """
    if mark and mark not in MARKS:
        raise DatasetError(f"There is no mark {mark!r}. Choose one of: {', '.join(MARKS)}.")
    path = _path(workspace, root)
    rows = pd.DataFrame(
        {
            "image_id": list(labels),
            "task": task,
            "mark": mark,
            "label": list(labels.values()),
            "by": clean_user(by),
            "time": utc_now(),
        },
        columns=list(COLUMNS),
    ).astype("string")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_SECONDS):
            before = read_marks(workspace, root)
            others = before[~((before["task"] == task) & before["image_id"].isin(list(labels)))]
            table = pd.concat([others, rows], ignore_index=True) if mark else others
            with replaced_file(path) as partial:
                table.to_parquet(partial, index=False)
    except OSError as error:
        raise DatasetError(
            f"The mark cannot be kept in {path}: {error.strerror or error}."
        ) from error


def list_doubtful(workspace: Workspace, root: Path, task: str) -> tuple[str, ...]:
    """Return the images whose label is marked as doubtful in a task, sorted.

    Raises:
        DatasetError: see `read_marks`.
    """
    marks = read_marks(workspace, root)
    marked = marks.loc[(marks["task"] == task) & (marks["mark"] == LEAVE_OUT), "image_id"]
    return tuple(sorted(map(str, marked)))


def asks_marks(selection: str) -> bool:
    """Whether a selection goes by marks. Raises FilterError if it is no list of filters.

    >>> asks_marks("doubtful?no;gender=F"), asks_marks("gender=F")
    (True, False)
    """
    return any(wish.column == DOUBTFUL for wish in parse_filters(selection))


def find_doubtful(
    catalog: Catalog, selection: str, task: str, workspace: Workspace
) -> tuple[str, ...]:
    """Return the marked images that a selection asks for; none where it does not ask.

    Args:
        catalog: the dataset.
        selection: filters as `format_filters` writes them.
        task: by its name.
        workspace: the folders.

    Raises:
        FilterError: the text is no list of filters.
        DatasetError: see `read_marks`.
    """
    return list_doubtful(workspace, catalog.root, task) if asks_marks(selection) else ()


def count_marks(marks: pd.DataFrame, task: str) -> dict[str, int]:
    """Return how many images of a task have each of `MARKS`."""
    of_task: Sequence[str] = marks.loc[marks["task"] == task, "mark"].tolist()
    return {mark: of_task.count(mark) for mark in MARKS}


def _path(workspace: Workspace, root: Path) -> Path:
    folder = os.path.realpath(root)
    key = hashlib.sha256(folder.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    # The name is for people who look into the workspace; it may be long, or of odd characters.
    name = "".join(sign for sign in Path(folder).name if sign.isascii() and sign.isalnum())[:40]
    return workspace.marks / f"{name or 'dataset'}-{key}.parquet"
