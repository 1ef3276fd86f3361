"""Boxes and masks that are written into cells."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.errors import DatasetError, XrayError
from xray_core.tables.regions import (
    are_relative,
    decode_run_lengths,
    guess_box_order,
    is_box_column,
    is_run_lengths,
    parse_box_cell,
)

BOX = (20.5, 30.0, 15.0, 12.0)


def texts(*cells: str | None) -> pd.Series:
    return pd.Series(cells, dtype="string")


@pytest.mark.parametrize(
    ("cell", "boxes"),
    [
        ("[20.5, 30.0, 15.0, 12.0]", [BOX]),
        ("(20.5, 30, 15, 12)", [BOX]),
        ("20.5 30 15 12", [BOX]),
        ("20.5,30,15,12", [BOX]),
        ("20,5 30,0 15,0 12,0", [BOX]),
        ("20.5;30;15;12", [BOX]),
        ("[np.float64(20.5), np.int64(30), np.float64(15.0), 12]", [BOX]),
        ("[[20.5, 30, 15, 12], [1, 2, 3, 4]]", [BOX, (1, 2, 3, 4)]),
        ("{'xmin': 20.5, 'ymin': 30, 'width': 15, 'height': 12}", [BOX]),
        ('{"x": 20.5, "y": 30, "w": 15, "h": 12, "label": "Mass"}', [BOX]),
        ("[{'x': 20.5, 'y': 30, 'width': 15, 'height': 12}, {'x': 1, 'y': 2, 'width': 3,"
         " 'height': 4}]", [BOX, (1, 2, 3, 4)]),
        ("{'x_min': 20.5, 'y_min': 30, 'x_max': 35.5, 'y_max': 42}", [BOX]),
        ("{'x1': 20.5, 'y1': 30, 'x2': 35.5, 'y2': 42}", [BOX]),
        ("{'x_center': 28, 'y_center': 36, 'width': 15, 'height': 12}", [BOX]),
        ("dict(left=20.5, top=30, right=35.5, bottom=42)", None),
        ("none", []), ("[]", []), ("-1", []), ("", []),
        ("20 30 15", None), ("20 30 15 12 1", None), ("[1, 2, 3]", None), ("Mass", None),
        ("{'x': 1, 'y': 2}", None), ("[[1, 2, 3, 4], 'Mass']", None), ("1e999 0 1 1", None),
        ("__import__('os')", None),
    ],
)  # fmt: skip
def test_boxes_in_a_cell_are_read_in_all_their_ways(
    cell: str, boxes: list[tuple[float, ...]] | None
) -> None:
    assert parse_box_cell(cell) == boxes


def test_the_order_of_bare_numbers_is_given_and_keys_go_before_it() -> None:
    assert parse_box_cell("20.5 30 35.5 42", "xyxy") == [BOX]
    keyed = "{'x': 20.5, 'y': 30, 'width': 15, 'height': 12}"
    assert parse_box_cell(keyed, "xyxy") == [BOX]


@pytest.mark.parametrize(
    ("column", "cells", "order"),
    [
        ("Bbox [x, y, w, h]", ["[1, 2, 30, 40]"], "xywh"),
        ("box_x1_y1_x2_y2", ["[1, 2, 30, 40]"], "xyxy"),
        ("[xmin, ymin, xmax, ymax]", ["[1, 2, 30, 40]"], "xyxy"),
        ("box", ["[10, 20, 30, 40]", "[50, 20, 30, 40]"], "xywh"),
        ("box", ["[10, 20, 30, 40]", None], ""),
    ],
)
def test_the_order_is_guessed_only_where_it_shows(
    column: str, cells: list[str | None], order: str
) -> None:
    assert guess_box_order(column, texts(*cells)) == order


@pytest.mark.parametrize(
    ("cells", "is_mask", "is_box"),
    [
        (["-1", "1200 5 91 5 91 5", None], True, False),
        (["1 3 10 2", "1 3"], True, False),
        (["20 30 15 12", None], False, True),
        (["none", "[1, 2, 3, 4]"], False, True),
        (["none", "none"], False, False),
        (["57", "60"], False, False),
        (["-1", "-1"], False, False),
        (["1 2 3", "normal"], False, False),
    ],
)
def test_columns_of_masks_and_of_boxes_are_told_apart(
    cells: list[str | None], is_mask: bool, is_box: bool
) -> None:
    column = texts(*cells)

    assert (is_run_lengths(column), is_box_column(column)) == (is_mask, is_box)


def encode(mask: np.ndarray, relative: bool) -> str:
    """Write a mask as run lengths, down each column from the left."""
    flat = np.concatenate([[0], mask.T.ravel(), [0]]).astype(int)
    edges = np.flatnonzero(np.diff(flat))
    starts, ends = edges[::2], edges[1::2]
    before = np.concatenate([[0], ends[:-1]]) if relative else -1
    pairs = zip(starts - before, ends - starts, strict=True)
    return " ".join(f"{start} {length}" for start, length in pairs) or "-1"


@pytest.mark.parametrize("relative", [True, False])
def test_a_mask_comes_back_from_its_run_lengths(relative: bool) -> None:
    masks = np.zeros((3, 8, 5), dtype=np.uint8)
    masks[0, 2:6, 1:4] = 1
    masks[1, 0, 0] = masks[1, 7, 4] = 1
    cells = [encode(mask, relative) for mask in masks]

    assert cells[2] == "-1"
    for mask, cell in zip(masks, cells, strict=True):
        decoded = decode_run_lengths(cell, 8, 5, relative)
        assert (decoded.dtype, decoded.shape) == (np.uint8, (8, 5))
        assert (decoded == mask).all()
    assert are_relative(texts(*cells, None)) == relative


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1 2 3", "pairs of whole numbers"),
        ("a b", "pairs of whole numbers"),
        ("1 41", "does not fit into a mask of 5 x 8"),
        ("0 1", "does not fit"),
    ],
)
def test_what_is_no_mask_of_this_size_is_refused(cell: str, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        decode_run_lengths(cell, 8, 5, relative=False)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.text("0123456789 ,.;-[](){}'\":xywhe", max_size=30) | st.text(max_size=20))
def test_whatever_a_cell_holds_it_is_boxes_or_none(cell: str) -> None:
    boxes = parse_box_cell(cell)
    is_box_column(texts(cell))
    are_relative(texts(cell))
    assert boxes is None or np.isfinite(np.asarray(boxes, dtype=float)).all()
    try:
        assert decode_run_lengths(cell, 4, 3, relative=True).shape == (4, 3)
    except XrayError:
        return
