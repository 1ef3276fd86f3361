"""Fitting boxes into their images."""

import pandas as pd
import pytest

from xray_core.catalog import BOX_COLUMNS, Remark
from xray_core.datasets.boxes import fit_boxes

SIZES = ["original_width", "original_height"]
IMAGES = pd.DataFrame({"image_id": ["a", "unmeasured"]}).astype("string")
IMAGES[SIZES] = pd.DataFrame([[400, 200], [pd.NA, 200]], dtype="Int64")


def fit_one(image_id: str, *box: float) -> tuple[list[list[float]], list[Remark]]:
    boxes = pd.DataFrame([(image_id, "Mass", *box)], columns=list(BOX_COLUMNS)).astype(BOX_COLUMNS)
    fitted, remarks = fit_boxes(boxes, IMAGES)
    return fitted[["x", "y", "width", "height"]].to_numpy().tolist(), remarks


@pytest.mark.parametrize("box", [[0, 0, 400, 200], [0.1, 0.2, 0.3, 0.4], [399.5, 10, 0.5, 1]])
def test_a_box_inside_its_image_stays_exactly_as_published(box: list[float]) -> None:
    fitted, remarks = fit_one("a", *box)

    assert fitted == [box]
    assert all(remark.count == 0 for remark in remarks)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([-3.5, 10, 20, 20], [0, 10, 16.5, 20]),
        ([10, -5, 20, 20], [10, 0, 20, 15]),
        ([390, 10, 20, 20], [390, 10, 10, 20]),
        ([10, 190, 20, 20], [10, 190, 20, 10]),
        ([-10, -10, 1000, 1000], [0, 0, 400, 200]),
    ],
)
def test_a_box_over_an_edge_is_clipped_and_counted(box: list[float], expected: list[float]) -> None:
    fitted, remarks = fit_one("a", *box)

    assert fitted == [expected]
    assert [remark.kind for remark in remarks if remark.count] == ["clipped_box"]


@pytest.mark.parametrize(
    ("image_id", "box", "kind"),
    [
        ("a", [500, 10, 20, 20], "empty_box"),
        ("a", [10, 10, 20, 0], "empty_box"),
        ("a", [10, 10, -5, 20], "empty_box"),
        ("unmeasured", [10, 10, 20, 20], "unplaced_box"),
        ("unheard of", [10, 10, 20, 20], "unplaced_box"),
    ],
)
def test_a_box_that_cannot_be_drawn_is_left_out_and_named(
    image_id: str, box: list[float], kind: str
) -> None:
    fitted, remarks = fit_one(image_id, *box)

    assert fitted == []
    [remark] = [remark for remark in remarks if remark.count]
    assert (remark.kind, remark.count, remark.examples) == (kind, 1, (image_id,))
