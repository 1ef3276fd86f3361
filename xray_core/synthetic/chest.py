"""Draws the chest of an invented patient: what absorbs X-rays, before anything is wrong with it.

What a shape adds to the shadow is a thickness; 1 is the whole chest. All numbers are by eye.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from xray_core.synthetic.canvas import (
    Canvas,
    Layer,
    Mask,
    smooth_curve,
    soften,
)
from xray_core.synthetic.lungs import draw_lung, draw_vessels
from xray_core.synthetic.skeleton import draw_bones

HEART = [
    (-0.075, -0.1), (-0.058, 0.08), (-0.052, 0.3), (-0.058, 0.44), (-0.083, 0.55),
    (-0.099, 0.68), (-0.094, 0.81), (-0.06, 0.92), (0.02, 0.96), (0.1, 0.945), (0.165, 0.92),
    (0.196, 0.865), (0.196, 0.78), (0.172, 0.67), (0.131, 0.565), (0.09, 0.48), (0.078, 0.41),
    (0.066, 0.34), (0.079, 0.285), (0.08, 0.22), (0.066, 0.165), (0.062, 0.08), (0.085, -0.1),
]  # fmt: skip
GAS_BUBBLE = [
    (0.15, 0.875), (0.2, 0.9), (0.232, 0.95), (0.225, 0.975), (0.15, 0.975), (0.09, 0.972),
    (0.082, 0.945), (0.105, 0.895),
]  # fmt: skip


@dataclass(frozen=True)
class Chest:
    """What absorbs, layer by layer; each of shape (size, size), float32.

    Attributes:
        tissue: soft tissue as if there were no lungs, 0 beside the body to about 1.3.
        air: share of the tissue that the lungs' air removes, 0 to 1.
        bones: added by ribs, clavicles, shoulders and spine.
        vessels: share of the air that the vessels take back, 0 to 1.
        lungs: the right and the left lung field, 0 to 1.
        heart: how much of it stands before the lungs, 0 to 1.
    """

    tissue: Layer
    air: Layer
    bones: Layer
    vessels: Layer
    lungs: tuple[Layer, Layer]
    heart: Layer


def draw_chest(canvas: Canvas) -> Chest:
    """Return the layers of the chest of `canvas.patient`, standing in `canvas.pose`."""
    lungs = tuple(draw_lung(canvas, side) for side in (-1, 1))
    heart = _draw_heart(canvas)
    field = np.maximum(*lungs)
    # The lungs are thin at their rim and thickest in the middle.
    depth = _roundness(canvas, (field * 255).astype(np.uint8), 0.085)
    air = field * (0.5 + 0.5 * depth) * (1 - 0.93 * heart)
    return Chest(
        tissue=_draw_tissue(canvas),
        air=np.maximum(air, _draw_airways(canvas)),
        bones=draw_bones(canvas, field * (1 - 0.65 * heart)) * np.float32(canvas.patient.bone)
        + _draw_mimic(canvas, field),
        vessels=draw_vessels(canvas) * field,
        lungs=(lungs[0], lungs[1]),
        heart=heart,
    )


def _draw_heart(canvas: Canvas) -> Layer:
    points = np.array(HEART)
    low = np.clip((points[:, 1] - 0.35) / 0.3, 0, 1)
    points[:, 0] *= 1 + low * (canvas.patient.heart - 1)
    mask = canvas.fill(smooth_curve(points, closed=True))
    return soften(mask, canvas.px(0.006)) * (0.8 + 0.2 * _roundness(canvas, mask, 0.06))


def _roundness(canvas: Canvas, mask: Mask, radius: float) -> Layer:
    """Return how thick a rounded body with this outline is: 0 at its edge, 1 `radius` inside."""
    inside = (mask > 127).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5) / canvas.px(radius)
    return np.asarray(np.sqrt(1 - (1 - np.clip(depth, 0, 1)) ** 2), np.float32)


def _draw_tissue(canvas: Canvas) -> Layer:
    patient = canvas.patient
    wall = 0.012 + patient.fat
    right = [(0.085, -0.7), (0.092, -0.28), (0.125, -0.18), (0.2, -0.125), (0.3, -0.09),
             (0.38, -0.04), (0.42, 0.05), (0.42, 0.2), (0.385, 0.34), (0.325 + wall, 0.46),
             (0.305 + wall, 0.6), (0.305 + wall, 0.8), (0.31 + wall, 1.05),
             (0.3 + 1.2 * wall, 2.2)]  # fmt: skip
    half = smooth_curve(np.array(right), closed=False)
    torso = canvas.fill(np.concatenate([half, half[::-1] * (-1, 1)]))
    tissue = soften(torso, canvas.px(0.003)) * (0.22 + 0.78 * _roundness(canvas, torso, 0.21))

    reach = patient.arms
    outer = [(0.36, -0.035), (0.42, 0.03), (0.445 + 0.3 * reach, 0.25), (0.47 + reach, 0.7),
             (0.48 + 1.3 * reach, 2.2)]  # fmt: skip
    inner = [(0.36 + 1.3 * reach, 2.2), (0.36 + reach, 0.7), (0.345 + 0.3 * reach, 0.4), (0.3, 0.2)]
    arm = smooth_curve(np.array(outer + inner), closed=True)
    arms = canvas.fill(arm, arm * (-1, 1))
    tissue = np.maximum(
        tissue, soften(arms, canvas.px(0.003)) * (0.2 + 0.6 * _roundness(canvas, arms, 0.07))
    )
    # The belly is thicker than the chest, and the chest than the neck.
    rows = np.arange(canvas.size, dtype=np.float32)[:, None]
    down = (rows - canvas.pose.y * canvas.size) / canvas.px(patient.depth) + 0.5
    tissue *= 0.9 + 0.1 * np.clip(down, 0, 1) + 0.22 / (1 + np.exp((0.93 - down) / 0.07))
    if patient.breast:
        tissue += _draw_breasts(canvas) * np.float32(0.17) * np.minimum(tissue, 1)
    return np.asarray(tissue, np.float32)


def _draw_breasts(canvas: Canvas) -> Layer:
    size = canvas.patient.breast
    angle = np.linspace(0, 2 * np.pi, 40)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    breast = (0.2, 0.62 + 0.28 * size) + circle * (0.12 + 0.04 * size, 0.26 + 0.16 * size)
    mask = canvas.fill(breast, breast * (-1, 1))
    return soften(_roundness(canvas, mask, 0.15), canvas.px(0.01))


def _draw_airways(canvas: Canvas) -> Layer:
    mask = np.zeros((canvas.size, canvas.size), np.uint8)
    trachea = [np.array([(0, -0.6), (-0.002, 0.05), (-0.008, 0.24)])]
    bronchi = [np.array([(-0.008, 0.24), (side * 0.05, 0.37)]) for side in (-1, 1)]
    canvas.stroke(bronchi, 0.016, mask, 70)
    canvas.stroke(trachea, 0.03, mask, 85)
    if canvas.patient.gas:
        bubble = smooth_curve(np.array(GAS_BUBBLE), closed=True)
        canvas.fill(
            (bubble - GAS_BUBBLE[0]) * canvas.patient.gas + GAS_BUBBLE[0], mask=mask, value=95
        )
    return soften(mask, canvas.px(0.007))


def _draw_mimic(canvas: Canvas, field: Layer) -> Layer:
    """Return what a beginner takes for a finding: nipples, an old scar, a band of flat lung."""
    mask = np.zeros((canvas.size, canvas.size), np.uint8)
    if canvas.patient.mimic == "nipples":
        spot = np.array([(0.19, 0.76), (0.19, 0.765)])
        canvas.stroke([spot, spot * (-1, 1)], 0.022, mask, 80)
    elif canvas.patient.mimic == "granuloma":
        canvas.stroke([np.array([(-0.16, 0.27), (-0.161, 0.272)])], 0.013, mask, 170)
    elif canvas.patient.mimic == "band":
        canvas.stroke([np.array([(0.17, 0.74), (0.25, 0.69)])], 0.008, mask, 110)
    return soften(mask, canvas.px(0.004)) * field * np.float32(0.5)
