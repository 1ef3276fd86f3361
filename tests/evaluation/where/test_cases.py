from pathlib import Path

import numpy as np
import pandas as pd

from xray_core.catalog import Catalog, build_catalog
from xray_core.evaluation.where.cases import find_cases
from xray_core.preprocess.spec import PreprocessSpec

WIDE = {"original_width": 400, "original_height": 200, "width": 40, "height": 20}


def draw_catalog(boxes: list[tuple[str, str]]) -> Catalog:
    """Return images of 400 x 200 px with boxes of 100 x 100 px at their top left."""
    names = dict.fromkeys(name for name, _ in boxes)
    place = {"x": 0.0, "y": 0.0, "width": 100.0, "height": 100.0}
    return build_catalog(
        Path("/data"),
        "folder",
        [{"image_id": name, "path": f"{name}.png", **WIDE} for name in names],
        [{"image_id": name, "finding": finding, **place} for name, finding in boxes],
    )


def predictions(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["image_id", "actual", "predicted"]).astype("string")
    return table.assign(group=table["image_id"].str[0])


def test_boxes_lie_where_the_network_sees_them_and_what_cannot_count_is_counted() -> None:
    catalog = draw_catalog([("a1", "lesion"), ("b1", "lesion"), ("c1", "lesion"), ("z", "lesion")])
    table = predictions(
        ("a1", "ill", "ill"), ("b1", "healthy", "ill"), ("c1", "ill", None), ("d1", "ill", "ill")
    )
    answer = find_cases(
        table, catalog, ["healthy", "ill"], PreprocessSpec(resize="pad"), multilabel=False
    )
    [case] = answer.cases
    assert (case.image_id, case.group, case.target) == ("a1", "a", "ill")
    # Twice as wide as high: it lies between two black borders, a quarter of the square each.
    np.testing.assert_allclose(case.boxes, [[0.0, 0.25, 0.25, 0.25]])
    assert answer.left_out == {
        "boxed images whose true class is “healthy”": 1,
        "images that cannot be read": 1,
    }
    stretched = find_cases(
        table, catalog, ["healthy", "ill"], PreprocessSpec(), multilabel=False
    ).cases
    np.testing.assert_allclose(stretched[0].boxes, [[0.0, 0.0, 0.25, 0.5]])


def test_a_finding_that_is_a_class_is_looked_for_by_name() -> None:
    catalog = draw_catalog([("a1", "Mass"), ("a1", "nodule"), ("a1", "nodule"), ("b1", "bone")])
    table = predictions(("a1", "x", "mass"), ("b1", "x", "none"))
    answer = find_cases(table, catalog, ["mass", "nodule"], PreprocessSpec(), multilabel=True)
    assert [(case.target, len(case.boxes)) for case in answer.cases] == [("mass", 1), ("nodule", 2)]
    assert answer.left_out == {"boxes of a finding that is no class of the task": 1}
