"""Files: those that cannot be read, and those that are odd to look at."""

from collections.abc import Mapping
from pathlib import PurePosixPath

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of

TINY = 100  # px; a shorter side shows no small finding
ELONGATED = 2.5  # longer side against shorter; a chest X-ray has 1 to 1.5
BLANK = 2.0  # gray levels of contrast
SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
}

# Code -> what such images are, why it matters, what to do.
ODD: Mapping[str, tuple[str, str, str]] = {
    "tiny_image": (
        f"less than {TINY} px high or wide",
        "So small an image shows no small finding.",
        "Leave them out, or evaluate them apart.",
    ),
    "elongated_image": (
        f"more than {ELONGATED} times as long as wide",
        "A chest X-ray is nearly square; stretching such an image distorts it.",
        "Look at them: they may be cut, or no chest X-rays.",
    ),
    "blank_image": (
        "nearly of one gray level",
        "Such an image shows nothing.",
        "Leave them out.",
    ),
    "wrong_suffix": (
        "of another format than the name says",
        "They are read by their content, but other programs may refuse them.",
        "Rename them, if you use them elsewhere.",
    ),
    "isolated_grays": (
        "shown without isolated gray values",
        "A few values, such as of hot pixels, lie far from all others: at their scale the image "
        "would be dark. They are shown as black or white.",
        "Look at them; other programs may show them dark.",
    ),
    "turned_image": (
        "stored turned or mirrored, and shown upright as EXIF says",
        "Programs that do not read EXIF show, and measure, another image.",
        "Look whether they are upright now, and whether boxes fit.",
    ),
}


def check_readable(images: pd.DataFrame) -> list[DataIssue]:
    """Find files that cannot be decoded.

    Args:
        images: the audited table; image_id, path and reason count.
    """
    n_present = int(images["path"].notna().sum())
    broken = images[images["reason"].notna()]
    if broken.empty:
        return [passed("unreadable", f"Each of {count_of(n_present, 'file')} can be read.")]
    return [
        DataIssue(
            code="unreadable",
            severity="serious",
            title=f"{count_of(len(broken), 'file')} of {n_present:,} cannot be read.",
            count=len(broken),
            why="They are left out of every training, so its counts differ from the tables'.",
            advice="Download them again, or delete them.",
            examples=first_of(broken["image_id"]),
            table=rows_of(broken[["image_id", "reason"]]),
        )
    ]


def check_odd(images: pd.DataFrame) -> list[DataIssue]:
    """Find images that are odd to look at, suffixes that lie, and what reading put right.

    Args:
        images: the audited table; image_id, path, width, height, contrast, format, n_isolated
            and orientation count.
    """
    present = images[images["path"].notna()]
    odd = _find_odd(present)
    issues, in_order = [], []
    for code, (what, why, advice) in ODD.items():
        affected = present[odd[code].fillna(False).astype(bool)]
        if affected.empty:
            in_order.append(what)
            continue
        columns = ["image_id", "path", "width", "height", "format"]
        issues.append(
            DataIssue(
                code=code,
                severity="warning",
                title=f"{count_of(len(affected), 'image')} of {len(present):,} "
                f"{'is' if len(affected) == 1 else 'are'} {what}.",
                count=len(affected),
                why=why,
                advice=advice,
                examples=first_of(affected["image_id"]),
                table=rows_of(affected[columns]),
            )
        )
    if in_order:
        issues.append(passed("odd_image", f"No image is {'; none is '.join(in_order)}."))
    return issues


def _find_odd(present: pd.DataFrame) -> dict[str, pd.Series]:
    """Return for each code of `ODD` which images it is about; <NA> where that is not known."""
    sides = present[["width", "height"]]
    suffix = present["path"].map(lambda path: PurePosixPath(path).suffix.lower())
    lies = [
        kind in SUFFIXES and ending not in SUFFIXES[kind]
        for kind, ending in zip(present["format"].fillna(""), suffix, strict=True)
    ]
    return {
        "tiny_image": sides.min(axis=1) < TINY,
        "elongated_image": sides.max(axis=1) > ELONGATED * sides.min(axis=1),
        "blank_image": present["contrast"] < BLANK,
        "wrong_suffix": pd.Series(lies, index=present.index, dtype=bool),
        "isolated_grays": present["n_isolated"] > 0,
        "turned_image": present["orientation"] > 1,
    }
