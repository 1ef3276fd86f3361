"""Tables of patients: ages, cross tables, images of one patient."""

import pandas as pd

from tests.eda.conftest import MakeCatalog
from xray_core import eda


def members_of(labels: list[str]) -> pd.Series:
    return eda.list_members(pd.Series(labels, dtype="string"), ["ill", "well"])


def test_ages_fall_in_steps_of_five_years_by_class(make_catalog: MakeCatalog) -> None:
    catalog = make_catalog([{"age": 4.9}, {"age": 5}, {"age": 9}, {}, {"age": 12}])

    ages = eda.age_histogram(catalog, members_of(["ill", "ill", "ill", "ill", "well"]))

    assert ages.to_dict("list") == {
        "class": ["ill"] * 3 + ["well"] * 3,
        "age": [0, 5, 10] * 2,
        "images": [1, 2, 0, 0, 0, 1],
        "share": [1 / 3, 2 / 3, 0, 0, 0, 1],
    }


def test_without_ages_there_is_no_histogram(make_catalog: MakeCatalog) -> None:
    assert eda.age_histogram(make_catalog([{}, {}]), members_of(["ill", "well"])).empty


def test_a_cross_table_counts_what_is_not_given_last(make_catalog: MakeCatalog) -> None:
    catalog = make_catalog([{"gender": "M"}, {"gender": "F"}, {}, {"gender": "F"}])

    table = eda.cross_classes(catalog, members_of(["ill", "ill|well", "well", "well"]), "gender")

    assert list(table.index) == ["F", "M", "not given"]
    assert table.to_numpy().tolist() == [[1, 2], [1, 0], [0, 1]]


def test_a_column_without_values_gives_an_empty_cross_table(make_catalog: MakeCatalog) -> None:
    assert eda.cross_classes(make_catalog([{}]), members_of(["ill"]), "site").empty


def test_patients_are_counted_by_images_studies_and_follow_ups(
    make_catalog: MakeCatalog,
) -> None:
    catalog = make_catalog(
        [
            {"patient_id": "p", "study_id": "1", "follow_up": 0},
            {"patient_id": "p", "study_id": "1", "follow_up": 3},
            {"patient_id": "q", "study_id": "2", "follow_up": 0},
            {"study_id": "3"},
        ]
    )

    counts = eda.count_per_patient(catalog)

    assert list(counts.itertuples(index=False, name=None)) == [
        ("images", 1, 1),
        ("images", 2, 1),
        ("studies", 1, 2),
        ("follow-ups", 0, 1),
        ("follow-ups", 3, 1),
    ]


def test_without_patients_nothing_is_counted(make_catalog: MakeCatalog) -> None:
    assert eda.count_per_patient(make_catalog([{}, {}])).empty
