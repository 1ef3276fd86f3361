"""Shares, imbalance, and labels of studies beside those of images: counted by hand."""

from pathlib import Path

import pandas as pd

from tests.eda.conftest import MakeCatalog
from xray_core import eda
from xray_core.catalog import Catalog
from xray_core.datasets.siim_covid19 import read_siim_covid19


def test_a_share_is_of_the_labelled_images(siim: Catalog) -> None:
    siim.images.loc[siim.images["findings"] == "Typical Appearance", "findings"] = pd.NA

    counts = eda.count_labels(siim, "siim_study").set_index("class")

    assert counts["share"].to_dict() == {
        "atypical": 0.25,
        "indeterminate": 0.5,
        "negative": 0.25,
        "typical": 0,
    }


def test_imbalance_compares_the_largest_class_with_the_smallest_that_has_an_image() -> None:
    counts = pd.DataFrame({"class": ["a", "b", "c", "d"], "images": [4, 0, 10, 5]})

    uneven = eda.measure_imbalance(counts)

    assert uneven == eda.Imbalance("c", "a", 2.5)
    assert eda.measure_imbalance(counts.head(2)) is None


def test_shares_are_of_a_published_subset(make_catalog: MakeCatalog) -> None:
    subsets = ["training", "training", "training", "test", None]
    catalog = make_catalog([{"published_split": name} for name in subsets])
    members = eda.list_members(pd.Series(["a", "b", "a|b", "a", "b"], dtype="string"), ["a", "b"])

    shares = eda.share_subsets(catalog, members).set_index(["class", "subset"])

    assert shares["images"].to_dict() == {
        ("a", "training"): 2,
        ("a", "test"): 1,
        ("b", "training"): 2,
        ("b", "test"): 0,
    }
    assert shares.loc[("b", "training"), "share"] == 2 / 3
    assert shares.loc[("a", "test"), "share"] == 1
    assert eda.share_subsets(make_catalog([{}, {}]), members.loc[:1]).empty


def test_labels_cross_by_study_and_image_and_tell_mixed_studies(
    make_catalog: MakeCatalog,
) -> None:
    catalog = make_catalog(
        [
            {"findings": "typical", "image_findings": "opacity", "study_id": "s"},
            {"findings": "typical", "image_findings": "none", "study_id": "s", "path": None},
            {"findings": "typical", "image_findings": "none", "study_id": "t"},
            {"findings": "negative", "image_findings": "none"},
            {"findings": "negative"},
        ]
    )

    crossed = eda.cross_labels(catalog)

    assert crossed.to_dict("split")["data"] == [
        ["negative", "none", 1, 1, 0],
        ["typical", "none", 2, 1, 1],
        ["typical", "opacity", 1, 1, 1],
    ]
    assert eda.cross_labels(make_catalog([{"findings": "a"}])).empty


def test_samples_are_the_same_each_time_and_of_different_patients(
    make_catalog: MakeCatalog,
) -> None:
    rows = [{"patient_id": name} for name in "ppppq"]
    catalog = make_catalog([*rows, {"patient_id": "r", "path": None}])
    members = eda.list_members(pd.Series(["a"] * 6, dtype="string"), ["a", "b"])

    drawn = eda.pick_samples(catalog, members, ["a", "b"], 3)

    assert drawn == eda.pick_samples(catalog, members, ["a", "b"], 3)
    assert drawn["b"] == []
    patients = catalog.images.set_index("image_id")["patient_id"][drawn["a"]].tolist()
    assert sorted(patients[:2]) == ["p", "q"]
    assert patients[2] == "p"  # nobody else is left


def test_the_real_siim_tables_give_the_figures_of_the_thesis(real_data: Path) -> None:
    catalog = read_siim_covid19(real_data / "siim-covid19")
    counts = eda.count_labels(catalog, "siim_study").set_index("class")
    members = eda.list_members(eda.name_labels(catalog, "siim_study"), list(counts.index))
    crossed = eda.cross_labels(catalog).set_index(["image_findings", "findings"])
    sides = eda.count_sides(eda.class_boxes(catalog, members)).set_index(["class", "side"])

    rounded = (100 * counts["share"]).round().astype(int).to_dict()
    assert rounded == {"atypical": 8, "indeterminate": 17, "negative": 27, "typical": 47}
    without = crossed.loc["none"].drop("Negative for Pneumonia")
    assert without["images"].sum() == 304
    assert without["images"].tolist() == [92, 59, 153]  # atypical, indeterminate, typical
    assert without["elsewhere"].tolist() == [6, 59, 152]  # their boxes are on another image
    both = sides.xs("both sides", level="side")["share"]
    assert both["typical"] > 0.98  # "typical: both sides" holds nearly always,
    assert both[["atypical", "indeterminate"]].between(0.31, 0.33).all()  # "others: one", in 2 of 3
