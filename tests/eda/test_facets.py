"""Facets: which there are, and how many images each value has beside the other filters."""

import pandas as pd
import pytest

from tests.eda.conftest import MakeCatalog
from xray_core.catalog import LUNGS, OF_FINDING, Catalog
from xray_core.eda import Facet, count_facets, list_facets, list_members
from xray_core.eda.facets import MAX_STATES
from xray_core.selection import parse_filters

LABELS = pd.Series(["x", "y", "x|y", pd.NA, "x"], dtype="string")


@pytest.fixture
def catalog(make_catalog: MakeCatalog) -> Catalog:
    return make_catalog(
        [
            {"gender": "M", "age": 3, "site": "Rome"},  # a: x
            {"gender": "F", "age": 50, "site": "Rome"},  # b: y
            {"age": 20, "site": "Rome"},  # c: x and y
            {"gender": "F", "site": "Rome"},  # d: unlabelled
            {"gender": "F", "view_position": "AP", "site": "Rome", "path": pd.NA},  # e: absent
        ],
        [("b", "Mass", 1, 2, 3, 4)],
    )


@pytest.fixture
def facets(catalog: Catalog) -> list[Facet]:
    return list_facets(catalog, list_members(LABELS, ["x", "y"]))


def test_only_what_tells_present_images_apart_is_a_facet(facets: list[Facet]) -> None:
    values = {facet.column: list(facet.masks) for facet in facets}

    assert values == {
        "class": ["x", "y", ""],
        "boxes": ["yes", "no"],
        "gender": ["F", "M", ""],
        "age_group": ["0-17", "18-39", "40-59", ""],
    }


@pytest.mark.parametrize(
    ("where", "column", "counts"),
    [
        ("", "class", {"x": 2, "y": 2, "": 1}),  # of several classes counts in each
        ("", "gender", {"F": 2, "M": 1, "": 1}),
        ("gender=F", "gender", {"F": 2, "M": 1, "": 1}),  # what the others would show
        ("gender=F", "class", {"x": 0, "y": 1, "": 1}),
        ("class=x;age:..10", "gender", {"F": 0, "M": 1, "": 0}),
        ("class=nobody", "boxes", {"yes": 0, "no": 0}),
    ],
)
def test_a_count_says_what_a_value_would_show(
    catalog: Catalog, facets: list[Facet], where: str, column: str, counts: dict[str, int]
) -> None:
    counted = count_facets(catalog, facets, parse_filters(where))

    assert dict(zip([facet.column for facet in facets], counted, strict=True))[column] == counts


def test_a_column_that_says_what_the_class_says_is_left_out(make_catalog: MakeCatalog) -> None:
    rows = [{"findings": finding} for finding in ("Mass", "Edema", "Mass", "Hernia")]
    catalog = make_catalog(rows)

    same = list_members(pd.Series(["b", "a", "b", "c"], dtype="string"), ["a", "b", "c"])
    coarser = list_members(pd.Series(["b", "b", "b", "c"], dtype="string"), ["b", "c"])

    assert [facet.column for facet in list_facets(catalog, same)] == ["class"]
    assert [facet.column for facet in list_facets(catalog, coarser)] == ["class", "findings"]


def test_a_column_of_many_values_is_no_facet(make_catalog: MakeCatalog) -> None:
    catalog = make_catalog([{"site": f"site {n}"} for n in range(9)])
    members = list_members(pd.Series(["x"] * 9, dtype="string"), ["x"])

    assert [facet.column for facet in list_facets(catalog, members)] == ["class"]


def test_masks_of_lungs_and_of_findings_are_told_apart(make_catalog: MakeCatalog) -> None:
    masks = [
        {"image_id": "a", "kind": LUNGS, "path": "m/a.png"},
        {"image_id": "b", "kind": OF_FINDING, "finding": "Mass", "runs": "1 2"},
        {"image_id": "c", "kind": OF_FINDING, "finding": "Mass", "path": "m/c.png"},
        {"image_id": "c", "kind": LUNGS, "path": "l/c.png"},
    ]
    catalog = make_catalog([{} for _ in "abcd"], masks=masks)
    members = list_members(pd.Series(["x"] * 4, dtype="string"), ["x"])

    facets = list_facets(catalog, members)

    assert {facet.column: facet.masks["yes"].tolist() for facet in facets[1:]} == {
        "mask_path": [True, False, True, False],
        "finding_mask": [False, True, True, False],
    }
    [_, _, counted] = count_facets(catalog, facets, parse_filters("mask_path?yes"))
    assert counted == {"yes": 1, "no": 1}


def test_each_finding_is_present_absent_or_unknown(make_catalog: MakeCatalog) -> None:
    states = {
        "Mass [left]": [1, 0, None, 1],
        "Edema": [None, None, None, 0],
        "Hernia": [1, 1, 1, 1],  # tells nothing apart
        **{f"rare {n}": [0, 0, 0, None] for n in range(9)},
    }
    catalog = make_catalog([{} for _ in "abcd"], states=states)
    members = list_members(pd.Series(["x"] * 4, dtype="string"), ["x"])

    facets = list_facets(catalog, members)

    names = [facet.column for facet in facets[1:]]
    assert names[0] == "finding[Mass [left]]"
    assert "finding[Hernia]" not in names
    assert len(names) == MAX_STATES - 1
    assert {value: mask.tolist() for value, mask in facets[1].masks.items()} == {
        "present": [True, False, False, True],
        "absent": [False, True, False, False],
        "": [False, False, True, False],
    }
