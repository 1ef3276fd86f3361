import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.tables.cells import parse_age, parse_view_position


@pytest.mark.parametrize(
    ("cell", "view_position"),
    [("PA", "PA"), ("ap supine", "AP"), ("L", "LATERAL"), ("LL", "LATERAL"), ("Axial", None)],
)
def test_views_are_understood_in_several_spellings(cell: str, view_position: str | None) -> None:
    assert parse_view_position(cell) == view_position


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("57", 57), ("57.0", 57), ("060Y", 60), ("060y", 60), (" 060Y ", 60), ("0", 0),
        ("018M", 1.5), ("052W", 52 * 7 / 365.25), ("001D", 1 / 365.25), ("120", 120),
        ("121", None), ("411Y", None), ("1441M", None), ("", None), ("Y", None), ("-1", None),
        ("old", None), ("6OY", None), ("060YY", None), ("nan", None), ("٥٧", None), ("1e1", None),
    ],
)  # fmt: skip
def test_an_age_is_in_years_and_an_impossible_one_is_none(text: str, years: float | None) -> None:
    assert parse_age(text) == (None if years is None else pytest.approx(years))


@settings(deadline=None, derandomize=True)
@given(st.text() | st.from_regex(r"\d+[YMWD]?", fullmatch=True))
def test_whatever_a_cell_of_ages_holds_it_is_an_age_or_none(text: str) -> None:
    years = parse_age(text)
    assert years is None or 0 <= years <= 120
