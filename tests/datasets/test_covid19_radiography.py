"""What only the COVID-19 Radiography reader does."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.fakes import fake_covid19_radiography, write_image, write_radiography_workbook
from xray_core.catalog import Remark
from xray_core.datasets import detect_dataset
from xray_core.datasets.covid19_radiography import (
    CLASSES,
    find_root,
    name_site,
    parse_name,
    read_covid19_radiography,
)
from xray_core.errors import DatasetError, XrayError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "COVID-19_Radiography_Dataset"
    fake_covid19_radiography(root)
    return root


def remarks_of(folder: Path) -> dict[str, Remark]:
    return {remark.kind: remark for remark in read_covid19_radiography(folder).remarks}


def rows_of(folder: Path) -> pd.DataFrame:
    return read_covid19_radiography(folder).images.set_index("image_id")


def test_capitals_in_the_normal_workbook_cost_no_image_its_site(folder: Path) -> None:
    images = rows_of(folder)

    assert images.loc["Normal-1", "site"] == "kaggle.com/paultimothymooney/chest-xray-pneumonia"
    assert images.loc["Normal-2", "site"] == "kaggle.com/c/rsna-pneumonia-detection-challenge"
    assert images.loc["Normal-1", "path"] == "Normal/images/Normal-1.png"


def test_the_class_folder_is_the_finding_and_equal_numbers_are_different_images(
    folder: Path,
) -> None:
    images = rows_of(folder)

    assert images["findings"].to_dict() == {
        "COVID-1": "COVID",
        "COVID-7": "COVID",
        "Lung_Opacity-1": "Lung_Opacity",
        "Normal-1": "Normal",
        "Normal-2": "Normal",
        "Viral Pneumonia-1": "Viral Pneumonia",
        "Viral Pneumonia-2": "Viral Pneumonia",
    }


def test_a_mask_is_that_of_its_image(folder: Path) -> None:
    images = rows_of(folder)

    assert images.loc["Lung_Opacity-1", "mask_path"] == "Lung_Opacity/masks/Lung_Opacity-1.png"
    assert pd.isna(images.loc["COVID-7", "mask_path"])


def test_a_row_without_file_and_a_file_without_row_are_kept_and_counted(folder: Path) -> None:
    images, remarks = rows_of(folder), remarks_of(folder)

    assert pd.isna(images.loc["Viral Pneumonia-2", "path"])
    assert pd.isna(images.loc["COVID-7", "site"])
    assert {kind: remark.examples for kind, remark in remarks.items()} == {
        "absent_image": ("Viral Pneumonia-2",),
        "unlisted_image": ("COVID-7",),
        "absent_mask": ("COVID-7",),
    }


@pytest.mark.parametrize("chosen", ["", "COVID-19_Radiography_Dataset"])
def test_a_doubled_archive_is_found_from_every_level(tmp_path: Path, chosen: str) -> None:
    root = tmp_path / "COVID-19_Radiography_Dataset" / "COVID-19_Radiography_Dataset"
    fake_covid19_radiography(root)

    assert find_root(tmp_path / chosen) == root
    assert detect_dataset(tmp_path / chosen) == "covid19_radiography"


def test_an_older_release_without_images_folders_and_masks_is_read(tmp_path: Path) -> None:
    for name in ("COVID-19/COVID-19 (1).png", "NORMAL/NORMAL (1).png", "NORMAL/NORMAL-2.png"):
        write_image(tmp_path / name)

    catalog = read_covid19_radiography(tmp_path)

    assert catalog.images["image_id"].tolist() == ["COVID-1", "Normal-1", "Normal-2"]
    assert catalog.images["mask_path"].isna().all()
    assert [remark.kind for remark in catalog.remarks] == ["unlisted_image"]


def test_the_workbooks_alone_are_enough_to_count(folder: Path) -> None:
    for name in CLASSES:
        shutil.rmtree(folder / name)

    catalog = read_covid19_radiography(folder)

    assert len(catalog.images) == 6
    assert catalog.present.empty


@pytest.mark.parametrize(
    "names",
    [
        ["train/NORMAL/IM-0115-0001.jpeg", "train/PNEUMONIA/person1_virus_6.jpeg"],
        ["Normal/images/Normal-1.png"],  # one class is also in other datasets
        ["NORMAL/IM-0115-0001.jpeg", "COVID/scan.png"],
        ["Normal/images/Normal-1.png", "Tuberculosis/images/Tuberculosis-1.png"],
    ],
)
def test_a_folder_that_merely_has_a_normal_folder_is_not_claimed(
    tmp_path: Path, names: list[str]
) -> None:
    for name in names:
        write_image(tmp_path / name)

    assert find_root(tmp_path) is None


@pytest.mark.parametrize(
    ("stray", "kind"),
    [
        ("COVID/images/scan.png", "unknown_name"),
        ("COVID/images/Normal-9.png", "unknown_name"),  # its folder says otherwise
        ("COVID/COVID-1.png", "repeated_name"),
        ("COVID/images/notes.txt", "stray_file"),
    ],
)
def test_a_file_that_is_not_understood_is_left_out_and_named(
    folder: Path, stray: str, kind: str
) -> None:
    write_image(folder / stray)

    assert len(rows_of(folder)) == 7
    assert remarks_of(folder)[kind].examples == (stray,)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("", "nameless_row"), ("scan", "nameless_row"), ("COVID-1", "repeated_row")],
)
def test_a_row_of_issues_is_counted_and_the_rest_is_read(
    folder: Path, name: str, kind: str
) -> None:
    rows = [("COVID-1", "https://sirm.org"), (name, "https://eurorad.org")]
    write_radiography_workbook(folder / "COVID.metadata.xlsx", rows)

    assert rows_of(folder).loc["COVID-1", "site"] == "sirm.org"
    assert remarks_of(folder)[kind].count == 1


def test_a_damaged_workbook_costs_its_sites_only(folder: Path) -> None:
    (folder / "COVID.metadata.xlsx").write_bytes(b"PK")

    assert rows_of(folder)["path"].notna().sum() == 6
    assert (
        "COVID.metadata.xlsx is not a readable"
        in remarks_of(folder)["unreadable_table"].examples[0]
    )


def test_a_folder_without_any_image_or_row_is_refused(tmp_path: Path) -> None:
    for name in ("COVID/images", "Normal/images"):
        (tmp_path / name).mkdir(parents=True)

    with pytest.raises(DatasetError, match="holds no image"):
        read_covid19_radiography(tmp_path)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://github.com/armiro/COVID-CXNet/tree/master", "github.com/armiro/COVID-CXNet"),
        ("https://www.kaggle.com/datasets/owner/name", "kaggle.com/owner/name"),
        ("https://bimcv.cipf.es/bimcv-projects/bimcv-covid19/#1590858128006-9e6", "bimcv.cipf.es"),
        ("HTTPS://WWW.Eurorad.org/case/1?x=2", "eurorad.org"),
        ("sirm.org, https://eurorad.org", "sirm.org"),
        ("Twitter  (private)", "Twitter (private)"),
        ("https://", "https://"),
        ("", None),
        (" . ", "."),
    ],
)
def test_a_url_is_shortened_to_its_collection(url: str, site: str | None) -> None:
    assert name_site(url) == site


addresses = st.lists(st.sampled_from([*"./:?#[]@;, \t\0", "://", "www.", "kaggle.com", "a", "é"]))


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.text() | addresses.map("".join))
def test_whatever_a_url_holds_its_site_is_a_short_text_or_none(url: str) -> None:
    try:
        site = name_site(url)
    except XrayError:
        return
    assert site is None or site == site.strip() != ""


pieces = st.sampled_from(
    ["COVID", "normal", "viral pneumonia", "-", " (", ")", "1", "²", ".png", " "]
)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.text() | st.lists(pieces).map("".join))
def test_whatever_a_name_holds_it_is_of_a_class_or_of_none(name: str) -> None:
    try:
        parsed = parse_name(name)
    except XrayError:
        return
    assert parsed is None or (parsed[0] in CLASSES and parsed[1] >= 0)


def test_the_real_sample_has_the_known_counts(real_data: Path) -> None:
    catalog = read_covid19_radiography(real_data / "covid19-radiography")

    assert catalog.images["findings"].value_counts().to_dict() == {"COVID": 500, "Normal": 500}
    assert {remark.kind: remark.count for remark in catalog.remarks} == {"unlisted_image": 1000}


def test_a_real_workbook_gives_rows_and_sites(real_data: Path, folder: Path) -> None:
    shutil.copy(real_data / "odd/Normal.metadata.xlsx", folder)

    images = rows_of(folder)

    assert (images["findings"] == "Normal").sum() == 700
    assert images.loc["Normal-700", "site"] == "kaggle.com/c/rsna-pneumonia-detection-challenge"
    assert images["site"].value_counts()["ncbi.nlm.nih.gov"] == 406
