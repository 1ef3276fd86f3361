"""Small catalogs whose numbers can be counted by hand."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from xray_core.catalog import Catalog, build_catalog
from xray_core.datasets import open_dataset

MakeCatalog = Callable[..., Catalog]


@pytest.fixture
def siim(siim_folder: Path, tmp_path: Path) -> Catalog:
    """Five images: one absent, two with boxes (three boxes in all)."""
    return open_dataset(siim_folder, tmp_path / "cache")


@pytest.fixture
def make_catalog(tmp_path: Path) -> MakeCatalog:
    """Return a function that makes a catalog of images of 100 × 200 px named a, b, c."""

    def make(
        rows: list[dict[str, Any]],
        boxes: Sequence[tuple[Any, ...]] = (),
        masks: Sequence[dict[str, Any]] = (),
        states: dict[str, list[int | None]] | None = None,
        source: str = "siim_covid19",
    ) -> Catalog:
        size = {"width": 100, "height": 200, "original_width": 100, "original_height": 200}
        names = ("image_id", "finding", "x", "y", "width", "height")
        return build_catalog(
            tmp_path,
            source,
            [
                {"image_id": chr(97 + n), "path": f"{chr(97 + n)}.png", **size, **row}
                for n, row in enumerate(rows)
            ],
            [dict(zip(names, box, strict=True)) for box in boxes],
            masks=masks,
            finding_states=pd.DataFrame(
                {"image_id": [chr(97 + n) for n in range(len(rows))], **states}
            )
            if states
            else None,
        )

    return make
