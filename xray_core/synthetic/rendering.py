"""Turns a drawn chest into an image: opacities with known boxes, clutter, exposure, noise."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from xray_core.synthetic.canvas import (
    Canvas,
    Layer,
    Mask,
    draw_clouds,
    smooth_curve,
    soften,
)
from xray_core.synthetic.chest import Chest
from xray_core.synthetic.lungs import find_rim


@dataclass(frozen=True)
class Opacity:
    """One soft, irregular cloud in a lung.

    Attributes:
        side: -1 for the right lung, 1 for the left.
        x: centre, 0 at the inner border of the lung, 1 at the outer.
        y: centre, 0 at the lung's tip, 1 at its outer lower corner.
        width, height: half axes, in the units of x and y.
        density: share of the air it replaces, 0 to 1.
        softness: how gradual its border is, as a fraction of the frame.
        patchiness: 0 for an even shadow, 1 for scattered patches.
        seed: seed of its shape.
    """

    side: int
    x: float
    y: float
    width: float
    height: float
    density: float
    softness: float
    patchiness: float
    seed: int


@dataclass(frozen=True)
class Rendering:
    """How the image was exposed and what else is on it.

    Attributes:
        dark, bright: absorption shown as black and as white.
        gamma: exponent on the gray levels; above 1 darkens.
        peak: brightest gray level of the body, 0 to 255.
        noise: standard deviation at mid exposure, in shares of the range.
        border: black margins left, top, right, bottom, in fractions of the frame.
        marker: "L", "R" or "" for none.
        boxed: whether the marker stands on a gray plate.
        marker_x, marker_y: its place, in fractions of the frame.
        wires: number of ECG wires over the chest.
    """

    dark: float
    bright: float
    gamma: float
    peak: float
    noise: float
    border: tuple[float, float, float, float]
    marker: str
    boxed: bool
    marker_x: float
    marker_y: float
    wires: int


def draw_opacities(
    canvas: Canvas, chest: Chest, opacities: tuple[Opacity, ...]
) -> tuple[Layer, list[tuple[int, int, int, int]]]:
    """Draw opacities and the boxes that a reader would put around them.

    Returns:
        The share of the air that they replace, (size, size), 0 to 1; and for each opacity
        x, y, width, height in px, a little wider than what can be seen of it.
    """
    together = np.zeros((canvas.size, canvas.size), np.float32)
    boxes = []
    for opacity in opacities:
        layer = _draw_opacity(canvas, chest, opacity)
        together = np.maximum(together, layer)
        # Where there is little air, behind the heart, there is little to see.
        boxes.append(_find_box(layer * chest.air > 0.18 * opacity.density))
    return together, boxes


def _draw_opacity(canvas: Canvas, chest: Chest, opacity: Opacity) -> Layer:
    """Return the share of the air that `opacity` replaces, 0 to 1, inside its own lung only."""
    rng = np.random.default_rng(opacity.seed)
    rim = find_rim(opacity.y)
    centre = np.array([0.04 + opacity.x * (rim - 0.04), opacity.y])
    axes = np.array([opacity.width * (rim - 0.04), opacity.height])
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lobes = []
    for _ in range(7):
        middle = centre + rng.uniform(-0.6, 0.6, 2) * axes
        radius = 1 + 0.09 * np.convolve(rng.normal(0, 1, 26), np.ones(3), "valid")[:, None]
        lobe = middle + circle * radius * axes * rng.uniform(0.4, 0.6)
        lobes.append(lobe * (opacity.side, 1))
    lung = chest.lungs[0 if opacity.side < 0 else 1]
    shape = soften(canvas.fill(*lobes), canvas.px(opacity.softness)) * lung
    cloud = np.clip(0.5 + 0.5 * draw_clouds(rng, canvas.size, (10, 24, 60)), 0, 1)
    return np.asarray(
        shape * opacity.density * (1 - opacity.patchiness * (1 - cloud)), dtype=np.float32
    )


def _find_box(visible: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return x, y, width, height in px around the true pixels, with a margin inside the image."""
    margin, size = round(0.012 * len(visible)), len(visible)
    sides = []
    for axis in (0, 1):
        inside = np.flatnonzero(visible.any(axis=axis))
        start, stop = max(int(inside[0]) - margin, 0), min(int(inside[-1]) + 1 + margin, size)
        sides.append((start, stop - start))
    (x, width), (y, height) = sides
    return x, y, width, height


def develop(
    canvas: Canvas, chest: Chest, opacity: Layer, rendering: Rendering, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Return the finished radiograph.

    Args:
        canvas: where the chest stands.
        chest: its layers.
        opacity: share of the air replaced, (size, size), 0 to 1.
        rendering: exposure, and what else is on the image.
        rng: for texture and noise; drawn from in a fixed order.

    Returns:
        uint8 of shape (size, size), bone white.
    """
    size = canvas.size
    texture = draw_clouds(rng, size, (32, 96))
    fog = draw_clouds(rng, size, (4, 8))
    air = chest.air * (1 - chest.vessels) * (1 - opacity) * (0.97 + 0.035 * texture)
    shadow = chest.tissue * (1 + 0.03 * fog) * (1 - 0.74 * air) + chest.bones
    shadow = 0.84 * shadow + 0.16 * soften(shadow, 0.07 * size)
    shadow += _draw_wires(canvas, rendering.wires, rng)
    grain = soften(rng.standard_normal((size, size), np.float32), 0.45 * size / 256)
    shadow += grain * rendering.noise * np.clip(0.25 + shadow, 0, 1.5)

    level = np.clip((shadow - rendering.dark) / (rendering.bright - rendering.dark), 0, None)
    level = np.tanh(1.15 * level**rendering.gamma) / np.tanh(1.15)  # bright parts saturate slowly
    gray = np.clip(level * rendering.peak, 0, 255).astype(np.uint8)
    _cut_margins(gray, rendering.border)
    if rendering.marker:
        _write_marker(gray, rendering)
    return np.asarray(gray, np.uint8)


def mask_lungs(chest: Chest, rendering: Rendering) -> npt.NDArray[np.uint8]:
    """Return where the lungs are to be seen, the heart left out as in published masks.

    Returns:
        uint8 of shape (size, size), 255 inside.
    """
    inside = (np.maximum(*chest.lungs) >= 0.5) & (chest.heart < 0.5)
    mask: Mask = inside.astype(np.uint8) * np.uint8(255)
    _cut_margins(mask, rendering.border)
    return np.asarray(mask, np.uint8)


def _draw_wires(canvas: Canvas, count: int, rng: np.random.Generator) -> Layer:
    mask = np.zeros((canvas.size, canvas.size), np.uint8)
    for _ in range(count):
        pad = np.array([rng.choice((-1, 1)) * rng.uniform(0.12, 0.3), rng.uniform(0.05, 0.95)])
        end = np.array([rng.choice((-1, 1)) * rng.uniform(0.1, 0.5), rng.choice((-0.3, 1.6))])
        bends = np.linspace(pad, end, 5) + rng.normal(0, 0.05, (5, 2)) * [[0], [1], [1], [1], [1]]
        canvas.stroke([smooth_curve(bends, closed=False)], 0.004, mask, 150)
        canvas.stroke([np.array([pad, pad + 1e-3])], 0.026, mask, 110)
        canvas.stroke([np.array([pad, pad + 1e-3])], 0.01, mask, 255)
    return soften(mask, canvas.px(0.0022)) * np.float32(0.4)


def _cut_margins(gray: Mask, border: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = (round(share * len(gray)) for share in border)
    gray[:, :left] = gray[:top] = gray[len(gray) - bottom :] = 0
    gray[:, gray.shape[1] - right :] = 0


def _write_marker(gray: Mask, rendering: Rendering) -> None:
    size = len(gray)
    scale, thick = size / 256 * 0.48, max(1, round(size / 256))
    (width, height), _ = cv2.getTextSize(rendering.marker, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    x, y = round(rendering.marker_x * size), round(rendering.marker_y * size)
    if rendering.boxed:
        pad = round(0.012 * size)
        plate = gray[y - height - pad : y + pad, x - pad : x + width + pad]
        plate[:] = 70 + plate // 2
    cv2.putText(
        gray, rendering.marker, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 250, thick, cv2.LINE_AA
    )
