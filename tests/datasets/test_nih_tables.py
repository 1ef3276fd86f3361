"""The headers and cells of the NIH ChestX-ray14 tables, in all their spellings."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.datasets.nih_tables import (
    FINDINGS,
    NO_FINDING,
    parse_findings,
    place_boxes,
    read_image_rows,
)
from xray_core.errors import XrayError

HEADERS = [
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]",
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],",
    'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,'
    '"OriginalImage[Width,Height]","OriginalImagePixelSpacing[x,y]"',
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImageWidth,OriginalImageHeight,OriginalImagePixelSpacing_x,"
    "OriginalImagePixelSpacing_y",
    "Image_Index,Finding_Labels,Follow_up_#,Patient_ID,Patient_Age,Patient_Gender,View_Position,"
    "OriginalImage_Width,OriginalImage_Height,OriginalImagePixelSpacing_x,"
    "OriginalImagePixelSpacing_y",
    "image_index,finding_labels,follow_up,patient_id,patient_age,patient_gender,view_position,"
    "original_image_width,original_image_height,x,y",
]  # fmt: skip
HEADER_NAMES = ["bare", "bare, with a comma", "quoted", "of the sample", "underscored", "lower"]


@pytest.mark.parametrize("end", ["", ","])
@pytest.mark.parametrize("header", HEADERS, ids=HEADER_NAMES)
def test_every_header_gives_the_same_images(header: str, end: str, tmp_path: Path) -> None:
    row = "00000007_002.png,Mass|Nodule,2,7,060Y,F,AP,2500,2048,0.168,0.169"
    (tmp_path / "table.csv").write_text(f"{header}\n{row}{end}\n")

    images, remarks = read_image_rows(tmp_path / "table.csv")

    assert images.iloc[0].to_dict() == {
        "image_id": "00000007_002",
        "patient_id": "00000007",
        "findings": "Mass|Nodule",
        "age": 60.0,
        "gender": "F",
        "view_position": "AP",
        "follow_up": 2,
        "original_width": 2500,
        "original_height": 2048,
    }
    assert not any(remark.count for remark in remarks)


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("Mass|Atelectasis", "Mass|Atelectasis"),
        (" mass | Pleural Thickening", "Mass|Pleural_Thickening"),
        ("Infiltrate", "Infiltration"),
        ("no finding", NO_FINDING),
        ("Mass|Mass", "Mass"),
        ("Mass|", None),
        ("Mass|No Finding", None),
        ("Massive", None),
        ("", None),
        ("|", None),
    ],
)
def test_findings_take_their_published_spelling(text: str, findings: str | None) -> None:
    assert parse_findings(text) == findings


@settings(deadline=None, derandomize=True)
@given(st.text() | st.lists(st.sampled_from([*FINDINGS, NO_FINDING, ""])).map("|".join))
def test_whatever_a_cell_of_labels_holds_only_published_findings_come_out(text: str) -> None:
    findings = parse_findings(text)
    assert findings is None or {*findings.split("|")} <= {*FINDINGS, NO_FINDING}


cells = st.none() | st.text() | st.floats().map(str) | st.sampled_from(["Mass", "a.png", "10"])


@settings(deadline=None, derandomize=True, max_examples=20)
@given(st.lists(st.tuples(*[cells] * 6)), st.sampled_from([1, 2048]))
def test_whatever_the_cells_of_boxes_hold_the_boxes_lie_in_their_image(
    rows: list[tuple[str | None, ...]], width: int
) -> None:
    columns = ["Image Index", "Finding Label", "x", "y", "w", "h"]
    table = pd.DataFrame(
        [("a.png", "Mass", *row[2:]) for row in rows] + list(rows), columns=columns, dtype="string"
    )
    images = pd.DataFrame({"image_id": ["a"], "original_width": width, "original_height": 512})

    try:
        boxes, remarks = place_boxes(table, images)
    except XrayError:
        return
    assert (boxes[["x", "y"]] >= 0).all(axis=None)
    assert (boxes["x"] + boxes["width"]).le(width * (1 + 1e-9)).all()
    assert (boxes["y"] + boxes["height"]).le(512 * (1 + 1e-9)).all()
    left_out = sum(remark.count for remark in remarks if remark.kind != "clipped_box")
    assert len(boxes) + left_out == len(table)
