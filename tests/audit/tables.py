"""Audited tables for the tests of single checks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from xray_core.audit import DataIssue
from xray_core.catalog import build_catalog
from xray_core.preprocess.fingerprints import COLUMNS

SUBSETS = ("training", "validation", "test")


def make_images(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return an audited table with these values, all other columns unknown."""
    numbered = [
        {"image_id": f"i{n:04d}", "path": f"i{n:04d}.png", **row} for n, row in enumerate(rows)
    ]
    images = build_catalog(Path("nowhere"), "made_up", numbered).images
    added = pd.DataFrame(numbered).reindex(columns=["label", "subset", *COLUMNS])
    added = added.astype({"label": "string", **COLUMNS})
    added["subset"] = pd.Categorical(added["subset"], categories=SUBSETS)
    return images.join(added)


def find(issues: Sequence[DataIssue], code: str) -> DataIssue:
    """Return the one issue of a code."""
    (found,) = (one for one in issues if one.code == code)
    return found
