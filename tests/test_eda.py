"""Tables for exploring: do they count what the folder holds."""

from pathlib import Path

import pandas as pd
import pytest

from xray_core import eda
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset


@pytest.fixture
def siim(siim_folder: Path, tmp_path: Path) -> Catalog:
    """Five images: one absent, two with boxes (three boxes in all)."""
    return open_dataset(siim_folder, tmp_path / "cache")


@pytest.fixture
def kermany(kermany_folder: Path, tmp_path: Path) -> Catalog:
    return open_dataset(kermany_folder, tmp_path / "cache")


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


def test_image_sizes_hold_disk_and_original(siim: Catalog) -> None:
    sizes = eda.image_sizes(siim).set_index("kind")

    assert sizes.loc["on disk", ["width", "height", "images"]].tolist() == [12, 8, 4]
    assert sizes.loc["original", ["width", "height", "images"]].tolist() == [400, 200, 4]


def test_boxes_per_image_count_every_image(siim: Catalog) -> None:
    boxes = eda.boxes_per_image(siim)

    assert boxes.to_dict("list") == {"boxes": [0, 1, 2], "images": [3, 1, 1]}


def test_labels_are_named_in_the_catalogs_order(siim: Catalog) -> None:
    labels = eda.name_labels(siim, "siim_3class")

    assert labels.tolist() == ["typical", "negative", "other", "other", "other"]


def test_an_unlabelled_image_has_no_name(siim: Catalog) -> None:
    siim.images.loc[0, "findings"] = pd.NA

    labels = eda.name_labels(siim, "siim_study")

    assert labels.isna().tolist() == [True, False, False, False, False]


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
    labels = eda.name_labels(siim, "siim_study")

    assert eda.filter_images(siim, labels, **filters)["image_id"].tolist() == expected


def test_filter_by_published_part(kermany: Catalog) -> None:
    labels = eda.name_labels(kermany, "kermany_pneumonia")

    [image] = eda.filter_images(kermany, labels, part="test").itertuples()

    assert image.label == "pneumonia"


def test_a_class_whose_name_is_part_of_anothers_is_not_mistaken_for_it(siim: Catalog) -> None:
    labels = pd.Series(["no_opacity", "opacity", "opacity|no_opacity", "", pd.NA], dtype="string")

    found = eda.filter_images(siim, labels, wanted="opacity")

    assert found["label"].tolist() == ["opacity", "opacity|no_opacity"]


def test_the_summary_agrees_with_the_tables(siim: Catalog) -> None:
    summary = eda.summarise_catalog(siim)

    assert (summary["images"], summary["absent"], summary["boxes"]) == (5, 1, 3)
    assert summary["label_views"]["siim_opacity"] == {"no_opacity": 1, "opacity": 4}
