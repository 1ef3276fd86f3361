"""Masks: from files and run lengths to pixels, united, outlined, and as thumbnails."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xray_core.catalog import LUNGS, OF_FINDING, Catalog, build_catalog
from xray_core.errors import XrayError
from xray_core.preprocess.mask_pixels import read_mask_file, scale_mask, unite_masks
from xray_core.preprocess.masks import MAX_OUTLINES, outline_mask, read_mask
from xray_core.preprocess.thumbnails import create_thumbnails, decode_mask, unite_thumbnails

INSIDE = np.zeros((40, 60), dtype=bool)
INSIDE[10:30, 5:25] = True


def draw_mask(path: Path, kind: str) -> Path:
    """Store `INSIDE` as datasets do."""
    grays = INSIDE.astype(np.uint8)
    if kind == "two classes":
        colors = Image.fromarray(grays + (grays > 0) * np.eye(40, 60, dtype=np.uint8), mode="P")
        colors.putpalette([0, 0, 0, 0, 0, 128, 224, 224, 192])  # black, dark blue, nearly white
        colors.save(path.with_suffix(".png"))
        return path.with_suffix(".png")
    if kind == "one bit":
        Image.fromarray(INSIDE).save(path.with_suffix(".png"))
        return path.with_suffix(".png")
    suffix = ".jpg" if kind == "JPEG" else ".png"
    Image.fromarray(grays * (1 if kind == "zeros and ones" else 255)).save(path.with_suffix(suffix))
    return path.with_suffix(suffix)


@pytest.mark.parametrize(
    "kind", ["black and white", "zeros and ones", "one bit", "two classes", "JPEG"]
)
def test_a_mask_is_what_is_not_black_however_it_is_stored(kind: str, tmp_path: Path) -> None:
    path = draw_mask(tmp_path / "mask", kind)

    assert (read_mask_file(path) == INSIDE).all()
    [thumbnail] = create_thumbnails([path], 30, tmp_path / "kept", are_masks=True)
    assert (decode_mask(thumbnail) == INSIDE[::2, ::2]).mean() > 0.95
    assert decode_mask(thumbnail).shape == (20, 30)


def test_an_empty_mask_has_nothing_inside(tmp_path: Path) -> None:
    Image.new("L", (6, 4)).save(tmp_path / "mask.png")

    assert not read_mask_file(tmp_path / "mask.png").any()
    assert outline_mask(np.zeros((4, 6), dtype=bool)) == []


def make_catalog(root: Path, runs: str = "1 2 7 2", **sizes: int) -> Catalog:
    Image.new("L", (3, 5)).save(root / "a.png")
    Image.fromarray(INSIDE).save(root / "lungs.png")
    (root / "broken.png").write_bytes(b"no image")
    rows = [{"image_id": "a", "path": "a.png", **sizes}, {"image_id": "b", "path": None}]
    masks = [
        {"image_id": "a", "kind": LUNGS, "path": "lungs.png"},
        {"image_id": "a", "kind": OF_FINDING, "finding": "Mass", "path": "broken.png"},
        {"image_id": "a", "kind": OF_FINDING, "finding": "Mass", "runs": runs},
        {"image_id": "b", "kind": OF_FINDING, "runs": runs},
    ]
    return build_catalog(root, "folder", rows, masks=masks)


@pytest.mark.parametrize(
    "sizes", [{}, {"width": 3, "height": 5}, {"original_width": 4, "original_height": 6}]
)
def test_run_lengths_are_as_large_as_the_original_or_the_file(
    sizes: dict[str, int], tmp_path: Path
) -> None:
    catalog = make_catalog(tmp_path, **sizes)
    [row] = catalog.masks[catalog.masks["runs"].notna()].iloc[:1].to_dict("records")

    mask = read_mask(catalog, row)

    height = sizes.get("original_height", 5)
    assert mask.shape == (height, sizes.get("original_width", 3))
    assert mask.dtype == bool
    assert np.flatnonzero(mask.T).tolist() == [0, 1, 6, 7]  # down each column, from 1
    [lungs] = catalog.masks[catalog.masks["kind"] == LUNGS].to_dict("records")
    assert (read_mask(catalog, lungs) == INSIDE).all()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"path": "broken.png"}, "broken.png is not an image"),
        ({"path": "gone.png"}, "gone.png"),
        ({"path": None, "runs": "1 99"}, "A mask of a cannot be drawn.*does not fit"),
        ({"path": None, "runs": "1 x"}, "A mask of a cannot be drawn"),
        ({"path": None, "runs": None}, "neither a file nor run lengths"),
        ({"path": None, "runs": "1 2", "image_id": "b"}, "no file that tells the size"),
    ],
)
def test_a_mask_that_cannot_be_read_says_why(
    place: dict[str, str | None], reason: str, tmp_path: Path
) -> None:
    catalog = make_catalog(tmp_path)

    with pytest.raises(XrayError, match=reason):
        read_mask(catalog, {"image_id": "a", "path": None, "runs": None} | place)


def test_a_size_that_no_computer_holds_is_refused(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path, original_width=10**7, original_height=10**7)

    with pytest.raises(XrayError, match="10,?000,?000"):
        read_mask(catalog, {"image_id": "a", "path": None, "runs": "1 2"})


def test_left_and_right_lung_are_one_mask_also_of_different_sizes() -> None:
    left, right = np.zeros((2, 20, 20), dtype=bool)
    left[5:15, 2:8], right[5:15, 12:18] = True, True

    united = unite_masks([scale_mask(left, (10, 10)), right])

    assert united.shape == (20, 20)
    assert united[10, 4]
    assert united[10, 14]
    assert not united[10, 10]


def test_thumbnails_of_several_masks_become_one(tmp_path: Path) -> None:
    whole, half = np.zeros((2, 40, 60), dtype=bool)
    whole[:, :20], half[:, 40:] = True, True
    for name, mask in (("left", whole), ("right", half)):
        Image.fromarray(mask).save(tmp_path / f"{name}.png")
    paths = [tmp_path / f"{name}.png" for name in ("left", "right", "gone")]

    both = unite_thumbnails(create_thumbnails(paths, 30, tmp_path / "kept", are_masks=True))

    shares = decode_mask(both).mean(axis=0)
    assert (shares[[2, 27]] == 1).all()
    assert shares[15] == 0
    assert unite_thumbnails([]).jpeg == b""


def test_shrinking_loses_no_small_lesion() -> None:
    mask = np.zeros((512, 512), dtype=bool)
    mask[100, 300] = True

    small = scale_mask(mask, (64, 64))

    assert np.argwhere(small).tolist() == [[12, 37]]


def test_outlines_follow_the_edges_as_fractions_of_the_image() -> None:
    ring = INSIDE.copy()
    ring[15:25, 10:20] = False

    outer, hole = sorted(outline_mask(ring), key=np.ptp, reverse=True)

    assert np.allclose(outer.min(axis=0), (5.5 / 60, 10.5 / 40))
    assert np.allclose(outer.max(axis=0), (24.5 / 60, 29.5 / 40))
    assert len(outer) == 4
    assert np.ptp(hole[:, 0]) < np.ptp(outer[:, 0])


def test_a_mask_of_many_specks_is_outlined_more_coarsely_and_whole() -> None:
    specks = np.zeros((256, 256), dtype=bool)
    specks[::4, ::4] = True

    outlines = outline_mask(specks)

    assert 0 < len(outlines) <= MAX_OUTLINES
    corners = np.concatenate(outlines)
    assert corners.min() < 0.02
    assert corners.max() > 0.97
