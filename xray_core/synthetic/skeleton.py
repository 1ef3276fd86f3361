"""Draws the bones: ribs, collar bones, shoulders and spine."""

import numpy as np

from xray_core.synthetic.canvas import (
    Canvas,
    Layer,
    Mask,
    Patient,
    Points,
    smooth_curve,
    soften,
)
from xray_core.synthetic.lungs import find_rim

SCAPULA = [
    (0.34, 0.0), (0.255, 0.02), (0.235, 0.1), (0.25, 0.26), (0.28, 0.43), (0.3, 0.44),
    (0.31, 0.28), (0.335, 0.12),
]  # fmt: skip
CLAVICLE = [
    (0.02, 0.16), (0.075, 0.125), (0.135, 0.105), (0.2, 0.06), (0.27, 0.005), (0.345, -0.02),
]  # fmt: skip


def draw_bones(canvas: Canvas, field: Layer) -> Layer:
    """Return ribs, clavicles, shoulder blades, upper arms and spine, about 0 to 0.5."""
    behind, before, blades, collar, spine = (
        np.zeros((canvas.size, canvas.size), np.uint8) for _ in range(5)
    )
    backs, fronts = _ribs(canvas.patient)
    _stroke_tube(canvas, backs, 0.026, behind)
    _stroke_tube(canvas, fronts, 0.026, before)
    clavicle = smooth_curve(np.array(CLAVICLE), closed=False)
    _stroke_tube(canvas, [clavicle, clavicle * (-1, 1)], 0.028, collar)

    reach = canvas.patient.arms
    humerus = np.array([(0.375, 0.07), (0.395 + 0.3 * reach, 0.3), (0.415 + reach, 0.7),
                        (0.42 + 1.3 * reach, 2.2)])  # fmt: skip
    humerus = smooth_curve(humerus, closed=False)
    blade = smooth_curve(np.array(SCAPULA), closed=True)
    canvas.fill(blade, blade * (-1, 1), mask=blades, value=120)
    _stroke_tube(canvas, [humerus, humerus * (-1, 1)], 0.036, blades)
    canvas.stroke([blade[:40], blade[:40] * (-1, 1)], 0.006, blades, 200)
    head = np.array([(0.37, 0.06), (0.375, 0.08)])
    canvas.stroke([head, head * (-1, 1)], 0.075, blades, 190)

    column = np.array([(-0.034, -0.03), (0.034, -0.03), (0.037, 2.2), (-0.037, 2.2)])
    canvas.fill(column * (0.9, 30), mask=spine, value=60)  # on into the neck, but faint
    canvas.fill(column, mask=spine, value=120)
    tops = np.arange(-0.02, 2.1, 0.085)
    body = np.array([(-0.03, 0), (0.03, 0), (0.033, 0.062), (-0.033, 0.062)])
    canvas.fill(*(body + (0, top) for top in tops), mask=spine, value=185)
    pedicle, spike = np.array([(0.021, 0.018), (0.021, 0.03)]), np.array([(0, 0.05), (0, 0.085)])
    knobs = [line + (0, top) for top in tops for line in (pedicle, pedicle * (-1, 1), spike)]
    canvas.stroke(knobs, 0.008, spine, 240)

    blur = canvas.px(0.003)
    # Over the lungs the tube voltage is right for ribs; elsewhere scatter drowns them.
    ribs = (0.15 * soften(behind, blur) + 0.085 * soften(before, blur)) * (0.25 + 0.75 * field)
    shoulder = 0.13 * soften(blades, canvas.px(0.004)) * (1 - 0.35 * field)
    bones = ribs + shoulder + 0.14 * soften(collar, blur) + 0.2 * soften(spine, canvas.px(0.005))
    return np.asarray(bones, np.float32)


def _stroke_tube(canvas: Canvas, lines: list[Points], width: float, mask: Mask) -> None:
    """Draw bones as X-rays show them: brighter at their rims than in the middle."""
    canvas.stroke(lines, width, mask, 255)
    canvas.stroke(lines, width - 0.011, mask, 165)


def _ribs(patient: Patient) -> tuple[list[Points], list[Points]]:
    """Return the back and the front parts of the ribs of both sides, in body coordinates."""
    backs, fronts = [], []
    for number in range(10):
        start = 0.1 * number
        drop = patient.rib_slope * (0.09 + 0.014 * number)
        edge = find_rim(start + drop) + 0.006
        along = np.linspace(0, 1, 9)
        x = 0.03 + (edge - 0.03) * np.sin(along * np.pi / 2)
        y = start - 0.045 * np.sin(np.pi * along) + drop * along**1.6
        backs.append(np.stack([x, y], axis=1))
        if number < 7:
            along = np.linspace(0, 1, 7)
            x = edge * (1 - 0.58 * along**1.3)
            y = start + drop + 0.03 + (0.17 + 0.012 * number) * np.sin(along * np.pi / 2)
            fronts.append(np.stack([x, y], axis=1))
    both = ([line * (side, 1) for line in lines for side in (-1, 1)] for lines in (backs, fronts))
    return next(both), next(both)
