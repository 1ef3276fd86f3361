"""Labels that the names of image files hold, as in covid.12.png or MCUCXR_0001_0.png."""

import posixpath
import re
from collections import Counter
from collections.abc import Sequence

from xray_core.datasets.folder.layout import Layout
from xray_core.datasets.folder.names import is_label, split_words, without_suffix, word_set

NAMED_SHARE = 0.6  # of the images that must have a label in their names
MAX_NAMED = 10  # different labels that names of files may hold
MAX_NUMBERED = 2  # of them that are numbers, as 0 and 1; more are counters
# How cameras, scanners and programs call their files, and how Kermany's begin.
NAMES_OF_FILES = word_set(
    "img image images dsc dscn dscf pxl dcim scan photo pic picture screenshot file xray cxr "
    "chest im person patient subject case study view frame slice copy"
)


def label_of_name(path: str, where: str) -> str:
    """Return the label at the "start" or the "end" of a file's name; "" if there is none.

    >>> label_of_name("train/covid.12.png", "start"), label_of_name("MCUCXR_0001_0.png", "end")
    ('covid', '0')
    """
    stem = without_suffix(posixpath.basename(path))
    if where == "start":
        match = re.match(r"[^\W\d_]+(?:[ _-][^\W\d_]+)*(?=[\s._()-]*\d|$)", stem)
        return match[0] if match else ""
    return re.split(r"[\s._()-]+", stem.rstrip("() "))[-1] if re.search(r"[\s._()-]", stem) else ""


def guess_label_place(images: Sequence[str]) -> str:
    """Return whether the names of files hold a label at their "start" or "end"; "" if neither.

    They do where most share a few words, each of which several images have. A start that is no
    word of findings, as in CHNCXR_0001_0.png and MCUCXR_0001_0.png, may say where images are from.
    """
    places = {}
    for where in ("start", "end"):
        counts = Counter(label_of_name(path, where) for path in images)
        counts.pop("", 0)
        if where == "start":  # a letter alone is no word
            counts = Counter({label: n for label, n in counts.items() if len(label) > 1})
        n_numbers = sum(map(str.isdigit, counts))
        if any(map(_is_no_label, counts)) or n_numbers > MAX_NUMBERED:
            continue
        several = {label: n for label, n in counts.items() if n > 1}
        is_told = 2 <= len(several) <= MAX_NAMED and several.keys() == counts.keys()
        if is_told and sum(several.values()) >= NAMED_SHARE * len(images):
            places[where] = several
    if "start" in places and (len(places) == 1 or any(map(is_label, places["start"]))):
        return "start"
    return next(reversed(places), "")


def labels_lie_in_names(images: Sequence[str], layout: Layout) -> bool:
    """Whether the names of files hold labels that folders, called by no finding, do not tell apart.

    So it is where each of these labels is that of several images of one folder, and folders hold
    several labels: "China/CHNCXR_0001_0.png" and "China/CHNCXR_0327_1.png".
    """
    if any(map(is_label, layout.classes)) or not (where := guess_label_place(images)):
        return False
    pairs: Counter[tuple[str, str]] = Counter()
    for path in images:
        label = label_of_name(path, where)
        folder = layout.places[posixpath.dirname(path)].label
        if label and folder:
            pairs[folder, label] += 1
    often = {label for (_, label), n in pairs.items() if n > 1}
    labels = {label for _, label in pairs}
    return often == labels and len(pairs) > len({folder for folder, _ in pairs})


def _is_no_label(text: str) -> bool:
    """Whether a piece of a file's name is how cameras or programs call all files, or a counter."""
    if text.isdigit():
        return len(text) > 1
    return set(split_words(text)) <= NAMES_OF_FILES
