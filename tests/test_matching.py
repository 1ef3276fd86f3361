"""Classes of two tasks are taken for the same by name, synonym or hand, never by their order."""

from pathlib import Path

import pandas as pd
import pytest

from tests.datasets.fakes import fake_kermany, fake_siim_covid19, write_image
from xray_core.datasets import open_dataset
from xray_core.errors import LabelError
from xray_core.tasks import TASKS
from xray_core.tasks.matching import (
    BY_HAND,
    combine_given,
    count_given,
    encode_match,
    find_match,
    match_classes,
    parse_mapping,
)

OPACITY, PNEUMONIA = ("normal", "opacity"), ("normal", "pneumonia")


def classes_of(task: str) -> list[str]:
    return list(TASKS[task].classes)


@pytest.mark.parametrize(
    ("given", "wanted", "classes"),
    [
        ("siim_opacity", "radiography_opacity", {"no opacity": "normal", "opacity": "opacity"}),
        ("radiography_opacity", "siim_opacity", {"normal": "no opacity", "opacity": "opacity"}),
        ("corona_pneumonia", "kermany_pneumonia", {"normal": "normal", "pneumonia": "pneumonia"}),
        ("rsna_opacity3", "siim_opacity", {"normal": "no opacity", "opacity": "opacity"}),
        (
            "chexpert_pneumonia",
            "kermany_pneumonia",
            {"no pneumonia": "normal", "pneumonia": "pneumonia"},
        ),
        ("radiography_class", "covidx_covid", {"COVID-19": "COVID-19", "normal": "negative"}),
        # What is negative for COVID-19 may be a pneumonia, and is not normal.
        ("covidx_covid", "radiography_class", {"COVID-19": "COVID-19"}),
        # An opacity is no pneumonia, and the second class of two is not the positive.
        ("siim_opacity", "kermany_pneumonia", {}),
        ("radiography_covid", "siim_typical", {}),
        # What is neither is, in the first, also whatever is normal.
        ("radiography_covid", "covid_qu_ex", {"COVID-19": "COVID-19"}),
        ("radiography_covid", "union_covid", {"COVID-19": "COVID-19", "other": "other"}),
        ("radiography_covid", "covidx_covid", {"COVID-19": "COVID-19", "other": "negative"}),
    ],
)
def test_classes_match_by_what_they_are_called(
    given: str, wanted: str, classes: dict[str, str]
) -> None:
    match = match_classes(given, classes_of(given), classes_of(wanted))

    assert match.classes == classes
    assert set(match.reasons) == set(classes)
    assert match.fits == (len(classes) == 2)
    assert set(match.left_out) == set(classes_of(given)) - set(classes)


def test_a_person_may_say_more_than_the_names_do_and_take_a_class_out() -> None:
    given = ["Negative", "Pneumonia", "Blurred"]

    match = match_classes("a", given, OPACITY, {"pneumonia": "Opacity", "negative": "normal"})
    without = match_classes("a", given, ("negative", "pneumonia"), {"Negative": ""})

    assert match.classes == {"Negative": "normal", "Pneumonia": "opacity"}
    assert set(match.reasons.values()) == {BY_HAND}
    assert match.left_out == ("Blurred",)
    assert without.classes == {"Pneumonia": "pneumonia"}
    assert not without.fits
    assert without.absent == ("negative",)


@pytest.mark.parametrize(
    ("by_hand", "message"),
    [({"Nomal": "normal"}, "no class 'Nomal'"), ({"Negative": "nomal"}, "no class 'nomal'")],
)
def test_a_class_that_is_not_there_is_named(by_hand: dict[str, str], message: str) -> None:
    with pytest.raises(LabelError, match=message):
        match_classes("a", ["Negative"], OPACITY, by_hand)


def test_a_mapping_is_read_as_it_is_typed() -> None:
    pairs = ["Normal = no opacity", "Odd="]

    assert parse_mapping(pairs) == {"Normal": "no opacity", "Odd": ""}
    with pytest.raises(LabelError, match="'Normal' maps no class"):
        parse_mapping(["Normal"])


def test_the_task_of_a_dataset_that_answers_most_is_chosen(tmp_path: Path) -> None:
    fake_siim_covid19(tmp_path / "siim")
    catalog = open_dataset(tmp_path / "siim", tmp_path / "cache")

    match = find_match(catalog, OPACITY)
    targets = encode_match(catalog, match)

    assert match.task == "siim_opacity"
    assert list(targets.columns) == list(OPACITY)
    assert (targets.sum(axis=1) == 1).all()
    labels = catalog.images["findings"]
    negative = labels[targets.index[targets["normal"] == 1]]
    assert set(negative) == {"Negative for Pneumonia"}
    assert sum(count_given(catalog, match.task).values()) == len(catalog.present)


def test_classes_of_a_folder_are_read_from_it(tmp_path: Path) -> None:
    for seed, name in enumerate(["NORMAL/a.png", "Opacity/b.png", "blurred/c.png"]):
        write_image(tmp_path / "data" / name, seed=seed)
    catalog = open_dataset(tmp_path / "data", tmp_path / "cache")

    match = find_match(catalog, OPACITY)

    assert match.classes == {"NORMAL": "normal", "Opacity": "opacity"}
    assert len(encode_match(catalog, match)) == 2
    mapped = find_match(catalog, PNEUMONIA, by_hand={"opacity": "pneumonia"})
    assert mapped.classes == {"NORMAL": "normal", "Opacity": "pneumonia"}


def test_a_dataset_that_asks_something_else_is_refused_with_its_classes(tmp_path: Path) -> None:
    fake_kermany(tmp_path / "kermany")
    catalog = open_dataset(tmp_path / "kermany", tmp_path / "cache")

    with pytest.raises(LabelError, match=r"no opacity, opacity.*kermany_pneumonia: normal, pne"):
        find_match(catalog, ("no opacity", "opacity"))
    with pytest.raises(LabelError, match="kermany_pneumonia, kermany_cause"):
        find_match(catalog, PNEUMONIA, "siim_opacity")


def test_findings_match_by_name_alone_and_what_nobody_says_stays_unknown() -> None:
    names = ("No Finding", "Mass", "Pleural Effusion")

    match = match_classes("a", names, ("mass", "effusion", "no mass"), multilabel=True)
    few = match_classes("a", ["Mass"], ("mass", "effusion"), multilabel=True)

    assert match.classes == {"Mass": "mass", "Pleural Effusion": "effusion"}
    assert few.fits
    assert few.absent == ("effusion",)
    targets = pd.DataFrame({"Mass": [1, 0, None], "Nodule": [0, 0, 1]}, dtype="Int8")
    both = match_classes(
        "a", list(targets), ("mass", "hernia"), {"Nodule": "mass"}, multilabel=True
    )
    combined = combine_given(targets, both)
    assert combined["mass"].tolist() == [1, 0, 1]
    assert combined["hernia"].isna().all()
