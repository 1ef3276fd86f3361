"""Which image files are masks, of which image, and what they show.

    covid/images/a.png   covid/masks/a.png          images/covid/a.png   masks/covid/a.png
    a.png                a_mask.png                 JPEGImages/a.jpg     SegmentationClass/a.png
    images/a.png         lung masks/a.png           infection masks/a.png

A folder called so holds masks and nothing else. A name that ends in _mask is a mask only where
the image without it is there.
"""

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from xray_core.catalog import LUNGS, OF_FINDING
from xray_core.datasets.folder.names import (
    CONTAINER,
    MASK,
    read_name,
    split_words,
    without_suffix,
    word_set,
)

MASK_ENDING = re.compile(r"[ _-]?(lung|left|right)?[ _-]?(masks?|seg|segmentation)$")
LUNG_WORDS = word_set("lung lungs left right manual leftmask rightmask lungmask lungmasks")
# Words of the folders of masks that name nothing which is seen.
OTHER_WORDS = word_set(
    "mask masks segmentation segmentations seg segs class classes object objects ground truth "
    "gt image images data binary png groundtruth groundtruths label labels annotation annotations"
)


@dataclass(frozen=True)
class Mask:
    """A mask file of an image.

    Attributes:
        image, path: relative to the dataset folder.
        kind: `LUNGS` or `OF_FINDING`.
        finding: what the folder's name says that it surrounds; "" if it says nothing.
        is_guess: the folder is called masks alone: whether of lungs, nothing says.
    """

    image: str
    path: str
    kind: str
    finding: str
    is_guess: bool


def pair_masks(pictures: Sequence[str]) -> tuple[tuple[str, ...], list[Mask], list[str]]:
    """Return the images that are no masks, the masks, and the masks that belong to no image.

    Args:
        pictures: image files, relative to the dataset folder, with forward slashes.
    """
    in_mask_folder = {
        folder: any(read_name(name) == MASK for name in folder.split("/"))
        for folder in {posixpath.dirname(path) for path in pictures}
    }
    masks = [path for path in pictures if in_mask_folder[posixpath.dirname(path)]]
    rest = [path for path in pictures if not in_mask_folder[posixpath.dirname(path)]]
    keys = {_key(path): path for path in rest}
    beside = {
        path for path in rest if (key := _key(path, ending=True)) in keys and key != _key(path)
    }
    images = tuple(path for path in rest if path not in beside)
    keys = {_key(path): path for path in images}
    stems: dict[str, list[str]] = defaultdict(list)
    for path in images:
        stems[_key(path)[-1]].append(path)
    pairs, lone = list[Mask](), list[str]()
    for path in sorted([*masks, *beside]):
        key = _key(path, ending=True)
        namesakes = stems.get(key[-1], [])
        image = keys.get(_key(path)) or keys.get(key)
        if image is None and len(namesakes) == 1:
            image = namesakes[0]
        if image is None:
            lone.append(path)
        else:
            pairs.append(_build(image, path))
    return images, pairs, lone


def _build(image: str, path: str) -> Mask:
    folders = posixpath.dirname(path).split("/")
    words = [w for name in folders if read_name(name) == MASK for w in split_words(name)]
    words = words or split_words(posixpath.splitext(posixpath.basename(path))[0])[-2:-1]
    is_lung = bool(LUNG_WORDS & set(words))
    named = [word for word in words if word not in OTHER_WORDS and not word.isdigit()]
    is_class = any("segmentation" in word for word in words)
    if is_lung or not (named or is_class):
        return Mask(image, path, LUNGS, "", not is_lung)
    return Mask(image, path, OF_FINDING, " ".join(named), False)


def _key(path: str, ending: bool = False) -> tuple[str, ...]:
    """Return what an image and its mask share: the folders that say something, and the stem."""
    *folders, name = path.split("/")
    kept = [
        unicodedata.normalize("NFC", folder).casefold()
        for folder in folders
        if read_name(folder) not in (CONTAINER, MASK)
    ]
    stem = unicodedata.normalize("NFC", without_suffix(name)).casefold()
    if ending:
        stem = MASK_ENDING.sub("", stem) or stem
    return (*kept, stem)
