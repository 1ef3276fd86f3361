"""How many images a dataset has, from what was kept when it was last opened."""

import json
from pathlib import Path

from tests.datasets.fakes import FAKES, fake_kermany
from xray_core.datasets import open_dataset
from xray_core.datasets.counts import ImageCount, recall_counts


def test_only_datasets_that_were_opened_are_counted_as_they_were_last_read(tmp_path: Path) -> None:
    cache, first, second = tmp_path / "cache", tmp_path / "first", tmp_path / "second"
    fake_kermany(first)
    fake_kermany(second)
    assert recall_counts(cache) == {}
    n_images = len(open_dataset(first, cache).images)

    assert recall_counts(cache) == {first: ImageCount(n_images, n_images)}
    next((first / "train" / "PNEUMONIA").iterdir()).unlink()
    open_dataset(first, cache)
    assert recall_counts(cache) == {first: ImageCount(n_images - 1, n_images - 1)}


def test_images_without_a_file_are_counted_apart(tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "siim"
    FAKES["siim_covid19"](folder)
    catalog = open_dataset(folder, cache)
    assert 0 < len(catalog.present) < len(catalog.images)

    assert recall_counts(cache) == {folder: ImageCount(len(catalog.images), len(catalog.present))}


def test_a_damaged_catalog_counts_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "catalogs" / "0123"
    kept.mkdir(parents=True)
    for content in ("{", "[]", json.dumps({"root": "/data"})):
        (kept / "catalog.json").write_text(content, encoding="utf-8")
        (kept / "images.parquet").write_bytes(b"no parquet")

        assert recall_counts(tmp_path) == {}
