"""Boxes and masks in the cells of mapped tables, and labels where they are all that is given."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from xray_core.catalog import OF_FINDING, Remark
from xray_core.datasets.folder.mapping import (
    BOX_CORNERS,
    FolderMapping,
)
from xray_core.datasets.folder.rows import MappedRows
from xray_core.datasets.reader import count_remark
from xray_core.tables.cells import SEPARATOR, parse_number
from xray_core.tables.regions import are_relative, make_absolute, parse_box_cell

UNNAMED_BOX = "box"  # its row names no finding
MASKED, UNMASKED = "with mask", "without mask"  # labels where masks are all that is given
BOXED, UNBOXED = "with box", "without box"
MAX_PX = 1_000_000  # beyond it, a number is no place in a radiograph


def read_boxes(
    rows: pd.DataFrame, labels: pd.Series, mapping: FolderMapping
) -> tuple[pd.DataFrame, list[Remark], pd.Series]:
    """Return finding, x, y, width, height with the index of the row, and which rows have a box."""
    roles = next((table.box_roles for table in mapping.tables if table.box_roles), ())
    cells = rows.reindex(columns=list(roles))
    filled = cells.notna().any(axis=1) if roles else pd.Series(False, rows.index)
    places: list[int] = []
    sides: list[tuple[float, float, float, float]] = []
    broken: list[str] = []
    for place, row in zip(rows.index[filled], cells[filled].itertuples(index=False), strict=True):
        boxes = _parse_boxes(row, roles, mapping)
        if boxes is None:
            broken.append(str(rows.at[place, "cell"]))
            continue
        places += [place] * len(boxes)
        sides += boxes
    table = pd.DataFrame(sides, index=places, columns=["x", "y", "width", "height"], dtype=float)
    names = [SEPARATOR.join(labels[place]) or UNNAMED_BOX for place in places]
    table.insert(0, "finding", names)
    has_box = pd.Series(rows.index.isin(places), rows.index)
    what = "Boxes left out, as they are not four numbers"
    return table, [count_remark("broken_boxes", broken, what)], has_box


def _parse_boxes(
    row: Sequence[Any], roles: Sequence[str], mapping: FolderMapping
) -> list[tuple[float, float, float, float]] | None:
    """Return x, y, width, height of each box of a row; None if it is broken."""
    if len(roles) == 1:
        return parse_box_cell(str(row[0]), mapping.box_order)
    numbers = [parse_number(str(cell)) for cell in row if cell is not None]
    known = [n for n in numbers if n is not None and abs(n) <= MAX_PX]
    if len(known) < len(roles):
        return None
    x, y, third, fourth = known
    if tuple(roles) == BOX_CORNERS:
        third, fourth = third - x, fourth - y
    return [(x, y, third, fourth)]


def read_masks(rows: pd.DataFrame, labels: pd.Series) -> tuple[pd.DataFrame, pd.Series, Remark]:
    """Return masks in run lengths with the index of the row, which rows have one, and a remark."""
    cells = get_column(rows, "runs")
    relative = are_relative(cells)
    runs = {cell: make_absolute(str(cell), relative) for cell in cells.dropna().unique()}
    of_row = cells.map(lambda cell: runs.get(cell) if cell is not None else None)
    broken = cells.notna() & of_row.isna()
    has_mask = of_row.notna() & of_row.ne("")
    masks = pd.DataFrame(
        {
            "kind": OF_FINDING,
            "finding": [SEPARATOR.join(names) or None for names in labels[has_mask]],
            "runs": of_row[has_mask],
        },
        index=rows.index[has_mask],
    ).reindex(columns=["kind", "finding", "path", "runs"])
    what = "Masks left out, as their run lengths cannot be read"
    return masks, has_mask, count_remark("broken_mask", list(rows.loc[broken, "cell"]), what)


def label_by_shape(
    rows: pd.DataFrame, read: MappedRows, labels: pd.Series, has_box: pd.Series, has_mask: pd.Series
) -> pd.Series:
    """Label rows by whether they have a box or a mask, where nothing else labels them."""
    if "label" in rows or read.findings:
        return labels
    for role, has, names in (
        ("runs", has_mask, (UNMASKED, MASKED)),
        ("box", has_box, (UNBOXED, BOXED)),
        ("x", has_box, (UNBOXED, BOXED)),
        ("x1", has_box, (UNBOXED, BOXED)),
    ):
        if role in rows:
            return has.map(lambda is_there, names=names: (names[int(is_there)],))
    return labels


def unite_labels(labels: pd.Series, of_row: Any, n_images: int) -> list[tuple[str, ...]]:
    """Return the labels of each image, each once: those of all its rows.

    Args:
        labels: tuples, one for each row.
        of_row: shape (rows,), int: the place of its image.
        n_images: how many there are.
    """
    united: list[dict[str, None]] = [{} for _ in range(n_images)]
    for place, names in zip(of_row, labels, strict=True):
        united[place].update(dict.fromkeys(names))
    # An image with a box in one row and none in another has a box.
    for names in united:
        for less, more in ((UNMASKED, MASKED), (UNBOXED, BOXED)):
            if more in names:
                names.pop(less, None)
    return [tuple(names) for names in united]


def get_column(rows: pd.DataFrame, role: str) -> pd.Series:
    """Return the cells of a role; None in each row where no column has it."""
    return rows[role] if role in rows else pd.Series(None, rows.index, dtype=object)
