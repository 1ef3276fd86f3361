"""Several labels in a cell, and numbers that programs wrote otherwise."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.tables.labels import count_signs, guess_separator, split_cell, unify_numbers


@pytest.mark.parametrize(
    ("cells", "unified", "n_changed"),
    [
        (["12", "12.0", None, "13.0"], ["12", "12", None, "13"], 2),
        (["012", "12.0", "-1.0"], ["012", "12", "-1"], 2),
        (["12.5", "1.0"], ["12.5", "1"], 1),
        (["12.0", "p13"], ["12.0", "p13"], 0),
        (["1.2.0", "3.0"], ["1.2.0", "3.0"], 0),
        ([None], [None], 0),
    ],
)
def test_numbers_are_one_however_they_are_written(
    cells: list[str | None], unified: list[str | None], n_changed: int
) -> None:
    column, n = unify_numbers(pd.Series(cells, dtype="string"))

    assert (column.astype(object).where(column.notna(), None).tolist(), n) == (unified, n_changed)


@pytest.mark.parametrize(
    ("cell", "separator", "labels"),
    [
        ("['pneumonia', 'pleural effusion', '']", "list", ("pneumonia", "pleural effusion")),
        ('["a, b", "c\'s"]', "list", ("a, b", "c's")),
        ("('a',)", "list", ("a",)),
        ("{'a', \"b's\"}", "list", ("a", "b's")),
        ("['it\\'s']", "list", ("it's",)),
        ("['a' 'b']", "list", ("a", "b")),
        ("[1, 0, 1]", "list", ("1", "0")),
        ("[]", "list", ()),
        ("plain, text", "list", ("plain, text",)),
        ("Mass; Nodule;Mass ;", ";", ("Mass", "Nodule")),
        ("\"Mass\"|'Nodule'", "|", ("Mass", "Nodule")),
        ("a/b", "/", ("a", "b")),
        ("a, b", "", ("a, b",)),
        (" , ", ",", ()),
    ],
)
def test_a_cell_is_divided_into_its_labels(
    cell: str, separator: str, labels: tuple[str, ...]
) -> None:
    assert split_cell(cell, separator) == labels


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["['a']", "['a', 'b']", None], "list"),
        (["[{'x': 1}]", "[{'x': 2}, {'x': 3}]"], ""),
        (["a" * 90 + "; " + "b" * 80, "c"], ""),
        (["a|b", "c"], "|"),
        (["a; b, left", "c"], ";"),
        (["No Finding", "Effusion, Mass", "Mass"], ","),
        (["Effusion, Mass", "Effusion, Edema"], ","),
        (["Pneumonia/Viral", "Pneumonia", "No Finding"], "/"),
        (["Normal", "No Lung Opacity / Not Normal", "Lung Opacity"], ""),
        (["Pneumonia/Viral/COVID-19", "No Finding"], ""),
        (["Opacity, left", "Normal, but old", "Clear"], ""),
        (["50,5", "51,5"], ""),
        (["2020/01/31", "2020/02/01"], ""),
        (["x/a.png", "x/b.png"], ""),
        (["a", "b"], ""),
        ([None], ""),
    ],
)
def test_a_separator_is_guessed_by_evidence_alone(cells: list[str | None], separator: str) -> None:
    assert guess_separator(pd.Series(cells, dtype="string")) == separator


def test_signs_that_may_be_separators_are_counted() -> None:
    cells = pd.Series(["a/b", "a/c, d", None, "e"], dtype="string")

    assert count_signs(cells) == {",": 1, "/": 2}


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.text("ab1 ,;|/[]{}()'\"\\\\:.", max_size=12), max_size=5))
def test_whatever_cells_hold_their_labels_are_plain(cells: list[str]) -> None:
    column = pd.Series(cells, dtype="string")

    separator = guess_separator(column)
    unify_numbers(column)

    for cell in cells:
        labels = split_cell(cell, separator)
        assert len(set(labels)) == len(labels)
        assert all(label == label.strip() != "" for label in labels)
