"""Known datasets as archives and copies arrange them: the same images, and the same labels."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.datasets.fakes import write_image
from tests.datasets.known_fakes import KNOWN_FAKES, write_tables
from tests.datasets.test_known import COPIES
from xray_core.catalog import Catalog, build_catalog
from xray_core.datasets import detect_dataset, open_dataset
from xray_core.datasets.accounting import list_unaccounted
from xray_core.errors import DatasetError, LabelError
from xray_core.tasks import encode_catalog, tasks_of

VALIDATION = "CheXpert-v1.0 batch 1 (validate & csv)"


def list_remarks(catalog: Catalog) -> dict[str, int]:
    """Return kind -> count."""
    return {remark.kind: remark.count for remark in catalog.remarks}


def move(folder: Path, places: dict[str, str]) -> None:
    """Move what lies in a folder: from -> to."""
    for old, new in places.items():
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)


def batch_chexpert(folder: Path) -> None:
    """Arrange CheXpert as its large version is unpacked: tables in the first of the archives."""
    names = {"train": "CheXpert-v1.0 batch 2 (train 1)", "valid": f"{VALIDATION}/valid"}
    tables = {f"{name}.csv": f"{VALIDATION}/{name}.csv" for name in names}
    move(folder, {**names, **tables})


def nest_reports(folder: Path) -> None:
    """Unpack the reports of Open-i into a folder of their own, as programs do."""
    move(folder, {"ecgen-radiology": "NLMCXR_reports/ecgen-radiology"})


def split_covidx(folder: Path) -> None:
    """Call the lists of COVIDx as its first versions do, which name no source."""
    for name in ("train", "test"):
        lines = (folder / f"{name}.txt").read_text().splitlines()
        text = "".join(f"{line.rpartition(' ')[0]}\n" for line in lines)
        (folder / f"{name}_split_v3.txt").write_text(text)
        (folder / f"{name}.txt").unlink()


def add_lung_masks(folder: Path) -> None:
    """Put Shenzhen beside masks that others drew."""
    inner = "ChinaSet_AllFiles/ChinaSet_AllFiles"
    move(folder, {name: f"{inner}/{name}" for name in ("CXR_png", "ClinicalReadings")})
    write_image(folder / "mask/mask/CHNCXR_0001_0_mask.png")


ARRANGEMENTS = [
    ("chexpert", batch_chexpert),
    ("openi_xml", nest_reports),
    ("covidx", split_covidx),
    ("shenzhen", add_lung_masks),
]


@pytest.mark.parametrize(("name", "arrange"), ARRANGEMENTS)
def test_an_arrangement_changes_no_label(
    name: str, arrange: Callable[[Path], None], tmp_path: Path
) -> None:
    for place in ("plain", "other"):
        KNOWN_FAKES[name](tmp_path / place)
    arrange(tmp_path / "other")

    plain, other = (open_dataset(tmp_path / p, tmp_path / "cache") for p in ("plain", "other"))

    def describe(catalog: Catalog) -> list[str]:
        images = catalog.present
        said = ["findings", "patient_id", "study_id", "published_split", "reading"]
        files = [str(path).rpartition("/")[2] for path in images["path"]]
        return sorted(map(str, images[said].fillna("").assign(file=files).values.tolist()))

    assert other.source == name
    assert describe(other) == describe(plain)
    assert list_unaccounted(other) == ([], [])


def test_the_test_set_of_chexpert_is_read_and_another_table_of_its_name_is_not(
    tmp_path: Path,
) -> None:
    KNOWN_FAKES["chexpert"](tmp_path)
    (tmp_path / "test.csv").write_text("Id,Path\n1,test/patient64741/study1/view1_frontal.jpg\n")
    other = open_dataset(tmp_path, tmp_path.parent / "cache")
    header, row = (tmp_path / "valid.csv").read_text().splitlines()[:2]
    row = row.replace("valid/patient64541", "test/patient64741")
    (tmp_path / "test.csv").write_text(f"{header}\n{row}\n")
    write_image(tmp_path / "test/patient64741/study1/view1_frontal.jpg")

    catalog = open_dataset(tmp_path, tmp_path.parent / "cache")

    assert other.source == catalog.source == "chexpert"
    assert list_remarks(other)["unread_table"] == 1
    assert len(catalog.images) == len(other.images) + 1
    assert catalog.images["published_split"].eq("test").sum() == 1


@pytest.mark.parametrize(
    ("name", "table", "header"),
    [
        ("montgomery", "montgomery_metadata.csv", "study_id,age,gender,findings"),
        ("jsrt", "jsrt_metadata.csv", "study_id,age,gender,x"),
    ],
)
def test_a_table_beside_the_images_is_not_said_to_be_unread(
    name: str, table: str, header: str, tmp_path: Path
) -> None:
    KNOWN_FAKES[name](tmp_path)
    shutil.rmtree(
        tmp_path / ("ClinicalReadings" if name == "montgomery" else "Clinical_Information")
    )
    images = [path for path in tmp_path.rglob("*.png") if path.name[:3] in ("MCU", "JPC")]
    images = [path for path in images if "Mask" not in path.parent.name]
    rows = [header, *(f"{image.name},40,Female,1" for image in images)]
    write_tables(tmp_path, {table: "\n".join(rows) + "\n", "notes.csv": "a,b\n1,2\n"})

    catalog = open_dataset(tmp_path, tmp_path.parent / "cache")

    unread = catalog.noted.loc[catalog.noted["kind"].eq("unread_table"), "name"].tolist()
    assert catalog.images["age"].eq(40).sum() == len(images)
    assert unread == ["notes.csv"]


def test_masks_that_mark_nothing_are_counted_and_left_out(tmp_path: Path) -> None:
    names = {0: "0_train_0_.png", 1: "1_train_1_.png"}
    rows = "".join(f"{name},1.2.{n},{n}\n" for n, name in names.items())
    write_tables(tmp_path, {"stage_1_train_images.csv": f"new_filename,ImageId,has_pneumo\n{rows}"})
    for seed, name in names.items():
        for folder in ("png_images", "png_masks"):
            write_image(tmp_path / folder / name, seed=seed)

    catalog = open_dataset(tmp_path, tmp_path.parent / "cache")

    assert catalog.masks["path"].tolist() == ["png_masks/1_train_1_.png"]
    assert list_remarks(catalog)["empty_mask"] == 1
    assert list_unaccounted(catalog) == ([], [])


def test_a_name_with_blanks_in_a_list_is_one_name(tmp_path: Path) -> None:
    KNOWN_FAKES["covidx"](tmp_path)
    with (tmp_path / "train.txt").open("a") as text:
        text.write("COVID-19(3) COVID-19 (3).png positive sirm\npat2 b.png maybe rsna\n")
    for seed, name in enumerate(("COVID-19 (3).png", "b.png")):
        write_image(tmp_path / "train" / name, seed=50 + seed)

    catalog = open_dataset(tmp_path, tmp_path.parent / "cache")

    images = catalog.images.set_index(catalog.images["path"])
    assert images.at["train/COVID-19 (3).png", "findings"] == "positive"
    assert images.at["train/COVID-19 (3).png", "site"] == "sirm"
    assert set(images["findings"].dropna()) == {"positive", "negative"}
    assert list_remarks(catalog)["unclear_label"] == 1


def test_a_list_and_annotations_that_are_absent_are_missed(tmp_path: Path) -> None:
    KNOWN_FAKES["tbx11k"](tmp_path)
    (tmp_path / "lists/TBX11K_train.txt").unlink()
    shutil.rmtree(tmp_path / "annotations")

    catalog = open_dataset(tmp_path, tmp_path.parent / "cache")

    missed = [r.message for r in catalog.remarks if r.kind == "missing_table"]
    assert [word in message for word, message in zip(("box", "left out"), missed, strict=True)] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("names", "prefixes"),
    [(("Normal", "Tuberculosis"), ("CHNCXR_{n:04d}_0", "CHNCXR_{n:04d}_1")),
     (("malignant", "none"), ("JPCLN{n:03d}", "JPCNN{n:03d}"))],
)  # fmt: skip
def test_class_folders_of_images_that_are_called_like_a_known_dataset_are_classes(
    names: tuple[str, ...], prefixes: tuple[str, ...], tmp_path: Path
) -> None:
    for seed, (name, prefix) in enumerate(zip(names, prefixes, strict=True)):
        for number in (1, 2):
            path = tmp_path / name / f"{prefix.format(n=number)}.png"
            write_image(path, seed=10 * seed + number)

    catalog = open_dataset(tmp_path, tmp_path.parent / "cache")

    assert catalog.source == "folder"
    assert catalog.images["findings"].value_counts().to_dict() == dict.fromkeys(names, 2)


def test_run_lengths_of_other_images_are_not_those_of_siim_acr(tmp_path: Path) -> None:
    write_tables(tmp_path, {"train-rle.csv": "ImageId,EncodedPixels\na.png,1 3 20 2\nb.png,\n"})
    for seed, name in enumerate("ab"):
        write_image(tmp_path / "train" / f"{name}.png", seed=seed)

    with pytest.raises(DatasetError, match="looks like SIIM-ACR.*would be left out"):
        detect_dataset(tmp_path)


def test_labels_that_vinbigdata_does_not_have_are_none(tmp_path: Path) -> None:
    KNOWN_FAKES["vinbigdata"](tmp_path)
    table = tmp_path / "train.csv"
    table.write_text(table.read_text().replace("Aortic enlargement", "Osteophytes"))

    catalog = open_dataset(tmp_path, tmp_path.parent / "cache")

    assert not catalog.images["findings"].str.contains("Osteophytes").any()
    assert list_remarks(catalog)["unclear_label"] > 0


def append(table: Path, *rows: str) -> None:
    """Add rows to a table."""
    with table.open("a") as text:
        text.write("".join(f"{row}\n" for row in rows))


def contradict_chexpert(folder: Path) -> None:
    """Repeat a row with 1 and 0 the other way about."""
    first = (folder / "train.csv").read_text().splitlines()[1]
    append(folder / "train.csv", first.replace(",1.0,", ",0.0,"))


def contradict_openi(folder: Path) -> None:
    """Give a report a second row with another heading."""
    row = (folder / "indiana_reports.csv").read_text().splitlines()[1]
    append(folder / "indiana_reports.csv", row.replace("normal", "Cardiomegaly"))


def contradict_tbx11k(folder: Path) -> None:
    """Call an image without a box two things."""
    tables, images, _ = COPIES["tbx11k"]
    shutil.rmtree(folder)
    write_tables(folder, tables)
    append(folder / "data.csv", "h0001.png,8,12,train,none,no_tb,none,sick_but_no_tb")
    for seed, image in enumerate(images):
        write_image(folder / image, seed=seed)


def list_covidx_twice(folder: Path) -> None:
    """Put another version of a list beside it."""
    shutil.copy(folder / "train.txt", folder / "train_COVIDx9A.txt")


CONTRADICTIONS = {
    "conflicting_states": ("chexpert", contradict_chexpert),
    "conflicting_rows": ("openi", contradict_openi),
    "several_labels": ("tbx11k", contradict_tbx11k),
    "ignored_table": ("covidx", list_covidx_twice),
}


@pytest.mark.parametrize("kind", CONTRADICTIONS)
def test_what_contradicts_itself_is_counted(kind: str, tmp_path: Path) -> None:
    name, contradict = CONTRADICTIONS[kind]
    KNOWN_FAKES[name](tmp_path)
    contradict(tmp_path)

    catalog = open_dataset(tmp_path, tmp_path.parent / "cache")

    assert catalog.source == name
    assert list_remarks(catalog)[kind] == 1


def test_a_finding_that_is_unknown_of_every_image_is_no_task() -> None:
    images = [{"image_id": "a", "path": "a.png", "findings": "Edema"}]
    states = pd.DataFrame({"image_id": ["a"], "Pneumonia": [pd.NA], "Edema": [1]})
    catalog = build_catalog(Path("drawn"), "chexpert", images, finding_states=states)

    with pytest.raises(LabelError, match="of 'Pneumonia' it is unknown of each.*another task"):
        encode_catalog(catalog, tasks_of("chexpert")["chexpert_pneumonia"])
