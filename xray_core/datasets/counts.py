"""How many images the known datasets have, without opening any of them."""

import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pyarrow import ArrowException
from pyarrow.parquet import read_metadata


def recall_counts(cache: Path) -> dict[Path, int]:
    """Return root -> number of images for each dataset that was opened, as it was last read.

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
def _count(path: Path, written: int) -> tuple[Path, int] | None:
    try:
        root = json.loads(path.read_text(encoding="utf-8"))["root"]
        return Path(root), int(read_metadata(path.with_name("images.parquet")).num_rows)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ArrowException):
        return None  # damaged: it is made anew when the dataset is opened
