"""What the fake of a known dataset is read as."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Expected:
    """What the fake of a dataset is read as.

    Attributes:
        image: the end of the id of an image.
        values: columns of that image.
        counts: patients, studies, subsets, boxes, masks, absent and unlabelled images.
        remarks: kind -> count.
        tasks: task -> images of each class.
        states: finding -> state on that image; None for unknown.
        boxes: finding, x, y, width, height (px) on that image.
    """

    image: str
    values: dict[str, Any]
    counts: dict[str, Any]
    remarks: dict[str, int]
    tasks: dict[str, list[int]]
    states: dict[str, int | None] = field(default_factory=dict)
    boxes: list[tuple[str, float, float, float, float]] = field(default_factory=list)
