"""Every reader against the promises of the catalog, and the way from a folder to a catalog."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.datasets.fakes import FAKE_SIZE, FAKES, fake_kermany, fake_siim_covid19, write_image
from xray_core.catalog import BOX_COLUMNS, COLUMNS, relative_boxes
from xray_core.datasets import READERS, detect_dataset, open_dataset
from xray_core.errors import DatasetError

# Of a reader that reads by others, whose rows keep their own source.
SOURCES = {"siim_radiography": {"siim_covid19", "covid19_radiography"}}


def test_every_reader_has_a_fake() -> None:
    assert set(FAKES) == set(READERS)


@pytest.mark.parametrize("name", READERS)
def test_reader_keeps_the_catalog_promises(name: str, tmp_path: Path) -> None:
    n_images = FAKES[name](tmp_path)

    catalog = READERS[name].read(tmp_path)

    assert catalog.images.dtypes.astype(str).to_dict() == COLUMNS
    assert catalog.boxes.dtypes.astype(str).to_dict() == BOX_COLUMNS
    assert catalog.source == name
    assert set(catalog.images["source"]) == SOURCES.get(name, {name})
    assert len(catalog.images) == n_images
    assert catalog.images["image_id"].is_unique
    assert len(catalog.present) >= 4
    assert all((catalog.root / path).is_file() for path in catalog.present["path"])


@pytest.mark.parametrize("name", READERS)
def test_every_box_lies_in_its_image(name: str, tmp_path: Path) -> None:
    FAKES[name](tmp_path)

    boxes = relative_boxes(READERS[name].read(tmp_path))

    assert (boxes[["x", "y"]].to_numpy() >= 0).all()
    assert (boxes[["width", "height"]].to_numpy() > 0).all()
    assert (boxes["x"] + boxes["width"] <= 1).all()
    assert (boxes["y"] + boxes["height"] <= 1).all()


@pytest.mark.parametrize("name", READERS)
def test_reader_refuses_a_folder_of_something_else(name: str, tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "a.jpg")

    assert READERS[name].find_root(tmp_path) is None
    with pytest.raises(DatasetError, match=re.escape(f"{tmp_path} is not") + ".*expected"):
        READERS[name].read(tmp_path)


@pytest.mark.parametrize("name", READERS)
def test_every_dataset_is_recognised_and_measured(name: str, tmp_path: Path) -> None:
    FAKES[name](tmp_path / "data")

    catalog = open_dataset(tmp_path / "data", tmp_path / "cache")

    assert catalog.source == name
    assert set(catalog.present["width"]) == {FAKE_SIZE[0]}
    assert set(catalog.present["height"]) == {FAKE_SIZE[1]}
    first = catalog.present.iloc[0]
    assert first["file_size"] == (catalog.root / first["path"]).stat().st_size
    absent = catalog.images[catalog.images["path"].isna()]
    assert absent[["width", "height", "file_size"]].isna().all(axis=None)


@pytest.mark.parametrize("name", READERS)
def test_a_second_opening_reads_no_dataset(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAKES[name](tmp_path / "data")
    first = open_dataset(tmp_path / "data", tmp_path / "cache")
    monkeypatch.setattr("xray_core.datasets.measure_images", None)  # calling it would raise

    second = open_dataset(tmp_path / "data", tmp_path / "cache")

    pd.testing.assert_frame_equal(first.images, second.images)
    pd.testing.assert_frame_equal(first.boxes, second.boxes)
    assert (first.root, first.source, first.remarks) == (second.root, second.source, second.remarks)


def test_a_new_image_is_seen_at_the_next_opening(kermany_folder: Path, tmp_path: Path) -> None:
    before = open_dataset(kermany_folder, tmp_path / "cache")
    write_image(kermany_folder / "test/NORMAL/IM-0001-0001.jpeg")

    after = open_dataset(kermany_folder, tmp_path / "cache")

    assert len(after.images) == len(before.images) + 1


def test_a_changed_table_is_seen_at_the_next_opening(siim_folder: Path, tmp_path: Path) -> None:
    open_dataset(siim_folder, tmp_path / "cache")
    table = siim_folder / "train_study_level.csv"
    table.write_bytes(
        table.read_bytes().replace(b"5776db0cec75_study,0,1", b"5776db0cec75_study,1,0")
    )

    images = open_dataset(siim_folder, tmp_path / "cache").images

    assert images["findings"].tolist()[0] == "Negative for Pneumonia"


@pytest.mark.parametrize("file", ["images.parquet", "boxes.parquet", "catalog.json"])
@pytest.mark.parametrize("damage", ["emptied", "halved", "deleted"])
def test_a_damaged_cache_is_built_again(
    kermany_folder: Path, tmp_path: Path, file: str, damage: str
) -> None:
    before = open_dataset(kermany_folder, tmp_path / "cache")
    [kept] = (tmp_path / "cache").rglob(file)
    content = kept.read_bytes()
    kept.write_bytes({"emptied": b"", "halved": content[: len(content) // 2]}.get(damage, b""))
    if damage == "deleted":
        kept.unlink()

    after = open_dataset(kermany_folder, tmp_path / "cache")

    pd.testing.assert_frame_equal(before.images, after.images)
    assert kept.read_bytes() == content


def test_an_unreadable_image_is_named_and_the_rest_measured(
    kermany_folder: Path, tmp_path: Path
) -> None:
    (kermany_folder / "train/NORMAL/IM-0001-0001.jpeg").write_bytes(b"")
    calls: list[tuple[int, int]] = []

    catalog = open_dataset(
        kermany_folder, tmp_path / "cache", progress=lambda done, total: calls.append((done, total))
    )

    [remark] = catalog.remarks
    assert (remark.kind, remark.count) == ("unreadable_image", 1)
    assert "IM-0001-0001.jpeg is empty" in remark.examples[0]
    unreadable = catalog.images.set_index("image_id").loc["train/IM-0001-0001"]
    assert pd.isna(unreadable["width"])
    assert unreadable["file_size"] == 0
    assert catalog.images["width"].notna().sum() == len(catalog.images) - 1
    assert calls == [(done, len(catalog.images)) for done in range(1, len(catalog.images) + 1)]


@pytest.mark.parametrize("name", READERS)
def test_a_folder_below_that_may_not_be_listed_is_an_error_that_names_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its images would be missing, and nobody would know."""
    FAKES[name](tmp_path / "data")
    inner = max(
        (path.parent for path in tmp_path.rglob("*") if path.suffix in (".png", ".jpg", ".jpeg")),
        key=lambda path: len(path.parts),
    )
    for function in ("scandir", "listdir"):
        real = getattr(os, function)

        def refuse(place: Any = ".", real: Callable[[Any], Any] = real) -> Any:
            if Path(place) == inner:
                raise PermissionError(13, "Permission denied", str(place))
            return real(place)

        monkeypatch.setattr(os, function, refuse)

    with pytest.raises(DatasetError, match=f"{re.escape(str(inner))} cannot be .*Permission"):
        open_dataset(tmp_path / "data", tmp_path / "cache")


def test_a_union_of_an_impossible_path_is_an_error_in_words(tmp_path: Path) -> None:
    FAKES["siim_radiography"](tmp_path / "union")
    path = tmp_path / "union" / "union.json"
    named = json.loads(path.read_text())
    named["members"]["covid19_radiography"] = "n" * 100_000
    path.write_text(json.dumps(named))

    with pytest.raises(DatasetError, match="too long"):
        open_dataset(tmp_path / "union", tmp_path / "cache")


def test_an_unknown_folder_is_described_with_what_each_reader_expects(tmp_path: Path) -> None:
    for name in ("scans/a.jpg", "b.jpg", "c.jpg"):
        write_image(tmp_path / name)

    with pytest.raises(DatasetError, match="1 folder and 2 files: scans, b.jpg, c.jpg") as error:
        detect_dataset(tmp_path)

    assert all(reader.expects in str(error.value) for reader in READERS.values())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere", "does not exist"),
        ("archive.zip", "is a file. Extract it first"),
        ("empty", "is empty"),
        ("cluttered", "is empty"),
    ],
)
def test_a_folder_that_cannot_hold_a_dataset_has_its_own_message(
    tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "archive.zip").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "cluttered").mkdir()
    (tmp_path / "cluttered/.DS_Store").touch()

    with pytest.raises(DatasetError, match=re.escape(f"{tmp_path / name} {reason}")):
        detect_dataset(tmp_path / name)


def test_two_datasets_in_one_folder_are_not_guessed_between(tmp_path: Path) -> None:
    fake_kermany(tmp_path / "chest_xray")
    fake_siim_covid19(tmp_path / "siim")

    with pytest.raises(DatasetError, match="several datasets: kermany, siim_covid19"):
        detect_dataset(tmp_path)
