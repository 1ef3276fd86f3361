"""Exports: prepared images, and a sample that opens again with the same labels."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.datasets.fakes import FAKES
from xray_core.archives.groups import find_group
from xray_core.archives.unpacking import unpack_archives
from xray_core.catalog import Catalog, relative_boxes
from xray_core.datasets import open_dataset
from xray_core.eda import name_labels
from xray_core.errors import DatasetError
from xray_core.exports import disk, draw_sample, export_prepared, write_sample
from xray_core.exports.names import safe_name, unique_names
from xray_core.preprocess.images import read_preprocessed
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.tasks import align_states
from xray_core.workspace import Workspace

SPEC = PreprocessSpec(size=32)


@pytest.fixture
def kermany(kermany_folder: Path, tmp_path: Path) -> Catalog:
    return open_dataset(kermany_folder, tmp_path / "cache")


def export(catalog: Catalog, folder: Path) -> pd.DataFrame:
    """Export with Kermany's three classes; return the table beside the images."""
    labels = name_labels(catalog, "kermany_cause")
    export_prepared(catalog, folder, SPEC, labels, catalog.images["published_split"])
    return pd.read_csv(folder / "labels.csv", dtype="string")


def test_prepared_images_are_those_of_the_network_with_the_label_in_the_name(
    kermany: Catalog, tmp_path: Path
) -> None:
    table = export(kermany, tmp_path / "out")

    images = kermany.present.set_index("image_id")
    assert sorted(table["image_id"]) == sorted(images.index)
    for row in table.to_dict("records"):
        pixels = np.asarray(Image.open(tmp_path / "out" / row["file"]))
        original = kermany.root / images.at[row["image_id"], "path"]
        np.testing.assert_array_equal(pixels, read_preprocessed(original, SPEC))
        assert row["file"].startswith(f"images/{row['label']}_")
        assert row["subset"] == images.at[row["image_id"], "published_split"]
        assert row["patient"] == images.at[row["image_id"], "patient_id"]
    again = open_dataset(tmp_path / "out", tmp_path / "cache")
    assert sorted(again.images["findings"]) == sorted(table["label"])
    assert sorted(again.images["published_split"]) == sorted(table["subset"])
    assert "CC BY 4.0" in (tmp_path / "out" / "about.txt").read_text("utf-8")


def test_nothing_is_overwritten_and_an_empty_folder_is_filled(
    kermany: Catalog, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    export(kermany, out)

    with pytest.raises(DatasetError, match="nothing is overwritten"):
        export(kermany, out)


def test_a_bad_image_is_counted_and_named(kermany: Catalog, tmp_path: Path) -> None:
    path = kermany.present["path"].iloc[0]
    (kermany.root / path).write_bytes(b"no image")
    labels = kermany.images["findings"]

    done = export_prepared(kermany, tmp_path / "out", SPEC, labels, labels)

    assert done.n_images == len(kermany.present) - 1
    assert done.left_out["path"].tolist() == [path]
    listed = pd.read_csv(tmp_path / "out" / "left_out.csv")
    assert listed["reason"].str.contains("is not an image").all()


def test_an_export_that_is_stopped_or_finds_no_room_leaves_nothing(
    kermany: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = kermany.images["findings"]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_prepared(kermany, tmp_path / "out", SPEC, labels, labels, stop)
    with pytest.raises(KeyboardInterrupt):
        write_sample(kermany, kermany.present, tmp_path / "out.zip", stop)
    monkeypatch.setattr(disk, "RESERVED_BYTES", 2**62)
    with pytest.raises(DatasetError, match="Free some space"):
        export_prepared(kermany, tmp_path / "out", SPEC, labels, labels)
    with pytest.raises(DatasetError, match="Free some space"):
        write_sample(kermany, kermany.present, tmp_path / "out.zip")

    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_a_killed_export_is_no_obstacle_to_the_next(kermany: Catalog, tmp_path: Path) -> None:
    left = tmp_path / ".out.partial" / "images"
    left.mkdir(parents=True)
    (left / "half.png").write_bytes(b"half")

    table = export(kermany, tmp_path / "out")

    assert len(list((tmp_path / "out" / "images").iterdir())) == len(table)
    assert not left.exists()


def test_names_are_safe_and_no_two_are_alike() -> None:
    assert safe_name("../a b|c?.png") == "a_b_c_.png"
    assert len(safe_name("ä" * 300).encode()) <= 100
    assert unique_names(["x", "X", "x-2"]) == ["x", "X-2", "x-2-2"]


@pytest.mark.parametrize("name", ["siim_covid19", "kermany", "nih_chestxray14", "folder"])
def test_a_sample_opens_from_its_archive_with_the_same_labels(name: str, tmp_path: Path) -> None:
    FAKES[name](tmp_path / name)
    catalog = open_dataset(tmp_path / name, tmp_path / "cache")
    workspace = Workspace(tmp_path / "home")
    file = workspace.data / "sample.zip"

    done = write_sample(catalog, catalog.present, file)
    unpack_archives(find_group(workspace, "sample"), workspace)

    again = open_dataset(workspace.data / "sample", tmp_path / "cache")
    assert done.n_images == len(again.images) == len(catalog.present)
    key = pd.read_csv(again.root / "labels.csv", dtype="string").set_index("file")["image_id"]
    images = again.images.assign(image_id=again.images["path"].map(key))
    both = images.merge(catalog.images, on="image_id", suffixes=("", " before"))
    assert len(both) == len(images)
    for column in ("findings", "patient_id", "published_split", "age", "gender", "view_position"):
        pd.testing.assert_series_equal(both[column], both[f"{column} before"], check_names=False)
    for new, old in both[["path", "path before"]].itertuples(index=False):
        assert (again.root / new).read_bytes() == (catalog.root / old).read_bytes()
    sides = ["x", "y", "width", "height"]
    before = relative_boxes(catalog)
    before = before[before["image_id"].isin(both["image_id"])][sides].sort_values(sides)
    after = relative_boxes(again)[sides].sort_values(sides)
    np.testing.assert_allclose(after.to_numpy(), before.to_numpy(), atol=1e-4)


def test_a_sample_keeps_what_is_known_of_each_finding_and_its_masks(tmp_path: Path) -> None:
    FAKES["covid19_radiography"](tmp_path / "data")
    catalog = open_dataset(tmp_path / "data", tmp_path / "cache")
    states = pd.DataFrame({"image_id": catalog.images["image_id"]})
    states["Edema"] = pd.array([1, 0, None] * len(states), dtype="Int8")[: len(states)]
    known = Catalog(**{**vars(catalog), "finding_states": states})

    done = write_sample(known, known.present, tmp_path / "sample.zip")

    with zipfile.ZipFile(done.file) as archive:
        archive.extractall(tmp_path)
        texts = {Path(info).name for info in archive.namelist()}
    assert {"about.txt", "labels.csv", "xray_dataset.json"} <= texts
    again = open_dataset(tmp_path / "sample", tmp_path / "cache")
    of_present = known.masks["image_id"].isin(known.present["image_id"]).sum()
    assert len(again.masks) == of_present - done.n_masks_left_out > 0
    table = pd.read_csv(again.root / "labels.csv").set_index("file")["image_id"]
    order = again.images["path"].map(table)
    expected = align_states(known).set_axis(known.images["image_id"]).loc[order, "Edema"]
    assert align_states(again)["Edema"].tolist() == expected.tolist()


def test_a_sample_has_whole_patients_and_each_class(tmp_path: Path) -> None:
    FAKES["kermany"](tmp_path / "data")
    small = open_dataset(tmp_path / "data", tmp_path / "cache")
    n_images = 200
    images = (
        pd.DataFrame(
            {
                "image_id": [f"i{n:03}" for n in range(n_images)],
                "path": [f"i{n:03}.png" for n in range(n_images)],
                "patient_id": [f"p{n // 2}" for n in range(n_images)],
            }
        )
        .reindex(columns=list(small.images.columns))
        .astype(small.images.dtypes.to_dict())
    )
    catalog = Catalog(small.root, small.source, images, small.boxes)
    labels = pd.Series(["rare" if n < 20 else "usual" for n in range(n_images)], dtype="string")

    drawn = draw_sample(catalog, labels, 40, seed=3)

    assert 36 <= len(drawn) <= 44
    assert (drawn["patient_id"].value_counts() == 2).all()
    assert 2 <= (labels[drawn.index] == "rare").sum() <= 6
    assert drawn.index.tolist() == draw_sample(catalog, labels, 40, seed=3).index.tolist()
    assert drawn.index.tolist() != draw_sample(catalog, labels, 40, seed=4).index.tolist()
    assert len(draw_sample(catalog, labels, 999, seed=0)) == n_images
    with pytest.raises(DatasetError, match="ask for 1 or more"):
        draw_sample(catalog, labels, 0, seed=0)
