"""Why a folder is not read: the reason first, then what to do about it."""

import posixpath
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from xray_core.datasets.folder.labels_in_names import guess_label_place, label_of_name
from xray_core.datasets.folder.layout import Layout
from xray_core.datasets.folder.mapping import FolderMapping
from xray_core.datasets.folder.names import (
    CLASS,
    SUBSET,
    is_form,
    read_name,
)
from xray_core.datasets.inventory import NO_SUFFIX, OTHER_TABLES, Inventory
from xray_core.errors import DatasetError
from xray_core.imagefiles.other_formats import explain_unreadable
from xray_core.paths import open_file

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
N_SHOWN = 3
MAX_LINK_BYTES = 400  # of a file that holds the target of a link instead of being one
# What people take for radiographs.
SAY_LEVELS = (
    'say that these are classes: `folders` in xray_dataset.json, for example ["class"], or '
    '["subset", "class"].'
)
PICTURES = (
    *(".heic", ".heif", ".avif", ".npy", ".npz", ".nii", ".nii.gz", ".mha", ".mhd", ".nrrd"),
    *(".jp2", ".j2k", ".jxl", ".pgm", ".ppm", ".img", ".raw", ".dng", ".cr2", ".nef"),
)


class MappingNeeded(DatasetError):
    """A folder whose images a table or their names seem to label, once a person agrees.

    Attributes:
        by_table: whether it is a table.
    """

    def __init__(self, message: str, by_table: bool) -> None:
        super().__init__(message)
        self.by_table = by_table


def explain_folder(
    inventory: Inventory,
    layout: Layout | None = None,
    guess: FolderMapping | None = None,
    unreadable: Mapping[str, str] | None = None,
) -> DatasetError:
    """Return the error that says why nothing labels the images of a folder, and what to do.

    Args:
        inventory: what lies in the folder.
        layout: what the names of its folders say; None where there is no image but masks.
        guess: what a table seems to say.
        unreadable: table -> why it cannot be read.
    """
    reasons = [] if layout is None else _explain_labels(inventory, layout, guess, unreadable or {})
    if not inventory.images:
        reasons = _explain_no_image(inventory)
    elif layout is None:
        folder = posixpath.dirname(inventory.images[0])
        reasons = [
            (
                f"all of its {len(inventory.images):,} images are masks by the names of their "
                f"folders, such as {folder}",
                "Add the folder that holds the radiographs, too, or give this one another name.",
            )
        ]
    reason, advice = reasons[0]
    also = "".join(f" Also: {reason}. {advice}" for reason, advice in reasons[1:N_SHOWN])
    named = layout is not None and not layout.classes and guess_label_place(inventory.images)
    message = f"{inventory.root}: {reason}. {advice}{also}"
    if guess or named:
        return MappingNeeded(message, by_table=guess is not None)
    return DatasetError(message)


def _explain_labels(
    inventory: Inventory,
    layout: Layout,
    guess: FolderMapping | None,
    unreadable: Mapping[str, str],
) -> list[tuple[str, str]]:
    """Return (reason, advice) of a folder with images, the most likely first."""
    reasons: list[tuple[str, str]] = []
    tables = [path for path in inventory.tables if not path.lower().endswith(".txt")]
    command = f'Add the folder in the app, or run `python -m xray_core map "{inventory.root}"`'
    if guess:
        named = " and ".join(table.file for table in guess.tables[:N_SHOWN])
        folders = ""
        if not layout.problem:
            folders = (
                ", and the names of folders say something else: "
                f"{', '.join(sorted(layout.classes)[:N_SHOWN])}"
            )
        reasons.append(
            (
                f"the table {named} waits to be mapped: somebody has to say which column is the "
                f"label{folders}",
                f"{command}, which guesses the columns and shows what that gives.",
            )
        )
    elif damaged := {f: why for f, why in unreadable.items() if not f.lower().endswith(".txt")}:
        file, why = next(iter(damaged.items()))
        reasons.append((f"the table {file} cannot be read", why))
    elif tables and all(map(is_form, tables)):
        reasons.append(
            (
                f"{tables[0]} is a form for handing in answers, or what a network said, which is "
                "no label, and nothing else labels the images",
                "Add the folder that holds the training images and their table, too.",
            )
        )
    elif tables:
        reasons.append(
            (
                f"the table {tables[0]} waits to be mapped, but no column of it names an image "
                "that is here",
                f"{command}; look whether the images lie in another folder.",
            )
        )
    if not guess and (reason := _explain_formats(inventory)):
        reasons.append(reason)
    held = {part for path in inventory.others for part in path.split("/")[:-1]}
    empty = [name for name in map(posixpath.basename, inventory.empty_folders) if _is_class(name)]
    empty = [name for name in empty if name not in held]
    if empty and len(layout.classes) == 1:
        label = ", ".join(layout.classes)
        reasons.insert(
            0,
            (
                f"{' and '.join(empty[:N_SHOWN])} is empty (no image lies in it), and one class, "
                f"{label}, is nothing to tell apart",
                "Put images into it, or look whether unpacking or copying stopped.",
            ),
        )
    images = [path for path in inventory.images if layout.places.get(posixpath.dirname(path))]
    if not guess and not layout.classes and (where := guess_label_place(images)):
        labels = Counter(filter(None, (label_of_name(path, where) for path in images)))
        shown = ", ".join(name for name, _ in labels.most_common(N_SHOWN))
        reasons.append(
            (
                f"no folder is a class, but the label seems to be in the file names, at their "
                f"{where}: {shown} ({posixpath.basename(images[0])})",
                f"{command} to read them so.",
            )
        )
    if layout.problem and not (guess or (empty and len(layout.classes) == 1)):
        reasons.append((layout.problem, _advise(inventory, layout)))
    return reasons or [("nothing labels the images", _advise(inventory, layout))]


def _explain_formats(inventory: Inventory) -> tuple[str, str] | None:
    """Return (reason, advice) where files of formats that are not read may be images or labels.

    Images go before labels, and labels in JSON or XML after tables of other programs.
    """
    lower = [(path, posixpath.basename(path).lower()) for path in inventory.others]
    pictures = [path for path, name in lower if name.endswith(PICTURES)]
    if pictures:
        suffix = posixpath.splitext(pictures[0])[1].lower()
        n = sum(path.lower().endswith(suffix) for path in pictures)
        return f"{n:,} files end in {suffix}, which are not read", explain_unreadable(pictures[0])
    labels = [path for path, name in lower if name.endswith(OTHER_TABLES)]
    labels = labels or [path for path, name in lower if name.endswith((".json", ".jsonl", ".xml"))]
    if not labels:
        return None
    named = f"{labels[0]} and {len(labels) - 1:,} more" if len(labels) > 1 else labels[0]
    return (
        f"the labels may be in {named}, of a format that is not read",
        "Save them as a table (CSV) that names each image and its label, or boxes as COCO, Pascal "
        "VOC or YOLO.",
    )


def _advise(inventory: Inventory, layout: Layout) -> str:
    waiting = _list_archives(inventory)
    if waiting:
        return f"{waiting[0]} waits to be unpacked: unpack it there first."
    if "copy of" in layout.problem:
        return f"Delete the copy, or {SAY_LEVELS}"
    if "numbered as" in layout.problem:
        return f"Put the images of each class into a folder of its own, or {SAY_LEVELS}"
    if "side by side" in layout.problem:
        return "Add the folder of one of them."
    if "repeat" in layout.problem:
        return (
            "Add the folder of one of them, or say what each level of folders is: `folders` in "
            'xray_dataset.json, for example ["class", "site"].'
        )
    subsets = [name for name in inventory.folders if read_name(posixpath.basename(name)) == SUBSET]
    if subsets and not layout.classes:
        return (
            f"{posixpath.basename(subsets[0])} is a subset, not a class. Put the images of each "
            "class into a folder of its own inside it, or add a table that names each image and "
            "its label."
        )
    return (
        "Put the images of each class into a folder of its own, or add a table (CSV) that names "
        "each image and its label."
    )


def _explain_no_image(inventory: Inventory) -> list[tuple[str, str]]:
    """Return (reason, advice) of a folder without any image."""
    linked = [*inventory.refused, *_find_copied_links(inventory)]
    if linked:
        return [
            (
                f"{', '.join(linked[:N_SHOWN])} {'is a link' if len(linked) == 1 else 'are links'} "
                "that cannot be followed",
                "Add the folder that they lead to, or copy the files in their place.",
            )
        ]
    if waiting := _list_archives(inventory):
        return [
            (
                f"it holds no image yet: {', '.join(waiting[:N_SHOWN])} waits to be unpacked",
                "Unpack it, or put it into the workspace's data folder, where Home unpacks it.",
            )
        ]
    suffixes = Counter(posixpath.splitext(path)[1].lower() for path in inventory.others)
    for suffix, n in suffixes.most_common():
        example = next(p for p in inventory.others if p.lower().endswith(suffix) or not suffix)
        if suffix and (why := explain_unreadable(example)):
            written = posixpath.splitext(example)[1]
            return [(f"{n:,} files end in {written}, which are not read", why)]
    bare = [path for path in inventory.others if NO_SUFFIX.fullmatch(posixpath.basename(path))]
    if bare:
        return [
            (
                f"{len(bare):,} files have no suffix and are not DICOM either: {bare[0]}",
                "Give them the suffix of what they are, e.g. .png.",
            )
        ]
    empty = [folder for folder in inventory.folders if folder]
    n = len(inventory.others)
    held = f"{n:,} file{'s' * (n != 1)}" if n else "empty folders"
    if not inventory.others and not empty:
        return [("it is empty", "Choose the folder of an extracted dataset.")]
    named = inventory.others or empty
    shown = ", ".join(named[:N_SHOWN]) + (", ..." if len(named) > N_SHOWN else "")
    return [
        (
            f"it holds no image, only {held} ({shown})",
            "Choose the folder that holds the images.",
        )
    ]


def _list_archives(inventory: Inventory) -> list[str]:
    return [path for path in inventory.others if path.lower().endswith(ARCHIVES)]


def _find_copied_links(inventory: Inventory) -> list[str]:
    """Return small files that hold nothing but a path: links, as Git or an archive left them."""
    return [
        path
        for path in inventory.others[:100]
        if NO_SUFFIX.fullmatch(posixpath.basename(path)) and _holds_path(inventory.root / path)
    ]


def _holds_path(path: Path) -> bool:
    try:
        with open_file(path) as file:
            content = file.read(MAX_LINK_BYTES + 1)
        text = content.decode()
    except (OSError, DatasetError, UnicodeDecodeError):
        return False
    return len(content) <= MAX_LINK_BYTES and "/" in text and len(text.split()) == 1


def _is_class(name: str) -> bool:
    return read_name(name) == CLASS
