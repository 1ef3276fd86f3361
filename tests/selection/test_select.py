"""The catalog that a recipe's selection leaves, and what is refused."""

import pandas as pd
import pytest

from tests.eda.conftest import MakeCatalog
from xray_core.catalog import Catalog
from xray_core.selection import FilterError, group_ages, select_catalog

TYPICAL, NEGATIVE = "Typical Appearance", "Negative for Pneumonia"


@pytest.fixture
def catalog(make_catalog: MakeCatalog) -> Catalog:
    return make_catalog(
        [
            {"findings": TYPICAL, "image_findings": "opacity", "age": 10},  # a
            {"findings": NEGATIVE, "image_findings": "none", "age": 50},  # b
            {"findings": TYPICAL, "image_findings": "opacity", "age": 70},  # c
            {"findings": NEGATIVE, "image_findings": "none", "age": 70, "path": pd.NA},  # d
            {"age": 50},  # e: unlabelled
        ],
        [("a", "opacity", 1, 2, 3, 4), ("c", "opacity", 1, 2, 3, 4)],
    )


def ids(catalog: Catalog) -> str:
    return "".join(catalog.images["image_id"])


def test_no_selection_leaves_the_catalog_as_it_is(catalog: Catalog) -> None:
    assert select_catalog(catalog, "", "siim_study") is catalog


def test_what_is_left_is_a_catalog_of_its_own(catalog: Catalog) -> None:
    some = select_catalog(catalog, "age:..60", "siim_study")

    assert ids(some) == "abe"
    assert some.images.index.tolist() == [0, 1, 2]
    assert some.boxes["image_id"].tolist() == ["a"]
    assert some.digest != catalog.digest
    assert ids(catalog) == "abcde"


def test_classes_and_boxes_select_too(catalog: Catalog) -> None:
    assert ids(select_catalog(catalog, "class=typical,negative", "siim_study")) == "abc"
    assert ids(select_catalog(catalog, "class=typical,negative,", "siim_study")) == "abce"


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ("class=typical", r"\(Class: typical\) leaves 2 of 4 images, none of them of negative"),
        ("boxes?yes", r"\(with boxes\) leaves 2 of 4 images, none of them of negative"),
        ("age:90..", "leaves 0 of 4 images, none of them of negative, typical"),
        ("class=nonsense", "no class 'nonsense' in this task. Choose one of: atypical, indet"),
        ("nonsense", "is no filter"),
    ],
)
def test_a_selection_that_cannot_be_trained_on_is_refused(
    catalog: Catalog, selection: str, words: str
) -> None:
    with pytest.raises(FilterError, match=words):
        select_catalog(catalog, selection, "siim_study")


def test_ages_fall_into_groups_of_whole_years() -> None:
    ages = pd.Series([0, 17.9, 18, 39.5, 40, 79, 80, 101, pd.NA], dtype="Float64")

    groups = group_ages(ages)

    assert groups[:8].tolist() == [
        *("0-17", "0-17", "18-39", "18-39", "40-59", "60-79", "80+", "80+"),
    ]
    assert groups.isna().tolist() == [False] * 8 + [True]
