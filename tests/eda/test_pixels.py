"""Brightness, contrast and mean images of a sample: drawn by seed, measured right, kept."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.eda.conftest import MakeCatalog
from xray_core import eda
from xray_core.catalog import Catalog
from xray_core.eda import pixels


@pytest.fixture
def shades(make_catalog: MakeCatalog) -> tuple[Catalog, pd.Series]:
    """Six flat images of gray level 10, 20 … 60, one half black; ill and well in turn."""
    catalog = make_catalog([{"site": "here" if n < 3 else "there"} for n in range(6)])
    for number, path in enumerate(catalog.images["path"]):
        image = np.full((20, 10), 10 * (number + 1), np.uint8)
        if number == 5:
            image[:10] = 0
        cv2.imwrite(str(catalog.root / path), image)
    labels = pd.Series(["ill", "well"] * 3, dtype="string")
    return catalog, eda.list_members(labels, ["ill", "well"])


def test_image_sizes_hold_disk_and_original(siim: Catalog) -> None:
    sizes = eda.image_sizes(siim).set_index("kind")

    assert sizes.loc["on disk", ["width", "height", "images"]].tolist() == [12, 8, 4]
    assert sizes.loc["original", ["width", "height", "images"]].tolist() == [400, 200, 4]


def test_a_sample_holds_at_most_so_many_of_each_class(shades: tuple[Catalog, pd.Series]) -> None:
    sample = pixels.sample_images(*shades, n_per_class=2)

    assert sample["class"].tolist() == ["ill", "ill", "well", "well"]
    assert set(sample["image_id"][:2]) < {"a", "c", "e"}


def test_the_same_seed_draws_the_same(shades: tuple[Catalog, pd.Series]) -> None:
    draws = {
        tuple(pixels.sample_images(*shades, seed=seed, n_per_class=1)["image_id"])
        for seed in (0, 0, 0, 1, 2, 3)
    }

    assert 1 < len(draws) <= 4


def test_absent_unreadable_and_unlabelled_images_are_not_drawn(make_catalog: MakeCatalog) -> None:
    catalog = make_catalog([{"path": pd.NA}, {"width": pd.NA}, {}, {}])
    labels = pd.Series(["ill", "ill", pd.NA, "ill"], dtype="string")

    sample = pixels.sample_images(catalog, eda.list_members(labels, ["ill"]))

    assert sample["image_id"].tolist() == ["d"]


def test_brightness_and_contrast_are_mean_and_spread(
    shades: tuple[Catalog, pd.Series], tmp_path: Path
) -> None:
    catalog, members = shades
    sample = pixels.sample_images(catalog, members)

    numbers = pixels.measure_pixels(catalog, sample, tmp_path / "cache")

    measured = numbers.images.set_index("image_id")
    levels = {"a": 10, "c": 30, "e": 50, "b": 20, "d": 40, "f": 30}
    assert measured["brightness"].to_dict() == pytest.approx(levels, abs=0.2)
    assert measured.loc["a", "contrast"] == 0
    assert measured.loc["f", "contrast"] == pytest.approx(30, abs=1)  # the edge blurs
    assert measured.loc["f", "site"] == "there"
    assert list(numbers.means) == ["ill", "well"]
    assert (numbers.means["ill"] == 30).all()
    assert numbers.means["well"].shape == (128, 128)


def test_a_file_that_cannot_be_read_is_left_out_and_counted(
    shades: tuple[Catalog, pd.Series], tmp_path: Path
) -> None:
    catalog, members = shades
    (catalog.root / "e.png").write_bytes(b"no image")

    sample = pixels.sample_images(catalog, members)
    numbers = pixels.measure_pixels(catalog, sample, tmp_path / "cache")

    assert numbers.n_unreadable == 1
    assert "e" not in set(numbers.images["image_id"])
    assert (numbers.means["ill"] == 20).all()


def test_what_is_written_is_read_again(shades: tuple[Catalog, pd.Series], tmp_path: Path) -> None:
    catalog, members = shades
    sample = pixels.sample_images(catalog, members)
    numbers = pixels.measure_pixels(catalog, sample, tmp_path / "cache")
    folder = pixels.find_numbers(catalog, sample, tmp_path)

    assert pixels.read_numbers(folder) is None
    pixels.write_numbers(numbers, folder)
    kept = pixels.read_numbers(folder)

    assert kept is not None
    assert kept.images.astype(object).equals(numbers.images.astype(object))
    assert (kept.means["well"] == numbers.means["well"]).all()
    assert not list(folder.glob(".*"))


def test_damaged_numbers_count_as_none(tmp_path: Path) -> None:
    for content in (b"", b"no archive", b"PK\3\4 cut off", b"PK\5\6" + bytes(18)):
        (tmp_path / pixels.NUMBERS).write_bytes(content)
        assert pixels.read_numbers(tmp_path) is None


def test_another_sample_has_another_place(shades: tuple[Catalog, pd.Series]) -> None:
    catalog, members = shades
    places = {
        pixels.find_numbers(catalog, pixels.sample_images(catalog, members, seed, 1), Path("x"))
        for seed in range(4)
    }

    assert len(places) > 1
