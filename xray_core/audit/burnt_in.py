"""Text burnt in: rows of letters in the pixels, such as "PORTABLE", a time or a hospital's name.

The lone L or R at the side of nearly every radiograph is not meant.
"""

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of
from xray_core.preprocess.marks import LETTERS


def has_text(images: pd.DataFrame) -> pd.Series:
    """Return which images bear text, <NA> where that is not known."""
    return images["n_letters"] >= LETTERS


def check_text(images: pd.DataFrame) -> list[DataIssue]:
    """Find images that likely bear text.

    Args:
        images: the audited table; image_id, path, label and n_letters count.
    """
    known = images[images["n_letters"].notna()]
    affected = known[has_text(known)].sort_values("n_letters", ascending=False, kind="stable")
    if affected.empty:
        return [passed("burnt_in_text", "No image seems to bear more than single letters.")]
    verb = "bears" if len(affected) == 1 else "bear"
    return [
        DataIssue(
            code="burnt_in_text",
            severity="warning",
            title=f"{count_of(len(affected), 'image')} of {len(known):,} likely {verb} text in the "
            "pixels.",
            count=len(affected),
            why="Words such as PORTABLE or a hospital's are a shortcut where they go along with "
            "the label, and dates and names can tell who a patient is.",
            advice="Look at some: what do they say? Crop or cover text that goes along with the "
            "label; share no names. Small or joined letters are missed, so there may be more.",
            examples=first_of(affected["image_id"]),
            table=rows_of(affected[["image_id", "path", "label", "n_letters"]]),
        )
    ]
