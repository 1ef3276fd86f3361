"""Every reader against the promises of the catalog, and the way from a folder to a catalog."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.datasets.fakes import FAKE_SIZE, fake_kermany, fake_siim_covid19, write_image
from tests.datasets.known_fakes import ALL_FAKES as FAKES
from tests.odd_files import ODD, write_odd_files
from xray_core.catalog import BOX_COLUMNS, COLUMNS, relative_boxes
from xray_core.datasets import (
    READERS,
    detect_dataset,
    find_dataset,
    open_dataset,
    recall_dataset,
)
from xray_core.datasets.known import KNOWN
from xray_core.errors import DatasetError, ImageError
from xray_core.imagefiles.images import read_image

# Recognised by the names of images that all lie in one folder.
BY_IMAGES_ALONE = ("montgomery", "shenzhen", "montgomery_shenzhen", "openi_xml")
# Of a reader that reads by others, whose rows keep their own source.
SOURCES = {
    "siim_radiography": {"siim_covid19", "covid19_radiography"},
    "union": {"kermany", "coronahack"},
}


def test_every_reader_has_a_fake() -> None:
    assert set(FAKES) == set(READERS)


# Those that read files in a way of their own. Of the table's entries a few stand for all: those
# that tables name, those that names alone label, with masks or in XML.
WAYS = (
    *(name for name in READERS if name not in KNOWN),
    *("chexpert", "vindr_cxr", "montgomery", "openi_xml"),
)


@pytest.mark.parametrize("name", READERS)
def test_every_reader_tells_what_its_dataset_is_and_where_it_comes_from(name: str) -> None:
    reader = READERS[name]

    assert len(reader.about.split()) >= 10
    assert reader.known_issues
    assert all(issue.endswith(".") for issue in (reader.about, *reader.known_issues))
    assert reader.citation
    assert reader.licence
    # What nobody publishes as such has no address.
    assert reader.address.startswith("https://") == (
        name not in ("siim_radiography", "union", "folder")
    )
    # Either a handle, or why there is none.
    assert bool(re.fullmatch(r"[\w-]+/[\w-]+", reader.kaggle)) != reader.not_on_kaggle.endswith(".")


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("coronahack", "CoronaHack"),
        ("covid19_radiography", "COVID-19_Radiography_Dataset"),
        ("folder", "a/b"),
        ("kermany", "chest_xray/chest_xray"),
        ("nih_chestxray14", "a/b"),
        ("rsna_pneumonia", "a"),
        ("siim_covid19", "a"),
    ],
)
def test_a_dataset_is_the_same_by_its_root_an_outer_folder_or_a_link(
    name: str, inside: str, tmp_path: Path
) -> None:
    root = tmp_path / "outer" / inside
    FAKES[name](root)
    (tmp_path / "link").symlink_to(tmp_path / "outer")

    for folder in (tmp_path / "outer", root, tmp_path / "link"):
        assert find_dataset(folder) == recall_dataset(folder) == (name, root)
    assert open_dataset(tmp_path / "link", tmp_path / "cache").root == root


def test_what_takes_the_place_of_a_dataset_is_recognised_anew(tmp_path: Path) -> None:
    fake_kermany(tmp_path / "outer" / "chest_xray")
    assert recall_dataset(tmp_path / "outer") == ("kermany", tmp_path / "outer" / "chest_xray")

    (tmp_path / "outer" / "chest_xray").rename(tmp_path / "elsewhere")
    fake_siim_covid19(tmp_path / "outer" / "siim")

    assert recall_dataset(tmp_path / "outer") == ("siim_covid19", tmp_path / "outer" / "siim")


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
    with pytest.raises(
        DatasetError, match=re.escape(str(tmp_path)) + "(: .*class| is not .*expected)"
    ):
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


@pytest.mark.parametrize("name", WAYS)
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


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder that may be read; a folder `out` beside it may not."""
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "out" / "secret.png")
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(tmp_path / "in"))
    return tmp_path / "in"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", WAYS)
def test_what_is_no_plain_file_or_leads_out_is_left_out_and_counted(name: str, gated: Path) -> None:
    FAKES[name](gated / "data")
    before = READERS[name].read(gated / "data")
    image = before.root / before.present["path"].iloc[0]
    write_odd_files(image.parent, gated.parent / "out", image.suffix)

    after = open_dataset(gated / "data", gated / "cache")

    assert after.images["path"].equals(before.images["path"])
    assert not [one for one in after.remarks if one.kind == "unreadable_image"]
    [refused] = [one for one in after.remarks if one.kind == "refused_file"]
    assert refused.count == len(ODD)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["pipe", "out"])
@pytest.mark.parametrize("name", WAYS)
def test_an_image_that_became_something_else_is_not_opened(
    name: str, kind: str, gated: Path
) -> None:
    FAKES[name](gated / "data")
    before = open_dataset(gated / "data", gated / "cache")
    image = before.root / before.present["path"].iloc[0]
    image.unlink()
    write_odd_files(image.parent, gated.parent / "out", image.suffix)
    (image.parent / f"{kind}{image.suffix}").rename(image)

    with pytest.raises(ImageError, match="no plain file|outside the folders"):
        read_image(image)  # as whoever holds the former catalog does
    after = open_dataset(gated / "data", gated / "cache")

    assert before.present["path"].iloc[0] not in set(after.present["path"])
    [refused] = [one for one in after.remarks if one.kind == "refused_file"]
    assert refused.count == len(ODD)


@pytest.mark.parametrize("name", WAYS)
def test_a_linked_folder_of_images_is_read_only_where_it_lies_inside_the_roots(
    name: str, gated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAKES[name](gated / "data")
    before = READERS[name].read(gated / "data")
    folder = (before.root / before.present["path"].iloc[0]).parent
    folder.rename(gated.parent / "far")
    folder.symlink_to(gated.parent / "far")

    if name in BY_IMAGES_ALONE:
        with pytest.raises(DatasetError, match="expected"):
            READERS[name].read(gated / "data")
        return
    without = READERS[name].read(gated / "data")
    monkeypatch.setenv("XRAY_DATA_ROOTS", f"{gated}{os.pathsep}{gated.parent / 'far'}")
    again = READERS[name].read(gated / "data")

    assert len(without.present) < len(before.present)
    [refused] = [one for one in without.remarks if one.kind == "refused_file"]
    assert [Path(one).name for one in refused.examples] == [folder.name]
    assert sorted(again.present["image_id"]) == sorted(before.present["image_id"])


def test_what_was_read_before_the_roots_were_set_is_not_read_from_the_cache(
    gated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAKES["kermany"](gated.parent / "out" / "data")
    monkeypatch.delenv("XRAY_DATA_ROOTS")
    open_dataset(gated.parent / "out" / "data", gated / "cache")

    monkeypatch.setenv("XRAY_DATA_ROOTS", str(gated))

    with pytest.raises(DatasetError, match="outside the folders"):
        open_dataset(gated.parent / "out" / "data", gated / "cache")


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


@pytest.mark.parametrize("file", ["images.parquet", "catalog.json"])
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

    [remark] = [one for one in catalog.remarks if one.kind == "unreadable_image"]
    assert remark.count == 1
    assert "IM-0001-0001.jpeg is empty" in remark.examples[0]
    unreadable = catalog.images.set_index("image_id").loc["train/IM-0001-0001"]
    assert pd.isna(unreadable["width"])
    assert unreadable["file_size"] == 0
    assert catalog.images["width"].notna().sum() == len(catalog.images) - 1
    assert calls == [(done, len(catalog.images)) for done in range(1, len(catalog.images) + 1)]


@pytest.mark.parametrize("name", WAYS)
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

    with pytest.raises(DatasetError, match="is no path: .* 100,000"):
        open_dataset(tmp_path / "union", tmp_path / "cache")


def test_an_unknown_folder_says_why_and_keeps_what_each_reader_expects_folded(
    tmp_path: Path,
) -> None:
    for name in ("scans/a.jpg", "b.jpg", "c.jpg"):
        write_image(tmp_path / name)

    with pytest.raises(DatasetError, match="a single class has images: scans") as error:
        detect_dataset(tmp_path)

    assert all(reader.expects in error.value.details for reader in READERS.values())
    assert "Expected" not in str(error.value)


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
