"""What cells mean: subsets, view positions, sexes, numbers and ages, in many spellings."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.tables.cells import (
    parse_age,
    parse_gender,
    parse_genders,
    parse_number,
    parse_px,
    parse_subset,
    parse_view_position,
)


@pytest.mark.parametrize(
    ("subset", "names"),
    [
        ("training", "train/training/trn/TRAIN/Train Set/train_images/stage_2_train_images/"
         "train2017/TrainData/train-val/trainval/train_val_list/trainset/new training images/"
         "ChestXRayTrain/entrenamiento"),
        ("validation", "val/valid/Validation/validate/val1/val_2/dev/valset/validation data/"
         "validaci\u00f3n"),
        ("test", "test/testing/tst/Test Set/test_images/TestImages/testset/holdout/hold-out/"
         "test2/external test set/chest x-ray test"),
        (None, "/tested/PCR test positive/test positive/patient_test_case/contest/valve/trained/"
         "latest/attest/eval/train_test/val_test/set/images/0/1/normal/train_masks/test tube"),
    ],
)  # fmt: skip
def test_subsets_are_whole_words_beside_neutral_ones(subset: str | None, names: str) -> None:
    assert {name: parse_subset(name) for name in names.split("/")} == dict.fromkeys(
        names.split("/"), subset
    )


@pytest.mark.parametrize(
    ("view_position", "cells"),
    [
        ("PA", "PA/pa/P-A/p.a./POSTEROANTERIOR/Postero-anterior/CHEST PA/pa erect"),
        ("AP", "AP/ap supine/AP_horizontal/A-P/antero posterior/AP Portable"),
        ("LATERAL", "L/LL/lateral/Lat/LLAT/Left lateral/seitlich"),
        (None, "Axial/Frontal/PA and lateral/AP or PA/COSTAL/left lateral decubitus/EXCLUDE/R"),
    ],
)  # fmt: skip
def test_view_positions_are_understood_in_several_spellings(
    view_position: str | None, cells: str
) -> None:
    assert {cell: parse_view_position(cell) for cell in cells.split("/")} == dict.fromkeys(
        cells.split("/"), view_position
    )


@pytest.mark.parametrize(
    ("gender", "cells"),
    [
        ("F", ["F", "female", "Mujer", "weiblich", "FEMENINO"]),
        ("M", ["m", "Male ", "hombre", "m\u00e4nnlich", "ma\u0308nnlich", "Var\u00f3n"]),
        (None, ["0", "1", "O", "H", "W", "", "unknown", "2.0"]),
    ],
)
def test_a_sex_is_a_word_of_one_and_no_number(gender: str | None, cells: list[str]) -> None:
    assert {cell: parse_gender(cell) for cell in cells} == dict.fromkeys(cells, gender)


@pytest.mark.parametrize(
    ("cells", "genders"),
    [
        (["H", "M", None], ["M", "F", None]),
        (["w", "m"], ["F", "M"]),
        (["M", "M"], ["M", "M"]),
        (["M", "F", "H"], ["M", "F", None]),
        (["Hombre", "M"], ["M", "M"]),
        (["0", "1"], [None, None]),
    ],
)
def test_a_column_decides_what_its_letters_mean(
    cells: list[str | None], genders: list[str | None]
) -> None:
    parsed = parse_genders(pd.Series(cells, dtype="string"))

    assert parsed.astype(object).where(parsed.notna(), None).tolist() == genders


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12", 12), (" -1.5 ", -1.5), ("\u22121", -1), ("1e3", 1000), (".5", 0.5), ("50,5", 50.5),
        ("0,123", 0.123), ("1234,567", 1234.567), ("1.234,5", 1234.5), ("1,234.5", 1234.5),
        ("1,234,567", 1_234_567), ("1,234", None), ("", None), ("nan", None), ("1_000", None),
        ("1e999", None), ("5%", None), ("1,2,3", None), ("0x1", None), ("\u0661", None),
    ],
)  # fmt: skip
def test_a_number_may_have_a_decimal_comma_but_is_never_guessed(
    cell: str, number: float | None
) -> None:
    assert parse_number(cell) == number
    assert parse_px(cell) == number or abs(number or 0) > 1_000_000
    assert parse_number("1,234", decimal_comma=True) == 1.234


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("57", 57), ("57.0", 57), ("060Y", 60), ("060y", 60), (" 060Y ", 60), ("0", 0),
        ("018M", 1.5), ("052W", 52 * 7 / 365.25), ("001D", 1 / 365.25), ("120", 120),
        ("121", None), ("411Y", None), ("1441M", None), ("", None), ("Y", None), ("-1", None),
        ("50,5", 50.5), ("50 years", 50), ("50 y", 50), ("6 months", 0.5), ("6 Monate", 0.5),
        ("7 yrs old", 7), ("5 años", 5), ("30yo", 30), ("> 89", None),
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
