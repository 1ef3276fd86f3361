"""Tuberculosis, COVID-19, Open-i and JSRT: parts of copies, other copies, and what looks alike."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.datasets.fakes import write_image
from tests.datasets.named_fakes import (
    COVIDX_LISTS,
    INFECTION,
    JSRT_TEXTS,
    LUNG,
    fake_covid_qu_ex,
    fake_covidx,
    fake_jsrt,
    fake_montgomery,
    fake_montgomery_shenzhen,
    fake_shenzhen,
)
from tests.datasets.openi_fakes import fake_openi, fake_openi_xml
from tests.datasets.test_random_folders import check_accounts
from xray_core.catalog import Catalog, relative_boxes
from xray_core.datasets import detect_dataset, open_dataset
from xray_core.datasets.known.readings import parse_reading
from xray_core.datasets.known.recognition import N_LOOKED_AT
from xray_core.errors import DatasetError

RAW = np.full(2048 * 2048, 1000, ">u2").tobytes()  # an image of JSRT


def read(folder: Path, source: str) -> Catalog:
    """Open a dataset and check which it is, and that no image is lost."""
    catalog = open_dataset(folder, folder.with_name("cache"))
    assert catalog.source == source
    check_accounts(catalog)
    return catalog


def list_remarks(catalog: Catalog) -> dict[str, int]:
    """Return kind -> count."""
    return {remark.kind: remark.count for remark in catalog.remarks}


@pytest.mark.parametrize(
    ("text", "gender", "age", "reading"),
    [
        ("Patient's Sex: F\nPatient's Age: 027Y\nnormal\n", "F", "27Y", "normal"),
        ("Patient's Sex: M\r\n\r\nPatients Age: 004 M\r\nnormal", "M", "4M", "normal"),
        ("male 45yrs\nbilateral PTB", "M", "45Y", "bilateral PTB"),
        ("Female, 28 years\nnormal", "F", "28Y", "normal"),
        ("femal 32yrs\nnormal", "F", "32Y", "normal"),
        ("female24yrs\nnormal", "F", "24Y", "normal"),
        ("male 16month\nPTB", "M", "16M", "PTB"),
        ("female 64days\nPTB", "F", "64D", "PTB"),
        ("F 9y.\n", "F", "9Y", ""),
    ],
)
def test_a_reading_says_sex_and_age_in_several_ways(
    text: str, gender: str, age: str, reading: str
) -> None:
    assert parse_reading(text) == (gender, age, reading, True)


@pytest.mark.parametrize("text", ["normal", "female\nnormal", "male 45 lbs", "man of 45", "5"])
def test_a_reading_without_sex_and_age_is_kept_whole(text: str) -> None:
    assert parse_reading(text) == ("", "", " ".join(text.split()), False)


def test_an_empty_reading_says_nothing(tmp_path: Path) -> None:
    fake_montgomery(tmp_path / "a")
    (tmp_path / "a/ClinicalReadings/MCUCXR_0108_1.txt").write_bytes(b"\xff\xfe\0 \r\n")
    (tmp_path / "a/ClinicalReadings/MCUCXR_0001_0.txt").write_text("")

    images = read(tmp_path / "a", "montgomery").images.set_index("image_id")

    assert images["reading"].isna()["CXR_png/MCUCXR_0001_0"]


def test_readings_that_are_all_absent_are_missed_once(tmp_path: Path) -> None:
    fake_shenzhen(tmp_path / "a")
    shutil.rmtree(tmp_path / "a" / "ClinicalReadings")

    catalog = read(tmp_path / "a", "shenzhen")

    assert list_remarks(catalog).items() >= {"missing_table": 1}.items()
    assert "unjoined_row" not in list_remarks(catalog)


def test_a_copy_may_have_its_readings_in_a_table(tmp_path: Path) -> None:
    for name in ("MCUCXR_0001_0", "MCUCXR_0104_1"):
        write_image(tmp_path / "a/images/images" / f"{name}.png", seed=len(name))
    (tmp_path / "a/montgomery_metadata.csv").write_text(
        "study_id,gender,age,findings\nMCUCXR_0001_0.png,Female,27,normal\n"
        "MCUCXR_0104_1.png,Male,40,  cavitary\n"
    )

    first, second = read(tmp_path / "a", "montgomery").images.itertuples()

    assert (first.gender, first.age, first.reading) == ("F", 27.0, "normal")
    assert (second.gender, second.age, second.reading) == ("M", 40.0, "cavitary")


def test_the_two_hospitals_side_by_side_are_one_dataset(tmp_path: Path) -> None:
    fake_montgomery(tmp_path / "a/Montgomery/MontgomerySet")
    fake_shenzhen(tmp_path / "a/ChinaSet_AllFiles/ChinaSet_AllFiles")

    catalog = read(tmp_path / "a", "montgomery_shenzhen")

    assert len(catalog.images) == 11
    assert catalog.images["reading"].notna().sum() == 9


def test_two_hospitals_in_one_folder_are_seen_behind_many_images_of_the_first(
    tmp_path: Path,
) -> None:
    fake_montgomery_shenzhen(tmp_path / "a")
    source = tmp_path / "a/CXR_png/CHNCXR_0001_0.png"
    for number in range(1000, 1000 + N_LOOKED_AT):
        shutil.copy(source, source.with_name(f"CHNCXR_{number}_0.png"))

    assert len(read(tmp_path / "a", "montgomery_shenzhen").images) == 11 + N_LOOKED_AT


def test_an_image_in_test_alone_is_named(tmp_path: Path) -> None:
    fake_montgomery_shenzhen(tmp_path / "a")
    write_image(tmp_path / "a/test/CHNCXR_0400_1.png", seed=99)

    remarks = list_remarks(read(tmp_path / "a", "montgomery_shenzhen"))

    assert (remarks["repeated_name"], remarks["stray_file"]) == (1, 1)


def test_a_division_of_qu_ex_alone_is_read_with_or_without_its_inner_folder(tmp_path: Path) -> None:
    fake_covid_qu_ex(tmp_path / "both")
    (tmp_path / "both" / LUNG).rename(tmp_path / "alone")
    (tmp_path / "both" / INFECTION).rename(tmp_path / "Infection Segmentation Data")

    lung = read(tmp_path / "alone", "covid_qu_ex")
    infection = read(tmp_path / "Infection Segmentation Data", "covid_qu_ex")

    assert len(lung.images) == 5
    assert len(infection.images) == 2
    assert infection.masks["kind"].value_counts().to_dict() == {"finding": 1, "lungs": 2}
    assert "repeated_name" not in list_remarks(lung)


def test_a_class_of_qu_ex_alone_is_read(tmp_path: Path) -> None:
    for number in (1, 2):
        for kind in ("images", "lung masks"):
            name = f"Val/Non-COVID/{kind}/non_COVID ({number}).png"
            write_image(tmp_path / "a" / LUNG / name, seed=number)

    assert len(read(tmp_path / "a", "covid_qu_ex").images) == 2


@pytest.mark.parametrize("name", ["train.txt", "test.txt"])
def test_a_list_of_covidx_alone_is_read(name: str, tmp_path: Path) -> None:
    fake_covidx(tmp_path / "a")
    (tmp_path / "a" / name).unlink()

    assert len(read(tmp_path / "a", "covidx").images) == 6 - COVIDX_LISTS[name].count("\n")


@pytest.mark.parametrize(
    "name", ["train_COVIDx9A.txt", "train_COVIDx3.txt", "train_COVIDx_CXR-3A.txt"]
)
def test_lists_of_the_versions_of_covidx_may_lack_the_source(name: str, tmp_path: Path) -> None:
    write_image(tmp_path / "a/train/one.png", seed=1)
    write_image(tmp_path / "a/train/two.jpg", seed=2)
    (tmp_path / "a" / name).write_text("1 one.png COVID-19\n2 two.jpg pneumonia\n")

    images = read(tmp_path / "a", "covidx").images

    assert images["findings"].tolist() == ["COVID-19", "pneumonia"]
    assert images["site"].isna().all()


def test_an_open_i_copy_without_its_reports_lacks_the_labels(tmp_path: Path) -> None:
    fake_openi(tmp_path / "a")
    (tmp_path / "a/indiana_reports.csv").unlink()

    catalog = read(tmp_path / "a", "openi")

    assert list_remarks(catalog)["missing_table"] == 1
    assert catalog.images["findings"].isna().all()


def test_a_report_that_is_no_plain_xml_is_passed_over(tmp_path: Path) -> None:
    fake_openi_xml(tmp_path / "a")
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><eCitation><uId id="&b;"/></eCitation>'
    (tmp_path / "a/ecgen-radiology/7.xml").write_text(bomb)

    assert list_remarks(read(tmp_path / "a", "openi_xml"))["unreadable_table"] == 2


def test_jsrt_without_its_texts_has_only_what_the_names_say(tmp_path: Path) -> None:
    fake_jsrt(tmp_path / "a")
    shutil.rmtree(tmp_path / "a/Clinical_Information")

    catalog = read(tmp_path / "a", "jsrt")

    assert list_remarks(catalog)["missing_table"] == 1
    assert catalog.images["findings"].value_counts().to_dict() == {"nodule": 5, "non-nodule": 2}
    assert catalog.boxes.empty


def test_the_files_of_jsrt_are_read_as_published(tmp_path: Path) -> None:
    fake_jsrt(tmp_path / "a")
    for name in ("JPCLN001", "JPCLN002"):
        path = tmp_path / "a/Nodule154images" / name
        path.with_suffix(".png").unlink()
        path.with_suffix(".IMG").write_bytes(RAW)
    (tmp_path / "a/Nodule154images/JPCLN009.IMG").write_bytes(RAW[:-2])  # cut off
    for path in (tmp_path / "a/NonNodule93images").iterdir():
        path.unlink()
        path.with_suffix(".IMG").write_bytes(RAW)

    catalog = read(tmp_path / "a", "jsrt")

    raw = catalog.images[catalog.images["path"].str.endswith(".IMG")]
    assert len(raw) == 4
    assert set(raw["width"]) == set(raw["height"]) == {2048}
    assert relative_boxes(catalog)["x"].round(4).tolist()[0] == round((1634 - 42.857) / 2048, 4)
    assert list_remarks(catalog)["unread_format"] == 1


def test_raw_files_of_jsrt_alone_are_enough(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("JPCLN001.IMG", "JPCNN001.img"):
        (tmp_path / "a" / name).write_bytes(RAW)

    assert len(read(tmp_path / "a", "jsrt").images) == 2


def test_a_table_of_jsrt_says_as_much_as_the_texts(tmp_path: Path) -> None:
    for name in ("JPCLN001", "JPCNN001"):
        write_image(tmp_path / "a/images/images" / f"{name}.png", seed=len(name))
    (tmp_path / "a/jsrt_metadata.csv").write_text(
        "study_id,subtlety,size,age,gender,x,y,state,position,diagnosis\n"
        "JPCLN001.png,5,35,53,Male,1024,1024,malignant,l.upper lobe,lung cancer\n"
        "JPCNN001.png,,,?,Female,,,non-nodule,,\n"
    )

    catalog = read(tmp_path / "a", "jsrt")

    assert catalog.boxes.iloc[0, 2:].tolist() == [924, 924, 200, 200]
    assert catalog.images["gender"].tolist() == ["M", "F"]
    assert catalog.images["findings"].tolist() == ["malignant nodule", "non-nodule"]
    assert "broken_boxes" not in list_remarks(catalog)


def test_a_damaged_text_of_jsrt_breaks_nothing(tmp_path: Path) -> None:
    fake_jsrt(tmp_path / "a")
    text = tmp_path / "a/Clinical_Information/CLNDAT_EN.txt"
    text.write_bytes(b"\xff\0JPCLN001.IMG 5" + JSRT_TEXTS["CLNDAT_EN.txt"][40:].encode())

    catalog = read(tmp_path / "a", "jsrt")

    assert list_remarks(catalog)["broken_boxes"] == 2


def write_look_alike(folder: Path, names: dict[str, str]) -> None:
    """Write images, and texts where one is given."""
    for seed, (name, text) in enumerate(names.items()):
        if text:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        else:
            write_image(folder / name, seed=seed)


@pytest.mark.parametrize(
    "names",
    [
        {"CXR_png/MCUCXR_0001_2.png": "", "CXR_png/MCUCXR_0002_2.png": ""},
        {"CXR_png/MCUCXR_1_0.png": "", "CXR_png/MCUCXR_2_1.png": ""},
        {"CXR_png/myMCUCXR_0001_0.png": "", "CXR_png/myMCUCXR_0002_1.png": ""},
        {f"images/{label}_{n}.png": "" for label in "ab" for n in (1, 2)}
        | {"images/CHNCXR_0001_0.png": ""},
        {"JPCLN000.png": "", "JPCNN000.png": ""},
        {"JPCLN155.png": "", "JPCNN094.png": ""},
        {f"Train/{label}/images/{n}.png": "" for label in ("COVID-19", "Normal") for n in (1, 2)},
        {f"Train/{label}/{n}.png": "" for label in ("COVID-19", "Normal") for n in (1, 2)},
        {"train.txt": "1 a.png positive drawn\n2 b.png negative drawn\n", "train/a.png": "",
         "train/b.png": ""},
        {"train.txt": "1 a.png positive\n2 b.png negative\n", "train/a.png": "", "train/b.png": ""},
        {"train.txt": "a.png positive\nb.png negative\n", "train/a.png": "", "train/b.png": ""},
        {"indiana_projections.csv": "id,file,view\n1,a.png,Frontal\n", "a.png": ""},
        {"NLMCXR_png/CXR1_1_IM-0001-3001.png": "", "NLMCXR_png/CXR2_IM-0001-3001.png": ""},
        {"ecgen-radiology/1.xml": "<a/>", "NLMCXR_png/a.png": "", "NLMCXR_png/b.png": ""},
    ],
)  # fmt: skip
def test_what_looks_alike_is_not_taken_for_one_of_them(
    names: dict[str, str], tmp_path: Path
) -> None:
    write_look_alike(tmp_path / "a", names)

    try:
        source = detect_dataset(tmp_path / "a")
    except DatasetError:
        return
    assert source == "folder"


@pytest.mark.parametrize(
    "fakes",
    [(fake_montgomery, fake_jsrt), (fake_shenzhen, fake_openi), (fake_covidx, fake_covid_qu_ex)],
)
def test_two_of_them_in_one_folder_are_neither(
    fakes: tuple[Callable[[Path], int], ...], tmp_path: Path
) -> None:
    for fake in fakes:
        fake(tmp_path / "a")

    with pytest.raises(DatasetError, match="several|both|more than|two"):
        detect_dataset(tmp_path / "a")
