"""What every export asks of the disk: a free name, room, and words where it refuses."""

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from xray_core.catalog import Catalog
from xray_core.datasets import READERS
from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.filling import fill_alone

RESERVED_BYTES = 200 * 2**20  # of the disk that stay free


def check_free(path: Path) -> None:
    """Raise DatasetError if there is a file, or a folder with something in it, at `path`."""
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise DatasetError(f"{path} is there already, and nothing is overwritten. Name another.")


def check_outside(path: Path, catalog: Catalog, opened: Sequence[Path] = ()) -> None:
    """Raise DatasetError if `path` lies in the dataset, which would hold its own export then.

    Args:
        path: where an export is to be written.
        catalog: the dataset; of a union, its members count as well.
        opened: further folders that hold the dataset, such as the one by which it was opened.
    """
    list_roots = READERS[catalog.source].roots
    folders = [*opened, *(list_roots(catalog.root) if list_roots else [catalog.root])]
    for folder in folders:
        if path.resolve().is_relative_to(folder.resolve()):
            raise DatasetError(
                f"{path} lies in the dataset's own folder {folder}, which could not be read as one "
                "dataset any more. Name a place outside it."
            )


def check_space(folder: Path, needed: int) -> None:
    """Raise DatasetError unless `needed` bytes more fit on the disk of `folder`."""
    free = max(0, shutil.disk_usage(folder).free - RESERVED_BYTES)
    if needed > free:
        raise DatasetError(
            f"{folder}: up to {format_bytes(needed)} are needed, and {format_bytes(free)} can be "
            f"used, beside {format_bytes(RESERVED_BYTES)} that stay free. Free some space, export "
            "fewer or smaller images, or choose another disk."
        )


def partial_of(path: Path) -> Path:
    """Return where the file or folder at `path` is written before it is whole."""
    return path.with_name(f".{path.name}.partial")


def forget_partial(path: Path) -> None:
    """Remove what an export to `path` left that did not come to its end."""
    partial = partial_of(path)
    if partial.is_dir():
        shutil.rmtree(partial)
    else:
        partial.unlink(missing_ok=True)


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of writing into a DatasetError that says what to do."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else f"{error.strerror or error}"
        raise DatasetError(
            f"{path} cannot be written: {why}. Free some space, or name a place on another disk "
            "where you may write; nothing of this export is left."
        ) from error


@contextmanager
def new_folder(folder: Path, doing: str = "writing to") -> Iterator[Path]:
    """Give a hidden folder to write into, which becomes `folder` at the end of the context.

    Args:
        folder: to be made, or empty.
        doing: in words, for another process that writes to it at the same time.

    Raises:
        DatasetError: there is something in it already, or the disk refuses.
    """
    folder = folder.absolute()  # "." has no name, and is no more once it is replaced
    with write_errors(folder), fill_alone(folder, doing):
        check_free(folder)
        forget_partial(folder)
        partial = partial_of(folder)
        partial.mkdir(parents=True)
        try:
            yield partial
            if folder.is_dir():  # and empty, as was checked
                folder.rmdir()
            partial.rename(folder)
        except BaseException:
            forget_partial(folder)
            raise
