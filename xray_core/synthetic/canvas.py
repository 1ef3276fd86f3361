"""Body coordinates, and the few drawing tools that every part of the synthetic chest uses.

x is 0 on the midline and grows towards the patient's left, which is the right of the image;
y is 0 at the lung tips and 1 at the outer lower lung corners. A `Pose` places them in the image.
"""

from dataclasses import dataclass
from itertools import accumulate

import cv2
import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]  # (n, 2), x and y
Layer = npt.NDArray[np.float32]  # (size, size)
Mask = npt.NDArray[np.uint8]  # (size, size), 0 to 255

SUBPIXEL_BITS = 4
MIMICS = ("nipples", "granuloma", "band")


@dataclass(frozen=True)
class Patient:
    """The build of one invented patient; every number is a factor or a fraction of the frame.

    Attributes:
        width: factor on the chest's width.
        depth: how far the chest reaches down the frame, from lung tip to outer lower corner.
        heart: factor on the heart's width.
        fat: thickness of the chest wall outside the ribs.
        breast: size of the breast shadows; 0 for none.
        arms: how far the arms are held from the body.
        rib_slope: how steeply the ribs fall to the side.
        dome: how much higher the right half of the diaphragm stands.
        bone: how much the bones absorb.
        bend: sideways bend of the spine.
        gas: size of the gas bubble in the stomach; 0 for none.
        mimic: harmless thing that looks like a finding: one of `MIMICS`, or "".
        vessels_seed: seed of the vessel tree.
    """

    width: float
    depth: float
    heart: float
    fat: float
    breast: float
    arms: float
    rib_slope: float
    dome: float
    bone: float
    bend: float
    gas: float
    mimic: str
    vessels_seed: int


@dataclass(frozen=True)
class Pose:
    """How a patient stands before the detector.

    Attributes:
        x, y: where the middle between the lungs lies, in fractions of the frame.
        angle: radians, clockwise.
        zoom: factor on lengths.
        stretch: factor on x, from the aspect ratio of the original lost in a square image.
    """

    x: float
    y: float
    angle: float
    zoom: float
    stretch: float


@dataclass(frozen=True)
class Canvas:
    """Places body coordinates in an image of `size` px for one patient and pose."""

    size: int
    patient: Patient
    pose: Pose

    def place(self, points: Points) -> Points:
        """Return body coordinates, shape (n, 2), as px from the image's top left."""
        x = points[:, 0] * self.patient.width + self.patient.bend * np.sin(np.pi * points[:, 1])
        y = (points[:, 1] - 0.5) * self.patient.depth
        cos, sin = np.cos(self.pose.angle), np.sin(self.pose.angle)
        across = self.pose.x + (x * cos - y * sin) * self.pose.zoom * self.pose.stretch
        down = self.pose.y + (x * sin + y * cos) * self.pose.zoom
        return np.stack([across, down], axis=1) * self.size

    def px(self, length: float) -> float:
        """Return a length in fractions of the frame as px."""
        return length * self.pose.zoom * self.size

    def fill(self, *outlines: Points, mask: Mask | None = None, value: int = 255) -> Mask:
        """Return a mask with the outlines, each (n, 2) in body coordinates, filled."""
        if mask is None:
            mask = np.zeros((self.size, self.size), np.uint8)
        for outline in self._fixed(list(outlines)):
            cv2.fillPoly(mask, [outline], value, cv2.LINE_AA, SUBPIXEL_BITS)
        return mask

    def stroke(self, lines: list[Points], width: float, mask: Mask, value: int = 255) -> Mask:
        """Draw open lines, `width` in fractions of the frame, into `mask` and return it."""
        thickness = max(1, round(self.px(width)))
        cv2.polylines(mask, self._fixed(lines), False, value, thickness, cv2.LINE_AA, SUBPIXEL_BITS)
        return mask

    def _fixed(self, lines: list[Points]) -> list[npt.NDArray[np.int32]]:
        """Return `lines` placed, in the fixed-point px that OpenCV draws with."""
        px = self.place(np.concatenate(lines)) - 0.5  # OpenCV's 0 is the middle of a pixel
        fixed = np.rint(px * 2**SUBPIXEL_BITS).astype(np.int32)
        ends = list(accumulate(map(len, lines)))
        return [fixed[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def soften(layer: npt.NDArray[np.generic], sigma: float) -> Layer:
    """Return `layer` blurred with a Gaussian of `sigma` px, as float32; masks become 0 to 1."""
    floats = np.asarray(layer, np.float32) / np.float32(255 if layer.dtype == np.uint8 else 1)
    return np.asarray(cv2.GaussianBlur(floats, (0, 0), max(sigma, 0.3)), np.float32)


def smooth_curve(points: Points, closed: bool, steps: int = 8) -> Points:
    """Return a Catmull-Rom curve through `points`, (n, 2), with `steps` points for each stretch."""
    ends = (points[-1:], points[:2]) if closed else (points[:1], points[-1:])
    p = np.concatenate([ends[0], points, ends[1]])
    p0, p1, p2, p3 = (p[i : len(p) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
                   + (3 * p1 - p0 - 3 * p2 + p3) * t**3)  # fmt: skip
    return np.concatenate([curve.reshape(-1, 2), points[:1] if closed else points[-1:]])


def draw_clouds(rng: np.random.Generator, size: int, grids: tuple[int, ...]) -> Layer:
    """Return random clouds, mean about 0, standard deviation 1.

    Args:
        rng: where the clouds come from.
        size: px, height = width.
        grids: how many clouds each layer has along a side, coarse to fine; the finer, the fainter.
    """
    clouds = np.zeros((size, size), np.float32)
    for number, grid in enumerate(grids):
        coarse = rng.standard_normal((grid, grid), np.float32)
        clouds += cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC) * 0.75**number
    return np.asarray(clouds / clouds.std(), np.float32)
