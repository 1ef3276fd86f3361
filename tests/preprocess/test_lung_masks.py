"""Where the lungs are: a dataset's own masks first, then predicted ones, each with its reason."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from xray_core.catalog import LUNGS, OF_FINDING, Catalog, build_catalog
from xray_core.errors import DatasetError
from xray_core.preprocess.lung_masks import (
    ABOUT,
    OWN,
    PIXELS,
    PREDICTED,
    SIDE,
    About,
    find_lung_masks,
    prepare_mask,
    stamp_image,
    write_predicted_lungs,
)
from xray_core.preprocess.spec import PreprocessSpec

LEFT, RIGHT = np.zeros((2, 40, 60), np.uint8)
LEFT[10:30, 5:25] = 255
RIGHT[10:30, 35:55] = 255


def make_catalog(root: Path) -> Catalog:
    """Two lungs in two files, run lengths of 3 x 5 px, an empty mask, a broken one, and none."""
    for name, gray in (("left", LEFT), ("right", RIGHT), ("black", 0 * LEFT)):
        Image.fromarray(gray).save(root / f"{name}.png")
    (root / "broken.png").write_bytes(b"no image")
    names = ("two", "runs", "empty", "broken", "bare", "lesion")
    for name in names:
        Image.new("L", (600, 400)).save(root / f"{name}_image.png")
    rows = [
        {
            "image_id": name,
            "path": f"{name}_image.png",
            "original_width": 3,
            "original_height": 5,
        }
        for name in names
    ]
    masks = [
        {"image_id": "two", "kind": LUNGS, "path": "left.png"},
        {"image_id": "two", "kind": LUNGS, "path": "right.png"},
        {"image_id": "runs", "kind": LUNGS, "runs": "1 2 7 2"},
        {"image_id": "empty", "kind": LUNGS, "path": "black.png"},
        {"image_id": "broken", "kind": LUNGS, "path": "broken.png"},
        {"image_id": "lesion", "kind": OF_FINDING, "finding": "mass", "path": "left.png"},
    ]
    return build_catalog(root, "folder", rows, masks=masks)


def keep_predicted(catalog: Catalog, cache: Path) -> None:
    """Keep a mask of "bare", one of nothing for "lesion", and one that no mask of "two" needs."""
    names = ["bare", "lesion", "two"]
    pixels = np.zeros((3, SIDE, SIDE), np.uint8)
    pixels[0, 64:192, 32:96] = 1
    files = [f"{name}_image.png" for name in names]
    stamps = np.array([stamp_image(catalog.root, file) for file in files])
    images = pd.DataFrame({"image_id": names, "path": files})
    images = images.assign(file_size=stamps[:, 0], changed=stamps[:, 1], width=600, height=400)
    images = images.assign(share=0.1, n_pieces=1, doubt=["only one lung", "", ""], reason="")
    about = About(
        folder=str(catalog.root),
        run="run",
        nickname="run",
        checkpoint=[1, 2],
        made_at="2026-01-01T00:00:00Z",
        n=3,
        n_implausible=1,
        n_without=0,
    )

    def write_pixels(file: BinaryIO) -> None:
        file.write(pixels.tobytes())

    write_predicted_lungs(catalog.root, cache, write_pixels, lambda: (about, images))


def test_own_masks_come_first_united_and_each_lack_says_why(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    names = ["two", "runs", "empty", "broken", "bare"]

    masks = find_lung_masks(catalog, tmp_path / "cache")
    two, runs, *others = masks.read(names)

    assert two.pixels is not None
    assert (two.pixels == (LEFT | RIGHT) // 255).all()
    assert runs.pixels is not None
    assert (runs.pixels.shape, runs.pixels.sum()) == ((5, 3), 4)
    assert [mask.pixels for mask in others] == [None] * 3
    reasons = [mask.reason for mask in others]
    assert reasons[0] == "its lung mask is empty"
    assert "broken.png" in reasons[1]
    assert "none was predicted" in reasons[2]
    assert masks.count(names) == {OWN: 4, PREDICTED: 0, "none": 1}


def test_predicted_masks_fill_in_and_have_the_proportions_of_the_image(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    keep_predicted(catalog, tmp_path / "cache")

    masks = find_lung_masks(catalog, tmp_path / "cache")
    bare, lesion, two = masks.read(["bare", "lesion", "two"])

    assert bare.pixels is not None
    assert bare.pixels.shape == (171, 256)
    assert bare.pixels.mean() == pytest.approx(1 / 8, abs=0.005)
    assert (bare.source, bare.doubt, two.source) == (PREDICTED, "only one lung", OWN)
    assert lesion.reason == "the network saw no lungs in it"
    padded = prepare_mask(bare, PreprocessSpec(size=30, resize="pad"))
    assert padded is not None
    assert padded.shape == (30, 30)
    assert (padded[:5].max(), padded[15, 6], padded.max()) == (0, 1, 1)

    Image.new("L", (500, 400)).save(tmp_path / "bare_image.png")
    [changed] = masks.read(["bare"])
    assert "has changed since" in changed.reason


def test_the_digest_changes_with_a_mask_file_and_with_what_was_predicted(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    before = find_lung_masks(catalog, tmp_path / "cache").digest(["two", "bare"])
    Image.fromarray(LEFT[:30]).save(tmp_path / "left.png")
    redrawn = find_lung_masks(catalog, tmp_path / "cache").digest(["two", "bare"])
    keep_predicted(catalog, tmp_path / "cache")
    predicted = find_lung_masks(catalog, tmp_path / "cache").digest(["two", "bare"])

    assert len({before, redrawn, predicted}) == 3


@pytest.mark.parametrize("name", [ABOUT, PIXELS])
def test_damaged_predictions_are_refused_with_what_to_do(name: str, tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    keep_predicted(catalog, tmp_path / "cache")
    [file] = (tmp_path / "cache").rglob(name)
    file.write_bytes(b"1")

    with pytest.raises(DatasetError, match="predict them again"):
        find_lung_masks(catalog, tmp_path / "cache")
