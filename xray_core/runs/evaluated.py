"""Which images a run was evaluated on, as a word that two runs share if these are the same."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pandas as pd

from xray_core.errors import RunError
from xray_core.runs.folder import Run

KEY = "images"  # of a report: what `sign_images` says of those that it is of


def sign_images(predictions: pd.DataFrame, subset: str) -> str:
    """Return a digest of the images of a subset that have a prediction; "" if none has.

    Args:
        predictions: as `Run.read_predictions` returns them.
        subset: "validation" or "test".
    """
    evaluated = (predictions["subset"] == subset) & predictions["predicted"].notna()
    is_one = evaluated.to_numpy("bool", na_value=False)
    names = sorted(predictions["image_id"].to_numpy("object")[is_one].tolist())
    return hashlib.sha256("\n".join(names).encode()).hexdigest() if names else ""


def find_validated(run: Run, report: Mapping[str, Any]) -> str | None:
    """Return the digest of a run's validation images.

    Args:
        run: evaluated.
        report: its own; where it does not say, the predictions do.

    Returns:
        As `sign_images` does; None where the predictions cannot be read.
    """
    own = report if report.get("subset") == "validation" else report.get("validation")
    if isinstance(own, Mapping) and isinstance(known := own.get(KEY), str):
        return known
    with suppress(RunError):  # the run's own page says that they are damaged
        return sign_images(run.read_predicted(), "validation")
    return None
