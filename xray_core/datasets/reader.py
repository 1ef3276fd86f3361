"""What X-ray Lab knows of one kind of dataset: how to recognise and read its folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xray_core.catalog import Catalog, Remark
from xray_core.datasets.published import PublishedFile
from xray_core.paths import is_folder, list_folder

N_EXAMPLES = 5
READERS_VERSION = 13  # raise it when a reader returns something else for the same folder


@dataclass(frozen=True)
class Reader:
    """One entry of `xray_core.datasets.READERS`; the texts are shown as they are.

    Attributes:
        title: the dataset's name, for a person.
        expects: the files that make the folder recognisable, in one phrase.
        find_root: folder -> the folder that directly holds the dataset, which may lie a
            level or two deeper; None if the folder holds something else. Must be cheap.
        read: folder -> catalog; raises DatasetError. Sizes are measured later.
        claims: path of an image file, relative to the root -> whether the reader reads it, or
            knows it as one that it leaves out, by its name and its folder alone. A dataset whose
            folders hold mostly other images is not this one.
        about: what it is, in one or two sentences.
        known_issues: what is known to be wrong with it, a sentence each.
        address: where the authors publish it; "" for what nobody publishes as such.
        citation: what to cite.
        licence: the terms of the data, in one phrase.
        kaggle: "owner/name" of the dataset on Kaggle; "" if it is not there.
        not_on_kaggle: where `kaggle` is "", why, and what to do instead, in a sentence.
        files: what the authors publish under fixed addresses, tables first; () if they do not.
        generic: whether it reads folders of any origin; asked only when no other reader fits.
        roots: dataset folder -> the folders that hold its data; None: that folder alone.
    """

    title: str
    expects: str
    find_root: Callable[[Path], Path | None]
    read: Callable[[Path], Catalog]
    claims: Callable[[str], bool]
    about: str
    known_issues: tuple[str, ...]
    address: str
    citation: str
    licence: str
    kaggle: str
    not_on_kaggle: str = ""
    files: tuple[PublishedFile, ...] = ()
    generic: bool = False
    roots: Callable[[Path], Sequence[Path]] | None = None


REFUSED = (
    "Files and links left out, as they are no plain files, have names that are no text, or lead "
    "nowhere, in a circle or out of the folders that may be read"
)


def count_remark(kind: str, names: Sequence[str], what: str) -> Remark:
    """Return a remark on `names`, whose message is "<what>: <how many>."."""
    message = f"{what}: {len(names):,}."
    return Remark(kind, len(names), message, tuple(names[:N_EXAMPLES]), tuple(names))


def claims_all(path: str) -> bool:
    """Claim every image: of a dataset whose table names each, and whose reader counts the rest."""
    return True


def find_holder(folder: Path, holds_dataset: Callable[[Path], bool]) -> Path | None:
    """Return `folder`, or the only folder directly in it, that holds a dataset; see `Reader`.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    if holds_dataset(folder):
        return folder
    inner = [path for path in list_folders(folder) if holds_dataset(path)]
    return inner[0] if len(inner) == 1 else None


def list_folders(folder: Path) -> list[Path]:
    """Return the folders directly in `folder`, sorted, hidden ones left out; none if it is none.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    if not is_folder(folder):
        return []
    return [folder / name for name in list_folder(folder).folders]


def absent_remark(images: pd.DataFrame, expected: str) -> Remark:
    """Return a remark on the images whose file is absent.

    Args:
        images: `image_id`, and `path`, which is missing where the file is absent.
        expected: where such files are looked for, in one phrase.
    """
    absent = images.loc[images["path"].isna(), "image_id"]
    message = f"{len(absent):,} of {len(images):,} images are absent; expected {expected}."
    return Remark("absent_image", len(absent), message, tuple(absent[:N_EXAMPLES]))


def refused_remark(names: Sequence[str]) -> Remark:
    """Return a remark on what `paths.list_folder` and `walk_folders` refused."""
    return count_remark("refused_file", names, REFUSED)
