"""What many runs were trained with, read from their recipes once: plain fields, unchecked."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from xray_core.files import read_json, stamp_file
from xray_core.runs.folder import Run


def read_fields(run: Run) -> Mapping[str, Any] | None:
    """Return the fields of a run's recipe as its file has them; None where it cannot be read.

    Of hundreds of runs: a file that has not changed is not read again. Nobody may change what is
    returned.
    """
    path = str(run.folder / "recipe.json")
    return _read(path, stamp_file(path))


@lru_cache(maxsize=4096)
def _read(path: str, stamp: object) -> Mapping[str, Any] | None:
    try:
        fields = read_json(Path(path))
    except (OSError, ValueError):
        return None
    return fields if isinstance(fields, dict) else None
