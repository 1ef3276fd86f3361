"""Datasets that are entries of a table: each is recognised, read, and complete, also in part."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.expected import Expected
from tests.datasets.fakes import write_image
from tests.datasets.known_fakes import KNOWN_FAKES, write_tables
from tests.datasets.named_expected import NAMED_EXPECTED
from tests.datasets.test_random_folders import check_accounts
from xray_core.catalog import OF_FINDING, Catalog
from xray_core.datasets import READERS, find_dataset, open_dataset
from xray_core.datasets.accounting import list_unaccounted
from xray_core.datasets.known import KNOWN
from xray_core.errors import DatasetError, UnlabelledError
from xray_core.tasks import align_states, encode_catalog, tasks_of

EXPECTED = {
    "chexpert": Expected(
        image="patient00002/study1/view2_lateral",
        values={
            "findings": "Lung Opacity|Pleural Effusion|Fracture",
            "patient_id": "patient00002",
            "study_id": "patient00002/study1",
            "view_position": "LATERAL",
            "age": 83.0,
            "gender": "F",
            "published_split": "training",
        },
        counts={"patients": 5, "studies": 6, "training": 5, "validation": 1, "absent": 1},
        remarks={
            "absent_image": 1,
            "stray_file": 1,
            "uncertain_finding": 6,
            "blank_finding": 51,
            "unclear_cell": 1,
        },
        tasks={"chexpert_effusion": [2, 1], "chexpert_edema": [1, 1]},
        states={"Consolidation": None, "Pneumothorax": 0, "Fracture": 1},
    ),
    "mimic_cxr_jpg": Expected(
        image="00000001-0a0b0c0d-11112222-33334444-55556661",
        values={
            "findings": "Lung Opacity|Support Devices",
            "patient_id": "10000032",
            "study_id": "50414267",
            "view_position": "LATERAL",
            "published_split": "training",
            "original_height": 3056,
        },
        counts={"patients": 2, "studies": 3, "training": 3, "validation": 2, "absent": 1},
        remarks={"absent_image": 1, "stray_file": 1, "uncertain_finding": 2, "unread_format": 0},
        tasks={"mimic_effusion": [2, 2], "mimic_opacity": [0, 2]},
        states={"Pneumonia": None, "Pleural Effusion": 0, "Lung Opacity": 1},
    ),
    "vindr_cxr": Expected(
        image="train/00000000000000000000000000000001",
        values={"findings": "Cardiomegaly|Pneumonia", "published_split": "training"},
        counts={"patients": 0, "training": 3, "test": 2, "boxes": 3, "absent": 1},
        remarks={"readers_disagree": 1, "absent_image": 1, "stray_file": 1, "unplaced_box": 0},
        tasks={"vindr_abnormal": [2, 3], "vindr_cardiomegaly": [4, 1]},
        states={"No finding": 0, "Other disease": 0, "Pneumonia": 1},
        boxes=[("Cardiomegaly", 1, 2, 6, 4.5), ("Cardiomegaly", 1.5, 2, 5.5, 4)],
    ),
    "vinbigdata": Expected(
        image="train/00000000000000000000000000000001",
        values={"findings": "Cardiomegaly|Aortic enlargement", "original_width": 2304},
        counts={"training": 5, "boxes": 4, "absent": 1, "unlabelled": 0},
        remarks={
            **{"readers_disagree": 1, "one_reader": 3, "unplaced_box": 1, "clipped_box": 1},
            **{"absent_image": 1, "stray_file": 1, "possible_separator": 0},
        },
        tasks={"vinbigdata_abnormal": [2, 3]},
        boxes=[
            ("Cardiomegaly", 600, 1400, 1200, 500),
            ("Cardiomegaly", 610, 1390, 1180, 500),
            ("Aortic enlargement", 900, 800, 300, 300),
        ],
    ),
    "padchest": Expected(
        image="12_b-1",
        values={
            "findings": "pleural effusion|COPD signs|atypical pneumonia",
            "patient_id": "313572750430997347",
            "view_position": "AP",
            "age": 43.0,
            "gender": "M",
        },
        counts={"patients": 5, "studies": 5, "absent": 1, "unlabelled": 1},
        remarks={"vague_label": 2, "absent_image": 1, "stray_file": 1, "unlabelled_image": 1},
        tasks={"padchest_normal": [2, 1], "padchest_effusion": [2, 1], "padchest_nodule": [3, 1]},
        states={"normal": 0, "pneumonia": 0, "pleural effusion": 1},
    ),
    "siim_acr": Expected(
        image="151781",
        values={"findings": "pneumothorax", "original_width": 1024, "published_split": "training"},
        counts={"studies": 4, "training": 5, "masks": 3, "absent": 1},
        remarks={"absent_image": 1, "stray_file": 1, "broken_mask": 0},
        tasks={"siim_acr_pneumothorax": [3, 2]},
    ),
    "tbx11k": Expected(
        image="tb/tb0002",
        values={"findings": "active TB|latent TB", "published_split": "validation"},
        counts={"training": 4, "validation": 3, "boxes": 3, "absent": 1},
        remarks={"absent_image": 1, "stray_file": 2, "odd_table": 0},
        tasks={"tbx11k_class": [3, 1, 3], "tbx11k_tb": [4, 3]},
        boxes=[("active TB", 1, 1, 3, 3), ("latent TB", 6, 2, 3, 3)],
    ),
    **NAMED_EXPECTED,
}


def count_all(catalog: Catalog) -> dict[str, Any]:
    """Return what the counts of `Expected` are compared with."""
    images = catalog.images
    return {
        "patients": images["patient_id"].nunique(),
        "studies": images["study_id"].nunique(),
        "absent": images["path"].isna().sum(),
        "boxes": len(catalog.boxes),
        "masks": len(catalog.masks),
        "unlabelled": images["findings"].isna().sum(),
        **images["published_split"].value_counts(),
    }


def test_every_known_dataset_has_a_fake_and_says_what_it_is_read_as() -> None:
    assert set(KNOWN) == set(KNOWN_FAKES) == set(EXPECTED)


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_dataset_is_read_as_it_is_published(name: str, tmp_path: Path) -> None:
    want, root = EXPECTED[name], tmp_path / "outer" / "data"
    n_images = KNOWN_FAKES[name](root)

    assert find_dataset(tmp_path / "outer") == (name, root)
    catalog = open_dataset(tmp_path / "outer", tmp_path / "cache")

    assert len(catalog.images) == n_images
    check_accounts(catalog)
    image = catalog.images[catalog.images["image_id"].str.endswith(want.image)].iloc[0]
    assert image[list(want.values)].to_dict() == want.values
    states = align_states(catalog).loc[image.name]
    known = states.astype(object).where(states.notna(), None).to_dict()
    assert {finding: known[finding] for finding in want.states} == want.states
    counts = count_all(catalog)
    assert {key: counts.get(key, 0) for key in want.counts} == want.counts
    boxes = catalog.boxes[catalog.boxes["image_id"] == image["image_id"]]
    assert list(boxes.drop(columns="image_id").itertuples(index=False, name=None)) == want.boxes
    remarks = {remark.kind: remark.count for remark in catalog.remarks}
    assert {kind: remarks.get(kind, 0) for kind in want.remarks} == want.remarks
    for name_of_task, task in tasks_of(name).items():
        try:
            of_class = encode_catalog(catalog, task).sum().tolist()
        except UnlabelledError:  # a finding of which nothing is known here
            of_class = []
        assert of_class == want.tasks.get(name_of_task, of_class), name_of_task
    assert want.tasks.keys() <= tasks_of(name).keys()


@pytest.mark.parametrize("name", [name for name, known in KNOWN.items() if known.tables])
def test_a_table_with_other_columns_is_another_dataset(name: str, tmp_path: Path) -> None:
    KNOWN_FAKES[name](tmp_path)
    for path in [p for p in tmp_path.rglob("*") if p.suffix in (".csv", ".gz", ".txt")]:
        is_packed = path.suffix == ".gz"
        text = gzip.decompress(path.read_bytes()) if is_packed else path.read_bytes()
        text = b"x" + text.replace(b",", b",y").replace(b" ", b" y")
        path.write_bytes(gzip.compress(text) if is_packed else text)

    with pytest.raises(DatasetError, match="is not .*expected"):
        READERS[name].read(tmp_path)


# One image of two sets that lie side by side is of one set.
@pytest.mark.parametrize("name", [name for name in KNOWN if name != "montgomery_shenzhen"])
def test_a_few_images_of_a_known_dataset_in_another_format_are_recognised(
    name: str, tmp_path: Path
) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    n_images = KNOWN_FAKES[name](whole)
    KNOWN_FAKES[name](part)
    all_images = READERS[name].read(whole).images.set_index("path")
    kept, *others = sorted(all_images.index.dropna())
    for path in others:
        (part / path).unlink()
    if not KNOWN[name].original:
        copy = (part / kept).with_suffix(".jpeg")
        copy.unlink(missing_ok=True)
        (part / kept).unlink()
        write_image(copy)

    catalog = open_dataset(part, tmp_path / "cache")

    assert catalog.source == name
    there = catalog.present
    assert there["image_id"].tolist() == [all_images.at[kept, "image_id"]]
    # No image has the labels or the patient of another one, which is absent.
    columns = ["findings", "patient_id", "study_id", "age", "gender", "view_position"]
    assert there.iloc[0][columns].equals(all_images.loc[kept, columns].rename(there.index[0]))
    if KNOWN[name].tables:  # which name the absent ones, too
        assert len(catalog.images) == n_images
        absent = {remark.kind: remark.count for remark in catalog.remarks}["absent_image"]
        assert absent == n_images - 1


def test_without_their_tables_images_have_what_their_paths_say(tmp_path: Path) -> None:
    KNOWN_FAKES["mimic_cxr_jpg"](tmp_path / "mimic")
    for name in ("metadata", "split"):
        (tmp_path / "mimic" / f"mimic-cxr-2.0.0-{name}.csv.gz").unlink()

    catalog = open_dataset(tmp_path / "mimic", tmp_path / "cache")

    assert catalog.source == "mimic_cxr_jpg"
    assert catalog.present["patient_id"].value_counts().to_dict() == {"10000032": 3, "11000011": 2}
    assert catalog.images["findings"].notna().all()
    messages = [one.message for one in catalog.remarks if one.kind == "missing_table"]
    assert len(messages) == 2
    assert "split.csv.gz is absent, so the published subsets are unknown" in messages[1]
    assert list_unaccounted(catalog) == ([], [])


def test_a_copy_of_vinbigdata_without_original_sizes_has_no_boxes(tmp_path: Path) -> None:
    KNOWN_FAKES["vinbigdata"](tmp_path / "data")
    (tmp_path / "data" / "train_meta.csv").unlink()

    catalog = open_dataset(tmp_path / "data", tmp_path / "cache")

    assert catalog.boxes.empty
    assert {one.kind: one.count for one in catalog.remarks}["unplaced_box"] == 5


PNGS = ("train_1", "test_0")
COPIES = {
    "tbx11k": (
        {
            "data.csv": "fname,image_height,image_width,source,bbox,target,tb_type,image_type\n"
            "h0001.png,8,12,train,none,no_tb,none,healthy\n"
            "s0001.png,8,12,val,none,no_tb,none,sick_but_no_tb\n"
            "tb0003.png,8,12,train,\"{'xmin': 2, 'ymin': 1, 'width': 5, 'height': 4}\",tb,"
            "latent_tb,tb\n"
            "tb0004.png,8,12,train,none,tb,none,tb\n"
        },
        ["images/h0001.png", "images/s0001.png", "images/tb0003.png", "images/tb0004.png"],
        {"healthy": 1, "sick but no TB": 1, "latent TB": 1, "TB": 1},
    ),
    "siim_acr": (
        {
            f"stage_1_{name}_images.csv": f"new_filename,ImageId,has_pneumo\n{row}\n"
            for name, row in (("train", "0_train_1_.png,1.2.3,1"), ("test", "0_test_0_.png,1.2,0"))
        },
        [f"png_{kind}/0_{name}_.png" for kind in ("images", "masks") for name in PNGS],
        {"pneumothorax": 1, "no pneumothorax": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COPIES)
def test_copies_that_others_cut_anew_are_the_same_dataset(name: str, tmp_path: Path) -> None:
    tables, images, findings = COPIES[name]
    write_tables(tmp_path / "data", tables)
    for seed, image in enumerate(images):
        write_image(tmp_path / "data" / image, seed=seed)

    catalog = open_dataset(tmp_path / "data", tmp_path / "cache")

    assert catalog.source == name
    assert catalog.images["findings"].value_counts().to_dict() == findings
    assert catalog.images["path"].notna().all()
    assert catalog.images["published_split"].nunique() == 2
    assert set(catalog.masks["kind"]) <= {OF_FINDING}
    assert catalog.images["mask_path"].isna().all()
    for task in tasks_of(name).values():
        assert len(encode_catalog(catalog, task))


def test_a_damaged_or_endless_packed_table_is_another_dataset(tmp_path: Path) -> None:
    KNOWN_FAKES["mimic_cxr_jpg"](tmp_path)
    path = tmp_path / "mimic-cxr-2.0.0-chexpert.csv.gz"
    for content in (path.read_bytes()[:20], b"", gzip.compress(b"a" * 10_000_000)):
        path.write_bytes(content)

        assert READERS["mimic_cxr_jpg"].find_root(tmp_path) is None
