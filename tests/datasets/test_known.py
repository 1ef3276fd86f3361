"""Datasets that are entries of a table: each is recognised, read, and complete, also in part."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.expected import Expected
from tests.datasets.known_fakes import KNOWN_FAKES
from tests.datasets.named_expected import NAMED_EXPECTED
from tests.datasets.test_random_folders import check_accounts
from xray_core.catalog import Catalog
from xray_core.datasets import READERS, find_dataset, open_dataset
from xray_core.datasets.known import KNOWN
from xray_core.errors import DatasetError
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
    for task, of_class in want.tasks.items():
        targets = encode_catalog(catalog, tasks_of(name)[task])
        assert targets.sum().tolist() == of_class, task


@pytest.mark.parametrize("name", KNOWN)
def test_every_task_of_a_known_dataset_fits_its_fake(name: str, tmp_path: Path) -> None:
    KNOWN_FAKES[name](tmp_path)
    catalog = open_dataset(tmp_path, tmp_path.with_name("cache"))

    for task in tasks_of(name).values():
        assert len(encode_catalog(catalog, task))


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
