"""Annotation files beside images: COCO, Pascal VOC and YOLO, read as boxes and classes."""

from collections.abc import Sequence
from pathlib import Path

from xray_core.datasets.folder.annotations.coco import read_coco
from xray_core.datasets.folder.annotations.collect import Annotations
from xray_core.datasets.folder.annotations.matching import ImageMatcher
from xray_core.datasets.folder.annotations.voc import read_voc
from xray_core.datasets.folder.annotations.yolo import read_yolo

__all__ = ["Annotations", "find_annotations"]

SUFFIXES = (".json", ".xml", ".txt")


def find_annotations(
    root: Path, images: Sequence[str], others: Sequence[str]
) -> Annotations | None:
    """Return what annotation files beside images say of them; None if there are no such files.

    Where a dataset comes in several formats, the one is read that speaks of the most images, and
    the files of the others are counted in a remark.

    Args:
        root: the dataset's folder.
        images: image files that are no masks, relative to it, with forward slashes.
        others: all other files, likewise.

    Raises:
        DatasetError: there are more boxes than any dataset has.
    """
    if not any(file.lower().endswith(SUFFIXES) for file in others):
        return None
    matcher = ImageMatcher(images)
    answers = [
        answer
        for answer in (
            read_coco(root, others, matcher),
            read_voc(root, others, matcher),
            read_yolo(root, images, others, matcher),
        )
        if answer is not None
    ]
    if not answers:
        return None
    # Of equals the first: COCO's px are exact, and YOLO's fractions are not.
    best = max(answers, key=lambda answer: len(answer.annotated))
    for answer in answers:
        if answer is not best:
            best.include(answer)
    return best.finish()
