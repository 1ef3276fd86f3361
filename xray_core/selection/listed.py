"""Images that somebody picked one by one, named by a short word that fits an address.

<XRAY_HOME>/cache/listed/<word>.json: the dataset's folder and the images. The word follows from
them, so that the same images have the same address.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from xray_core.errors import XrayError
from xray_core.files import format_json, read_json, write_json
from xray_core.records import build_record
from xray_core.workspace import Workspace

LENGTH = 20  # hexadecimal digits of a word
WORD = re.compile(rf"[0-9a-f]{{{LENGTH}}}")


class ListError(XrayError):
    """A word of an address names no list of images that is there."""


class Listed(TypedDict):
    """The file.

    Attributes:
        folder: of the dataset.
        image_ids: each once.
    """

    folder: str
    image_ids: list[str]


def write_listed(workspace: Workspace, folder: Path, image_ids: Sequence[str]) -> str:
    """Keep a list of images; return the word that names it. Raises OSError.

    Args:
        workspace: the folders.
        folder: of the dataset.
        image_ids: at least one.
    """
    listed = Listed(folder=str(folder.resolve()), image_ids=sorted(set(image_ids)))
    word = hashlib.sha256(format_json(listed).encode()).hexdigest()[:LENGTH]
    if not (path := _place(workspace, word)).is_file():
        write_json(path, listed, lasting=False)
    return word


def read_listed(workspace: Workspace, word: str, folder: Path) -> list[str]:
    """Return the images that a word names.

    Args:
        workspace: the folders.
        word: of an address, of any origin.
        folder: of the dataset that is shown.

    Raises:
        ListError: there is no such list, or it is of another dataset.
    """
    try:
        if not WORD.fullmatch(word):
            raise ValueError("it is no word of a list")
        listed = build_record(Listed, read_json(_place(workspace, word)), "listed")
    except (OSError, ValueError) as error:
        raise ListError(
            f"The list of images {word[:40]!r} is not here any more: it may have been deleted with "
            "the cache. Choose the images again."
        ) from error
    if listed["folder"] != str(folder.resolve()):
        raise ListError(
            f"The chosen images are of another dataset, in {listed['folder']}. Open that one."
        )
    return listed["image_ids"]


def _place(workspace: Workspace, word: str) -> Path:
    return workspace.cache / "listed" / f"{word}.json"
