"""Bit depths: files of several depths in one dataset, which come out in different gray levels."""

import pandas as pd

from xray_core.audit.issue import DataIssue, first_of, passed, rows_of


def name_depths(images: pd.DataFrame) -> pd.Series:
    """Return the depth of each image as text, such as "8 bits" or "12 of 16 bits"; <NA> if unknown.

    Of deep files the bits in use count, too: a value's highest bit becomes the brightest gray
    level, so an image that leaves one unused comes out twice as bright as its neighbour.
    """
    bits = images["bits"]
    highest = images["highest"].fillna(0).clip(lower=0).astype(int)
    used = highest.map(int.bit_length).where(bits > 8).clip(lower=1)
    some = (used < bits).fillna(False)
    words = bits.astype("string") + " bits"
    return words.mask(some, used.astype("Int64").astype("string") + " of " + words)


def check_depths(images: pd.DataFrame) -> list[DataIssue]:
    """Find out whether files differ in bits for each pixel.

    Nothing is measured but what the files say, so nothing is called so wrongly; 7 published
    sets of 8 bits throughout pass.

    Args:
        images: the audited table; image_id, path, bits and highest count.
    """
    depths = name_depths(images)
    known = depths.dropna()
    counts = known.value_counts()
    if len(counts) < 2:
        only = f": {counts.index[0]} a pixel" if len(counts) else ""
        return [passed("mixed_bits", f"All files have the same bit depth{only}.")]
    rare = known[known != counts.index[0]]
    table = counts.rename_axis("depth").rename("images").reset_index()
    return [
        DataIssue(
            code="mixed_bits",
            severity="warning",
            title=f"The files have {len(counts)} bit depths: "
            f"{', '.join(f'{n:,} have {depth}' for depth, n in counts.head(4).items())}.",
            count=len(rare),
            why="Files of another depth were often exported by another program, with other "
            "contrast and brightness: a network can tell them apart, and their labels with them.",
            advice="Look at some of each. If one depth is mostly of one class, compare scores "
            "within each depth, or use one of them.",
            examples=first_of(images.loc[rare.index, "image_id"]),
            table=rows_of(table),
        )
    ]
