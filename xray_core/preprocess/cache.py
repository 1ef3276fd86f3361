"""Preprocessed images in one file, decoded once and shared by every run that wants them.

<folder>/<key>.lock           held by the one process that builds
<folder>/<key>/
    pixels.uint8              n images of size x size bytes, row i belongs to paths[i]
    done.uint8                while building: n bytes, 1 where the row in pixels.uint8 is safe
    cache.json                written last; the cache is finished where it exists

A build that is killed goes on where it stood. The key changes with the preprocessing, the
dataset folder, each file's name, size and time of change, and where its lungs are if that counts.
"""

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from xray_core.errors import DatasetError, XrayError
from xray_core.files import format_bytes
from xray_core.preprocess.images import Pixels, read_all_preprocessed
from xray_core.preprocess.regions import Lungs
from xray_core.preprocess.spec import PreprocessSpec

VERSION = 2  # raise it when the same file and spec give other pixels than before
FLUSH_SECONDS = 2.0  # work that a kill may cost
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
PIXELS, DONE, MARKER = "pixels.uint8", "done.uint8", "cache.json"


class BuildStopped(XrayError):
    """`should_stop` ended a build; the next one goes on where it stood."""


@dataclass(frozen=True, eq=False)
class ImageCache:
    """A finished cache.

    Attributes:
        pixels: uint8 (n, size, size), read-only, on disk; row i belongs to paths[i].
        readable: bool (n,); a row that is not readable is black and must not be used.
        unreadable: one row per file left out: path, reason.
        folder: where it lies.
    """

    pixels: NDArray[np.uint8]
    readable: NDArray[np.bool_]
    unreadable: pd.DataFrame
    folder: Path


def open_image_cache(
    root: Path,
    paths: Sequence[str],
    spec: PreprocessSpec,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    lungs: Sequence[Lungs | None] | None = None,
) -> ImageCache:
    """Open the images preprocessed, decoding them first where nobody has yet.

    Several processes may ask at once: one builds, the others wait for it.

    Args:
        root: the dataset folder.
        paths: of n image files, relative to `root`.
        spec: the preprocessing.
        folder: where caches lie; the cache becomes a folder in it.
        progress: called with (images done, n) after each image while building.
        should_stop: asked before each image is written, and while waiting for another process.
        lungs: where they are in each image, see `lung_places`, for a region that needs it.

    Returns:
        The cache. A file that cannot be read, or whose lungs must be known and are not, is left
        out and listed, with the reason.

    Raises:
        DatasetError: there is no path, no file is readable, or the disk is too full.
        BuildStopped: `should_stop` returned True.
    """
    if not paths:
        raise DatasetError(f"{root}: there is no image to preprocess. Choose some images.")
    if not spec.needs_lungs:
        lungs = None
    target = folder / _key(root, paths, spec, lungs)
    if not _is_finished(target, len(paths), spec.size):
        with _alone(target, should_stop):
            if not _is_finished(target, len(paths), spec.size):
                _build(target, root, paths, spec, lungs, progress, should_stop)
    return _open_finished(target, paths, spec.size)


def _key(
    root: Path, paths: Sequence[str], spec: PreprocessSpec, lungs: Sequence[Lungs | None] | None
) -> str:
    # The folder is in it because two unpacked archives may hold files of equal names, sizes
    # and times: to preprocess a moved dataset again is cheaper than to train on wrong pixels.
    steps = asdict(spec)
    if spec.region == "whole":  # as before there were regions: what is decoded stays of use
        del steps["region"]
    if spec.region != "border":
        del steps["border"]
    parts = [VERSION, steps, str(root.resolve()), [_stamp(root, path) for path in paths]]
    parts += [] if lungs is None else [list(map(_plain, lungs))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def _plain(lungs: Lungs | None) -> list[float] | None:
    return None if lungs is None else list(map(float, lungs))


def _stamp(root: Path, path: str) -> tuple[str, int, int]:
    try:
        status = (root / path).stat()
    except OSError:  # missing: left out later, with its reason
        return path, -1, 0
    return path, status.st_size, status.st_mtime_ns


@contextmanager
def _alone(target: Path, should_stop: Callable[[], bool] | None) -> Iterator[None]:
    """Hold the lock of `target`, waiting until another process lets go of it."""
    lock = FileLock(target.with_suffix(".lock"))  # the system frees it when its holder dies
    with _write_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(cancel_check=should_stop)
        except Timeout as error:
            raise BuildStopped("Stopped while another process preprocessed the images.") from error
    try:
        yield
    finally:
        lock.release()


def _is_finished(target: Path, n_images: int, size: int) -> bool:
    # The size tells a whole cache from one whose deletion was interrupted.
    pixels = target / PIXELS
    return (
        (target / MARKER).is_file()
        and pixels.is_file()
        and pixels.stat().st_size == n_images * size * size
    )


def _open_finished(target: Path, paths: Sequence[str], size: int) -> ImageCache:
    failures: dict[str, str] = json.loads((target / MARKER).read_text(encoding="utf-8"))
    readable = np.ones(len(paths), bool)
    readable[[int(row) for row in failures]] = False
    unreadable = pd.DataFrame(
        {
            "path": [paths[int(row)] for row in failures],
            "reason": list(failures.values()),
        },
        dtype="string",
    )
    pixels = np.memmap(target / PIXELS, np.uint8, "r", shape=(len(paths), size, size))
    return ImageCache(pixels, readable, unreadable, target)


def _build(
    target: Path,
    root: Path,
    paths: Sequence[str],
    spec: PreprocessSpec,
    lungs: Sequence[Lungs | None] | None,
    progress: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> None:
    failures: dict[int, str] = {}
    with _Partial(target, len(paths), spec.size) as image_file:
        todo = [int(row) for row in np.flatnonzero(~image_file.done)]
        n_done = len(paths) - len(todo)
        image_file.check_space(len(todo))
        read = read_all_preprocessed(
            [root / paths[row] for row in todo],
            spec,
            None if lungs is None else [lungs[row] for row in todo],
        )
        try:
            for row, result in zip(todo, read, strict=True):
                if should_stop is not None and should_stop():
                    raise BuildStopped(f"Stopped with {n_done} of {len(paths)} images done.")
                if isinstance(result, XrayError):
                    failures[row] = str(result)
                else:
                    image_file.write(row, result)
                n_done += 1
                if progress is not None:
                    progress(n_done, len(paths))
        finally:
            image_file.flush()
    if len(failures) == len(paths):
        shutil.rmtree(target)
        raise DatasetError(
            f"{root}: none of the {len(paths)} images can be read. "
            f"The first, {paths[0]}: {failures[0]}"
        )
    with _write_errors(target):
        marker = target / f"{MARKER}.partial"
        with marker.open("w", encoding="utf-8") as file:
            json.dump(failures, file)
            file.flush()
            os.fsync(file.fileno())
        marker.replace(target / MARKER)
        (target / DONE).unlink()


class _Partial:
    """The two files of a cache that is being built.

    Pixels are written as to any file, not through a memory map: there a full disk raises an
    error, where a map would kill the process with SIGBUS.
    """

    def __init__(self, target: Path, n_images: int, size: int) -> None:
        self._target, self._row_bytes = target, size * size
        with _write_errors(target):
            target.mkdir(exist_ok=True)
            (target / MARKER).unlink(missing_ok=True)  # finished once, then damaged
            self.done = _read_done(target, n_images, n_images * self._row_bytes)
            if not self.done.any():
                # In this order, or a kill in between leaves old marks beside new, black pixels.
                (target / DONE).write_bytes(bytes(n_images))
                with (target / PIXELS).open("wb") as file:
                    file.truncate(n_images * self._row_bytes)
            self._pixels = (target / PIXELS).open("r+b", buffering=0)
            self._done = (target / DONE).open("r+b", buffering=0)
        self._flushed = time.monotonic()

    def __enter__(self) -> "_Partial":
        return self

    def __exit__(self, *error: Any) -> None:
        self._pixels.close()
        self._done.close()

    def check_space(self, n_images: int) -> None:
        """Raise DatasetError if `n_images` more do not fit on the disk."""
        needed, free = n_images * self._row_bytes, shutil.disk_usage(self._target).free
        if needed > free:
            what = f"{format_bytes(needed)} are needed and {format_bytes(free)} are free"
            raise _full_disk(self._target, what)

    def write(self, row: int, image: Pixels) -> None:
        """Write one image; it counts as done from the next flush on."""
        with _write_errors(self._target):
            self._pixels.seek(row * self._row_bytes)
            left = memoryview(image.tobytes())
            while left:  # an unbuffered file may take a part
                left = left[self._pixels.write(left) :]
        self.done[row] = True
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Bring the pixels to the disk, then mark them done: never the other way round."""
        with _write_errors(self._target):
            os.fsync(self._pixels.fileno())
            self._done.seek(0)
            self._done.write(self.done.tobytes())
            os.fsync(self._done.fileno())
        self._flushed = time.monotonic()


def _read_done(target: Path, n_images: int, n_bytes: int) -> NDArray[np.bool_]:
    pixels, done = target / PIXELS, target / DONE
    if pixels.is_file() and pixels.stat().st_size == n_bytes and done.is_file():
        marks = np.fromfile(done, np.uint8)
        if len(marks) == n_images:
            return np.asarray(marks == 1, bool)
    return np.zeros(n_images, bool)


@contextmanager
def _write_errors(place: Path) -> Iterator[None]:
    """Turn an OSError of writing into a DatasetError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise _full_disk(place, "the disk ran full while writing") from error
        raise DatasetError(
            f"{place}: preprocessed images cannot be written there ({error}). "
            "Make the folder writable, or set XRAY_HOME to another one."
        ) from error


def _full_disk(place: Path, what: str) -> DatasetError:
    return DatasetError(
        f"{place}: no space for the preprocessed images: {what}. Free some space (old caches "
        f"in {place.parent} may be deleted), choose a smaller preprocess.size, or set XRAY_HOME "
        "to a folder on a larger disk. What is done is kept."
    )
