"""What was computed by looking into a run's network: files in <run>/explained/.

Each belongs to one checkpoint. Where the run has another one by now, as after going on with its
training, what was computed counts as absent.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.files import open_plain, read_json, stamp_file, write_json
from xray_core.runs.folder import Run

FOLDER, CHECKPOINT = "explained", "checkpoint"


def find_explained(run: Run, name: str) -> Path:
    """Return where the file or folder called `name` lies, whether or not it is there."""
    return run.folder / FOLDER / name


def stamp_network(run: Run) -> list[int]:
    """Return what changes with a run's network; empty where there is none."""
    # Not its number on the disk, which is another in a copy of the run.
    return list(stamp_file(str(run.best_checkpoint)) or ())[:2]


def read_explained(run: Run, name: str) -> dict[str, Any] | None:
    """Return a JSON file of a run; None where there is none, or one of another network.

    Raises:
        RunError: it cannot be read.
    """
    path = find_explained(run, name)
    if not path.is_file():
        return None
    try:
        values = read_json(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is damaged: {error}. Delete it, and compute it anew.") from error
    if not isinstance(values, dict):
        raise RunError(f"{path} is damaged: it holds no record. Delete it, and compute it anew.")
    return values if values.get(CHECKPOINT) == stamp_network(run) else None


def read_array(path: Path) -> NDArray[Any]:
    """Return the array of a .npy file. Raises OSError, or ValueError in words of ours."""
    with open_plain(path) as file:
        try:
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
        except (ValueError, EOFError, TypeError, SyntaxError) as error:
            # NumPy's own words would have a damaged file loaded as a program.
            raise ValueError("it is no whole .npy file") from error


def write_explained(run: Run, name: str, values: Mapping[str, Any]) -> None:
    """Write a JSON file of a run, with the stamp of its network.

    Raises:
        OSError: the disk refuses.
    """
    path = find_explained(run, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {**values, CHECKPOINT: stamp_network(run)})
