"""Tables of boxes, from boxes that are known."""

from pathlib import Path

import pandas as pd
import pytest

from tests.eda.conftest import MakeCatalog
from xray_core import eda
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset


def members_of(labels: list[str]) -> pd.Series:
    return eda.list_members(pd.Series(labels, dtype="string"), ["ill", "well"])


# Of images of 100 × 200 px: image, finding, x, y, width, height.
LEFT, RIGHT = (10, 20, 20, 40), (60, 20, 20, 40)
ACROSS_TO_THE_RIGHT = (30, 20, 42, 40)  # centre at 51


@pytest.fixture
def boxed(make_catalog: MakeCatalog) -> Catalog:
    """Four ill images: left, right, both, none; one well image with a box across the middle."""
    return make_catalog(
        [{}] * 5,
        [
            ("a", "opacity", *LEFT),
            ("b", "opacity", *RIGHT),
            ("c", "opacity", *LEFT),
            ("c", "opacity", *RIGHT),
            ("e", "opacity", *ACROSS_TO_THE_RIGHT),
        ],
    )


def test_boxes_per_image_count_every_image(siim: Catalog) -> None:
    boxes = eda.boxes_per_image(siim)

    assert boxes.to_dict("list") == {"boxes": [0, 1, 2], "images": [3, 1, 1]}


def test_boxes_of_one_kind_take_the_class_of_their_image(boxed: Catalog) -> None:
    boxes = eda.class_boxes(boxed, members_of(["ill", "ill", "ill|well", "ill", "well"]))

    assert boxes.groupby("class", observed=True).size().to_dict() == {"ill": 4, "well": 3}
    assert boxes.loc[0, ["x", "y", "width", "height"]].tolist() == [0.1, 0.1, 0.2, 0.2]


def test_boxes_of_several_kinds_take_their_finding(make_catalog: MakeCatalog) -> None:
    catalog = make_catalog([{}], [("a", "mass", *LEFT), ("a", "nodule", *RIGHT)])

    boxes = eda.class_boxes(catalog, members_of(["ill"]))

    assert boxes["class"].tolist() == ["mass", "nodule"]


def test_sides_are_those_of_the_boxes_centres(boxed: Catalog) -> None:
    boxes = eda.class_boxes(boxed, members_of(["ill", "ill", "ill", "ill", "well"]))

    sides = eda.count_sides(boxes).set_index(["class", "side"])

    assert sides["images"].to_dict() == {
        ("ill", "image left only"): 1,
        ("ill", "image right only"): 1,
        ("ill", "both sides"): 1,
        ("well", "image left only"): 0,
        ("well", "image right only"): 1,
        ("well", "both sides"): 0,
    }
    assert sides.loc["ill", "n"].tolist() == [3, 3, 3]  # the image without a box is not counted
    assert sides.loc["ill", "share"].tolist() == [1 / 3] * 3


def test_a_box_counts_once_for_each_class_of_its_image(boxed: Catalog) -> None:
    boxes = eda.class_boxes(boxed, members_of(["ill|well", "ill", "ill", "ill", "well"]))

    sides = eda.count_sides(boxes).set_index(["class", "side"])["images"]

    assert sides["well", "image left only"] == 1
    assert sides["ill", "image left only"] == 1


def test_a_map_holds_the_share_of_boxes_that_cover_a_place(make_catalog: MakeCatalog) -> None:
    quarter, top = (0, 0, 50, 100), (0, 0, 100, 100)
    catalog = make_catalog([{}, {}], [("a", "opacity", *quarter), ("b", "opacity", *top)])

    [(name, place)] = eda.map_boxes(eda.class_boxes(catalog, members_of(["ill", "ill"]))).items()

    assert name == "ill"
    assert place.shape == (64, 64)
    assert (place[:32, :32] == 1).all()
    assert (place[:32, 32:] == 0.5).all()
    assert (place[32:] == 0).all()


def test_areas_fall_in_steps_of_the_image(make_catalog: MakeCatalog) -> None:
    # 0.01, 0.02 and 0.05 of the image.
    boxes = [("a", "opacity", 0, 0, 10, 20), ("a", "opacity", 0, 0, 10, 40)]
    catalog = make_catalog([{}], [*boxes, ("a", "opacity", 0, 0, 10, 100)])

    areas = eda.box_areas(eda.class_boxes(catalog, members_of(["ill"])))

    assert areas["area"].tolist() == [0.0, 0.02, 0.04]
    assert areas["boxes"].tolist() == [1, 1, 1]


def test_a_box_of_the_whole_image_is_in_the_last_step(make_catalog: MakeCatalog) -> None:
    catalog = make_catalog([{}], [("a", "opacity", 0, 0, 100, 200)])

    areas = eda.box_areas(eda.class_boxes(catalog, members_of(["ill"])))

    assert areas.loc[areas["boxes"] > 0, "area"].tolist() == [0.98]


def test_siims_typical_opacities_lie_on_both_sides(real_data: Path, tmp_path: Path) -> None:
    catalog = open_dataset(real_data / "siim-covid19", tmp_path)
    labels = eda.name_labels(catalog, "siim_study")
    classes = ["atypical", "indeterminate", "negative", "typical"]
    boxes = eda.class_boxes(catalog, eda.list_members(labels, classes))

    both = eda.count_sides(boxes).set_index(["class", "side"])["images"].xs("both sides", level=1)

    assert both.to_dict() == {"atypical": 124, "indeterminate": 340, "typical": 2823}
