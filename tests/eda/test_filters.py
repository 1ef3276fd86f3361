"""Filters on columns: their short text, and which images pass."""

from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.eda.conftest import MakeCatalog
from xray_core.catalog import COLUMNS, Catalog
from xray_core.datasets import open_dataset
from xray_core.eda.filters import (
    KNOWN,
    RANGE,
    TEXT,
    VALUES,
    Filter,
    FilterError,
    filter_images,
    format_filters,
    kinds_of,
    parse_filters,
)
from xray_core.eda.labels import name_labels
from xray_core.errors import XrayError

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
FIELDS = {
    VALUES: st.fixed_dictionaries({"values": st.lists(st.text(), min_size=1).map(tuple)}),
    TEXT: st.fixed_dictionaries({"text": st.text(min_size=1)}),
    KNOWN: st.fixed_dictionaries({"text": st.sampled_from(["yes", "no"])}),
    RANGE: st.tuples(NUMBERS, NUMBERS)
    .map(sorted)
    .flatmap(
        lambda ends: st.sampled_from(
            [{"low": ends[0], "high": ends[1]}, {"low": ends[0]}, {"high": ends[1]}]
        )
    ),
}


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    column = draw(st.sampled_from(list(COLUMNS)))
    kind = draw(st.sampled_from(kinds_of(column)))
    return Filter(column, kind, **draw(FIELDS[kind]))


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """Texts with the characters of real filters in wrong places."""
    pieces = st.sampled_from([*COLUMNS, *"=:~?;,\\", "..", "yes", "1e999", "nan", "-3", "é", "\n"])
    return "".join(draw(st.lists(pieces, max_size=12)))


@pytest.fixture
def catalog(make_catalog: MakeCatalog) -> Catalog:
    return make_catalog(
        [
            {"age": 10, "gender": "F", "findings": "Edema|Mass", "width": 100},  # a
            {"age": 50, "gender": "M", "findings": "Mass (left)", "width": 300},  # b
            {"age": pd.NA, "gender": pd.NA, "findings": pd.NA, "width": pd.NA},  # c
            {"age": 50.5, "gender": "F", "findings": "No Finding", "mask_path": "m.png"},  # d
            {"age": 50, "gender": "F", "path": pd.NA},  # e: its file is absent
        ]
    )


def find(catalog: Catalog, text: str) -> str:
    labels = catalog.images["findings"]
    return "".join(filter_images(catalog, labels, filters=parse_filters(text))["image_id"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "abcd"),
        ("gender=F", "ad"),
        ("gender=F,M", "abd"),
        ("gender=", "c"),  # unknown
        ("gender=M,", "bc"),
        ("age:50..50", "b"),
        ("age:50..", "bd"),
        ("age:..50", "ab"),
        ("findings~MASS", "ab"),
        ("findings~mass (", "b"),  # no pattern, a text
        ("findings~.", ""),
        ("findings?no", "c"),
        ("findings?yes", "abd"),
        ("mask_path?yes", "d"),
        ("width:101..", "b"),
        ("gender=F;findings~mass", "a"),
        ("age:..60;age:20..", "bd"),
    ],
)
def test_only_images_that_pass_every_filter_are_kept(
    catalog: Catalog, text: str, expected: str
) -> None:
    assert find(catalog, text) == expected


def test_filters_add_to_the_others(catalog: Catalog) -> None:
    labels = pd.Series(["x", "y", pd.NA, "x", "x"], dtype="string")

    found = filter_images(catalog, labels, wanted="x", filters=parse_filters("age:20.."))

    assert found["image_id"].tolist() == ["d"]
    assert found["label"].tolist() == ["x"]


@given(st.lists(filters(), max_size=3))
@settings(deadline=None)
def test_the_short_text_says_all(chosen: list[Filter]) -> None:
    text = format_filters(chosen)

    if len(text) < 4000:
        assert parse_filters(text) == tuple(chosen)


@given(st.one_of(st.text(), near_misses()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_text_raises_anything_but_our_own_error(catalog: Catalog, text: str) -> None:
    with suppress(XrayError):
        find(catalog, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("foo=1", "no column 'foo'"),
        ("foo:bar", "no column 'foo'"),
        ("age=3", "Choose one of: range, known"),
        ("gender:1..2", "Choose one of: values, text, known"),
        ("age:a..b", "Write it as 20..60"),
        ("age:5", "Write it as 20..60"),
        ("age:..", "both ends"),
        ("age:60..20", "swap them"),
        ("age:nan..1", "plain numbers"),
        ("age:1e999..", "plain numbers"),
        ("findings~", "at least one letter"),
        ("mask_path?maybe", "write yes or no"),
        ("nonsense", "no filter"),
        (";", "no filter"),
        ("age:1..;" * 30, "at most 20"),
        ("findings~" + "x" * 5000, "at most 4,000"),
    ],
)
def test_a_broken_text_is_named_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        parse_filters(text)


def test_a_filter_without_values_is_refused() -> None:
    with pytest.raises(FilterError, match="at least one"):
        Filter("gender", VALUES)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["000a312787f2", "000c3a3f293f", "0012ff7358bc", "001bd15d1891"]),
        ({"wanted": "indeterminate"}, ["0012ff7358bc", "001bd15d1891"]),
        ({"wanted": "atypical"}, []),  # its file is absent
        ({"boxes": "with"}, ["000a312787f2", "0012ff7358bc"]),
        ({"boxes": "without"}, ["000c3a3f293f", "001bd15d1891"]),
        ({"wanted": "indeterminate", "boxes": "with"}, ["0012ff7358bc"]),
    ],
)
def test_filters_keep_what_passes_all_of_them(
    siim: Catalog, filters: dict[str, str], expected: list[str]
) -> None:
    labels = name_labels(siim, "siim_study")

    assert filter_images(siim, labels, **filters)["image_id"].tolist() == expected


def test_filter_by_published_subset(kermany_folder: Path, tmp_path: Path) -> None:
    kermany = open_dataset(kermany_folder, tmp_path / "cache")
    labels = name_labels(kermany, "kermany_pneumonia")

    [image] = filter_images(kermany, labels, subset="test").itertuples()

    assert image.label == "pneumonia"


def test_a_class_whose_name_is_subset_of_anothers_is_not_mistaken_for_it(siim: Catalog) -> None:
    labels = pd.Series(["no opacity", "opacity", "opacity|no opacity", "", pd.NA], dtype="string")

    found = filter_images(siim, labels, wanted="opacity")

    assert found["label"].tolist() == ["opacity", "opacity|no opacity"]
