"""How many images the known datasets have, without opening any of them."""

import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pyarrow import ArrowException
from pyarrow.parquet import read_table


class ImageCount(NamedTuple):
    """How many images a dataset has, and of how many the file was there."""

    images: int
    present: int


def recall_counts(cache: Path) -> dict[Path, ImageCount]:
    """Return root -> how many images it has, for each dataset that was opened, as it was last read.

    Args:
        cache: the workspace's; see `open_dataset`.
    """
    kept = []
    for path in (cache / "catalogs").glob("*/catalog.json"):
        with suppress(FileNotFoundError):  # it is being replaced
            kept.append((path.stat().st_mtime_ns, path))
    counts = [_count(path, written) for written, path in sorted(kept)]
    return dict(count for count in counts if count is not None)  # the newest of each root


@lru_cache(maxsize=256)
def _count(path: Path, written: int) -> tuple[Path, ImageCount] | None:
    try:
        root = json.loads(path.read_text(encoding="utf-8"))["root"]
        files = read_table(path.with_name("images.parquet"), columns=["path"])["path"]
        return Path(root), ImageCount(len(files), len(files) - files.null_count)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ArrowException):
        return None  # damaged: it is made anew when the dataset is opened
