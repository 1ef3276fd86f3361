"""Tables of labels: do they count what the folder holds."""

from dataclasses import replace

import pandas as pd

from tests.eda.conftest import MakeCatalog
from xray_core import eda
from xray_core.catalog import LUNGS, Catalog


def test_label_counts_tell_present_from_absent(siim: Catalog) -> None:
    counts = eda.count_labels(siim, "siim_study").set_index("class")

    assert counts["images"].to_dict() == {
        "atypical": 1,
        "indeterminate": 2,
        "negative": 1,
        "typical": 1,
    }
    assert counts.loc["atypical", "present"] == 0
    assert counts.loc["indeterminate", "patients"] == 1


def test_where_no_patient_is_published_none_is_counted(siim: Catalog) -> None:
    siim.images["patient_id"] = pd.Series(pd.NA, siim.images.index, dtype="string")

    assert eda.count_labels(siim, "siim_study")["patients"].tolist() == [0, 0, 0, 0]


def test_labels_are_named_in_the_catalogs_order(siim: Catalog) -> None:
    labels = eda.name_labels(siim, "siim_3class")

    assert labels.tolist() == ["typical", "negative", "other", "other", "other"]


def test_an_unlabelled_image_has_no_name(siim: Catalog) -> None:
    siim.images.loc[0, "findings"] = pd.NA

    labels = eda.name_labels(siim, "siim_study")

    assert labels.isna().tolist() == [True, False, False, False, False]


def test_the_summary_agrees_with_the_tables(siim: Catalog) -> None:
    summary = eda.summarise_catalog(siim)

    assert (summary["images"], summary["absent"], summary["boxes"]) == (5, 1, 3)
    assert summary["tasks"]["siim_opacity"] == {"no opacity": 1, "opacity": 4}
    assert sum(summary["label_combinations"].values()) == 5
    assert summary["subsets"] == {"training": 0, "validation": 0, "test": 0}


def test_the_summary_counts_what_is_unlabelled_masked_and_published(siim: Catalog) -> None:
    siim.images.loc[[0, 1], "findings"] = pd.NA
    mask = {"image_id": siim.images.loc[2, "image_id"], "kind": LUNGS, "path": "masks/2.png"}
    siim = replace(siim, masks=pd.DataFrame([mask]))
    siim.images["published_split"] = ["training", "training", "test", pd.NA, pd.NA]

    summary = eda.summarise_catalog(siim)

    assert (summary["unlabelled"], summary["masks"]) == (2, 1)
    assert sum(summary["label_combinations"].values()) == 3
    assert summary["subsets"] == {"training": 2, "validation": 0, "test": 1}


def test_an_image_of_several_classes_is_a_member_of_each() -> None:
    labels = pd.Series(["b|a", "", pd.NA, "a"], index=[7, 5, 3, 1], dtype="string")

    members = eda.list_members(labels, ["a", "b", "c"])

    assert list(zip(members.index, members, strict=True)) == [
        (7, "b"),
        (7, "a"),
        (5, "none of these"),
        (3, "unlabelled"),
        (1, "a"),
    ]
    assert list(members.cat.categories) == ["a", "b", "c", "none of these", "unlabelled"]


def test_members_name_no_group_that_does_not_occur() -> None:
    members = eda.list_members(pd.Series(["a", "a"], dtype="string"), ["a", "b"])

    assert list(members.cat.categories) == ["a", "b"]


def test_combinations_are_counted_as_published(make_catalog: MakeCatalog) -> None:
    rows = [
        {"findings": "mass|edema", "patient_id": "p"},
        {"findings": "edema", "patient_id": "p"},
        {"findings": "mass|edema", "patient_id": "p"},
        {"patient_id": "q"},
    ]

    found = eda.count_combinations(make_catalog(rows))

    assert found.to_dict("list") == {
        "findings": ["mass|edema", "edema"],
        "n_findings": [2, 1],
        "images": [2, 1],
        "share": [2 / 3, 1 / 3],
        "patients": [1, 1],
    }


def test_together_counts_pairs_off_and_findings_on_the_diagonal(make_catalog: MakeCatalog) -> None:
    texts = ["mass|edema", "edema", "mass|edema|hernia", "edema"]
    found = eda.count_combinations(make_catalog([{"findings": text} for text in texts]))

    together = eda.count_together(found)

    assert list(together.index) == ["edema", "mass", "hernia"]
    assert together.to_numpy().tolist() == [[4, 2, 1], [2, 2, 1], [1, 1, 1]]
