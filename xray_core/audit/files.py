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
    """Find images that are tiny, elongated or blank, and suffixes that lie.

    Args:
        images: the audited table; image_id, path, width, height, contrast and format count.
    """
    present = images[images["path"].notna()]
    shorter, longer = (
        present[["width", "height"]].min(axis=1),
        present[["width", "height"]].max(axis=1),
    )
    suffix = present["path"].map(lambda path: PurePosixPath(path).suffix.lower())
    lies = [
        kind in SUFFIXES and ending not in SUFFIXES[kind]
        for kind, ending in zip(present["format"].fillna(""), suffix, strict=True)
    ]
    checks = (
        (
            "tiny_image",
            (shorter < TINY).fillna(False),
            f"less than {TINY} px high or wide",
            "So small an image shows no small finding.",
            "Leave them out, or evaluate them apart.",
        ),
        (
            "elongated_image",
            (longer > ELONGATED * shorter).fillna(False),
            f"more than {ELONGATED} times as long as wide",
            "A chest X-ray is nearly square; stretching such an image distorts it.",
            "Look at them: they may be cut, or no chest X-rays.",
        ),
        (
            "blank_image",
            (present["contrast"] < BLANK).fillna(False),
            "nearly of one gray level",
            "Such an image shows nothing.",
            "Leave them out.",
        ),
        (
            "wrong_suffix",
            pd.Series(lies, index=present.index, dtype=bool),
            "of another format than the name says",
            "They are read by their content, but other programs may refuse them.",
            "Rename them, if you use them elsewhere.",
        ),
    )
    issues, in_order = [], []
    for code, odd, what, why, advice in checks:
        affected = present[odd.astype(bool)]
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
