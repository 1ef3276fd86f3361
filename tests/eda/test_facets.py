"""Facets: which there are, and how many images each value has beside the other filters."""

import pandas as pd
import pytest

from tests.eda.conftest import MakeCatalog
from xray_core.catalog import Catalog
from xray_core.eda import Facet, count_facets, list_facets, list_members
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
