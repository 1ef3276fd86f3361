"""Fingerprints of image files, for finding copies and odd files; each file is read once.

<cache>/fingerprints/<key of the dataset folder>/
    <any name>.parquet      a portion of the rows; written as the reading goes on, joined at its end

A row belongs to a file's path, size and time of change, so only new files are read, and a
reading that is killed goes on where it stood.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
from filelock import FileLock, Timeout

from xray_core.bounded import map_bounded
from xray_core.catalog import Catalog
from xray_core.errors import XrayError
from xray_core.preprocess.cache import BuildStopped
from xray_core.preprocess.fingerprint_file import fingerprint_file

VERSION = 3  # raise it when the same file gives another row
PORTION_FILES = 256  # files whose reading a kill may cost

# Column -> dtype, one row per image of the catalog.
COLUMNS = {
    "digest": "string",  # equal where shape and gray pixels are; <NA>: absent or unreadable
    "signature": "object",  # bytes: the image stretched to uint8 (32, 32); None as above
    "brightness": "Float64",  # mean gray level, 0 to 255
    "contrast": "Float64",  # standard deviation of the gray levels, 0 to 127.5
    "n_isolated": "Int64",  # pixels left out of the range of grays, see `DecodedImage`
    "orientation": "Int64",  # as stored, 1 (upright) to 8
    "n_letters": "Int64",  # of the longest row of letters in the pixels, see `count_letters`
    "pattern": "Float64",  # how far one stands out, see `measure_pattern`; <NA>: too small
    "bits": "Int64",  # of a pixel as stored, see `StoredGrays`
    "highest": "Float64",  # gray value as stored
    "camera": "boolean",  # whether EXIF names the aperture of a lens
    "format": "string",  # by the file's first bytes: "JPEG", "PNG" ...; <NA>: another one
    "reason": "string",  # why the file cannot be read, else <NA>
}
STAMP = {"path": "string", "size": "int64", "changed": "int64"}  # bytes, ns


def read_fingerprints(
    catalog: Catalog,
    cache_folder: Path,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> pd.DataFrame:
    """Return a fingerprint of each image, decoding only the files that nobody has read yet.

    Two files have the same digest if they decode to the same gray pixels, whatever their
    format. No image is kept; several processes may ask at once.

    Args:
        catalog: the dataset.
        cache_folder: the workspace's cache; `fingerprints/<key>` in it is written.
        progress: called with (files done, files present) as they are read.
        should_stop: asked after each file, and while waiting for another process.

    Returns:
        `COLUMNS`, index of `catalog.images`. An absent image is <NA> throughout; of an
        unreadable one only `reason` and perhaps `format` are known.

    Raises:
        BuildStopped: `should_stop` returned True; what is done is kept.
        OSError: the disk refuses.
    """
    folder = _folder(catalog.root, cache_folder)
    wanted = _stamp(catalog)
    kept = _read_selected(folder, wanted)
    if len(kept) < len(wanted):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_suffix(".lock"))  # the system frees it when its holder dies
        try:
            lock.acquire(cancel_check=should_stop)
        except Timeout as error:
            raise BuildStopped("Stopped while another process read the images.") from error
        try:
            kept = _read_missing(folder, catalog.root, wanted, progress, should_stop)
        finally:
            lock.release()
    rows = kept.set_index("path").reindex(catalog.images["path"])
    return rows[list(COLUMNS)].set_axis(catalog.images.index)


def read_kept_digests(root: Path, cache_folder: Path) -> pd.Series:
    """Return the digests that `read_kept` returns; index: the image's path."""
    return read_kept(root, cache_folder)["digest"]


def read_kept(root: Path, cache_folder: Path) -> pd.DataFrame:
    """Return what an audit has left of the pixels of a dataset's images; no image is read.

    Args:
        root: the dataset's folder, which need not be there any more.
        cache_folder: the workspace's cache.

    Returns:
        digest and signature, as in `COLUMNS`, none missing; index: the image's path as in the
        catalog. A file that has changed since is left out; one that has gone is not.
    """
    columns = ["digest", "signature"]
    portions = [portion for _, portion in _read_portions(_folder(root, cache_folder))]
    if not portions:
        return _table([]).set_index("path")[columns]
    rows = pd.concat(portions).sort_values("changed").drop_duplicates("path", keep="last")
    rows = rows[rows["digest"].notna()]
    as_read = []
    for path, size, changed in rows[list(STAMP)].itertuples(index=False):
        try:
            status = (root / path).stat()
            as_read.append((status.st_size, status.st_mtime_ns) == (size, changed))
        except OSError:
            as_read.append(True)
    return rows[as_read].set_index("path")[columns]


def _folder(root: Path, cache_folder: Path) -> Path:
    key = hashlib.sha256(f"{VERSION} {root.resolve()}".encode()).hexdigest()[:20]
    return cache_folder / "fingerprints" / key


def _stamp(catalog: Catalog) -> pd.DataFrame:
    """Return path, size and time of change of each file; size -1 where it has gone."""
    rows = []
    for path in catalog.present["path"].unique():
        try:
            status = (catalog.root / path).stat()
            rows.append((path, status.st_size, status.st_mtime_ns))
        except OSError:  # its reading says why
            rows.append((path, -1, 0))
    return pd.DataFrame(rows, columns=list(STAMP)).astype(STAMP)


def _read_selected(folder: Path, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return the kept rows of the files as they are now."""
    portions = [portion for _, portion in _read_portions(folder)]
    if not portions:
        return _table([])
    return pd.concat(portions).merge(wanted, on=list(STAMP)).drop_duplicates("path")


def _read_portions(folder: Path) -> Iterator[tuple[Path, pd.DataFrame]]:
    for file in sorted(folder.glob("*.parquet")):
        try:
            table = pd.read_parquet(file)
            yield file, table[[*STAMP, *COLUMNS]].astype({**STAMP, **COLUMNS})
        except (OSError, ValueError, KeyError):  # damaged, or just joined by another process
            continue


def _read_missing(
    folder: Path,
    root: Path,
    wanted: pd.DataFrame,
    progress: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> pd.DataFrame:
    """Read what is not kept, in portions; return all rows."""
    kept = _read_selected(folder, wanted)
    todo: list[dict[Any, Any]] = wanted[~wanted["path"].isin(kept["path"])].to_dict("records")
    done, fresh = len(kept), []
    for start in range(0, len(todo), PORTION_FILES):
        rows: list[dict[str, Any]] = []
        portion = todo[start : start + PORTION_FILES]
        read = map_bounded(fingerprint_file, [(str(root / stamp["path"]),) for stamp in portion])
        try:
            for stamp, row in zip(portion, read, strict=True):
                known = {"reason": str(row)} if isinstance(row, XrayError) else row
                rows.append({**stamp, **known})
                done += 1
                if progress is not None:
                    progress(done, len(wanted))
                if should_stop is not None and should_stop():
                    raise BuildStopped(f"Stopped with {done} of {len(wanted)} images read.")
        finally:
            fresh.append(_table(rows))
            # What cannot be read today may be readable tomorrow: it is tried again.
            _write(folder, fresh[-1][fresh[-1]["reason"].isna()])
    _join(folder)
    return pd.concat([kept, *fresh])


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*STAMP, *COLUMNS]).astype({**STAMP, **COLUMNS})


def _join(folder: Path) -> None:
    """Make one file of all portions; of a path read twice, the newer row counts."""
    portions = list(_read_portions(folder))
    if len(portions) < 2:
        return
    rows = pd.concat([portion for _, portion in portions])
    _write(folder, rows.sort_values("changed").drop_duplicates("path", keep="last"))
    for file, _ in portions:
        file.unlink()


def _write(folder: Path, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    name = uuid4().hex
    draft = folder / f"{name}.partial"
    try:
        rows.to_parquet(draft, index=False)
        draft.replace(folder / f"{name}.parquet")
    finally:
        draft.unlink(missing_ok=True)
