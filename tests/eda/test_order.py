"""The order of images: by what is known, ties as they were, the unknown last."""

import pandas as pd
import pytest

from tests.eda.conftest import MakeCatalog
from xray_core.catalog import Catalog
from xray_core.eda.order import SORTS, list_sorts, sort_images

BOXES = (("b", "x", 0, 0, 10, 10), ("d", "x", 0, 0, 5, 5), ("d", "x", 0, 0, 6, 5))


@pytest.fixture
def catalog(make_catalog: MakeCatalog) -> Catalog:
    return make_catalog(
        [
            {"age": 30, "patient_id": "10", "width": 100},  # a
            {"age": pd.NA, "patient_id": "9", "width": 50},  # b
            {"age": 20, "patient_id": pd.NA, "width": pd.NA},  # c
            {"age": 30, "patient_id": "9", "width": 200},  # d
        ],
        BOXES,
    )


def order(catalog: Catalog, by: str, reverse: bool) -> str:
    return "".join(sort_images(catalog, catalog.present, by, reverse)["image_id"])


@pytest.mark.parametrize(
    ("by", "upwards", "downwards"),
    [
        ("image id", "abcd", "dcba"),
        ("age", "cadb", "adcb"),
        ("patient", "bdac", "abdc"),  # 9 before 10
        ("size in pixels", "badc", "dabc"),
        ("number of boxes", "acbd", "dbac"),
        ("area of boxes", "dbac", "bdac"),
    ],
)
def test_equal_ones_keep_their_order_and_unknown_ones_are_last(
    catalog: Catalog, by: str, upwards: str, downwards: str
) -> None:
    assert order(catalog, by, False) == upwards
    assert order(catalog, by, True) == downwards


def test_patients_that_are_words_sort_as_words(make_catalog: MakeCatalog) -> None:
    catalog = make_catalog([{"patient_id": "p2"}, {"patient_id": "10"}, {"patient_id": "p1"}])

    assert order(catalog, "patient", False) == "bca"


def test_some_images_only_are_sorted(catalog: Catalog) -> None:
    some = catalog.images.iloc[[1, 3]]

    assert sort_images(catalog, some, "size in pixels", True)["image_id"].tolist() == ["d", "b"]


def test_only_what_the_dataset_tells_is_offered(
    catalog: Catalog, make_catalog: MakeCatalog
) -> None:
    offered = list_sorts(catalog)

    assert "follow-up" not in offered
    assert set(offered) == set(SORTS) - {"follow-up", "file size"}
    assert "number of boxes" not in list_sorts(make_catalog([{}]))
