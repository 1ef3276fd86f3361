"""Filters on columns: their short text, and which images pass."""

from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.eda.conftest import MakeCatalog
from xray_core.catalog import COLUMNS, OF_FINDING, Catalog
from xray_core.errors import XrayError
from xray_core.selection import (
    AGE_GROUP,
    BOXES,
    CLASS,
    FINDING_MASK,
    KNOWN,
    RANGE,
    TEXT,
    VALUES,
    Filter,
    FilterError,
    describe_filter,
    find_passing,
    format_filters,
    kinds_of,
    name_state_column,
    parse_filters,
)
from xray_core.selection.passing import Mask

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
    columns = st.sampled_from([*COLUMNS, CLASS, BOXES, AGE_GROUP, FINDING_MASK])
    column = draw(columns | st.text(min_size=1).map(name_state_column))
    kind = draw(st.sampled_from(kinds_of(column)))
    return Filter(column, kind, **draw(FIELDS[kind]))


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """Texts with the characters of real filters in wrong places."""
    pieces = st.sampled_from(
        [
            *COLUMNS,
            CLASS,
            BOXES,
            "finding[",
            "Mass",
            *"=:~?;,]\\",
            "..",
            "yes",
            "1e999",
            "nan",
            "-3",
            "é",
            "\n",
        ]
    )
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
        ],
        [("b", "Mass", 1, 2, 3, 4), ("e", "Mass", 1, 2, 3, 4)],
        [{"image_id": "a", "kind": OF_FINDING, "runs": "1 2"}],
        {"Mass": [1, 1, None, 0, 1], "A;[1],\\": [0, None, None, 1, 1]},
    )


def find(catalog: Catalog, text: str) -> str:
    findings = catalog.images["findings"]

    def has_class(name: str) -> Mask:
        return (findings.isna() if not name else findings.eq(name)).fillna(False).to_numpy(bool)

    passing = find_passing(catalog, parse_filters(text), has_class)
    return "".join(catalog.images.loc[passing, "image_id"])


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
        ("class=Edema|Mass,", "ac"),  # of the class, or unlabelled
        ("class=Mass", ""),  # not of the class whose name holds it
        ("boxes?yes", "b"),
        ("boxes?no;class=No Finding", "d"),
        ("age_group=0-17,40-59", "abd"),
        ("finding_mask?yes", "a"),
        ("finding_mask?no", "bcd"),
        ("finding[Mass]=present", "ab"),
        ("finding[Mass]=absent", "d"),
        ("finding[Mass]=", "c"),  # unknown
        ("finding[Mass]=present,;finding[A\\;[1\\],\\\\]=absent,", "abc"),
        ("age_group=", "c"),
    ],
)
def test_only_images_that_pass_every_filter_are_kept(
    catalog: Catalog, text: str, expected: str
) -> None:
    assert find(catalog, text) == expected


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
        ("boxes=yes", "Choose one of: known"),
        ("class~typical", "Choose one of: values"),
        ("finding[Mass]~present", "Choose one of: values"),
        ("finding[]=present", "no filter"),
        ("age[Mass]=present", r"no column 'age\[Mass\]'"),
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
    ("text", "words"),
    [
        ("class=typical,atypical,", "Class: typical or atypical or unlabelled"),
        ("boxes?no", "without boxes"),
        ("age_group=18-39,", "Age group: 18–39 or unknown"),
        ("gender=F", "Sex: female"),
        ("age:20..60", "Age (years) from 20 to 60"),
        ("width:1000..", "Width (px) at least 1,000"),
        ("mask_path?yes", "Lung mask is known"),
        ("finding_mask?yes", "with a mask of a finding"),
        ("finding_mask?no", "without a mask of a finding"),
        ("finding[Mass]=present,", "Mass: present or unknown"),
        ("site=a,b,c,d,e", "Site: a or b or c or 2 more"),
        ("findings~mass", "Findings contains “mass”"),
        ("findings=Pleural_Thickening", "Findings: Pleural Thickening"),
        ("image_findings=none", "Image label: none"),
    ],
)
def test_a_filter_is_told_in_words(text: str, words: str) -> None:
    assert [describe_filter(one) for one in parse_filters(text)] == [words]


def test_a_finding_that_the_dataset_does_not_know_is_named(catalog: Catalog) -> None:
    with pytest.raises(FilterError, match="'Nodule' is present or absent.*Mass"):
        find(catalog, "finding[Nodule]=present")
