"""Draws the lungs: their outlines and their vessels."""

import numpy as np

from xray_core.synthetic.canvas import (
    Canvas,
    Layer,
    Patient,
    Points,
    smooth_curve,
    soften,
)

# A left lung from its tip round the outer side and back; a point given twice makes a corner.
LUNG_OUTER = [
    (0.1, -0.005), (0.142, 0.03), (0.19, 0.12), (0.236, 0.28), (0.268, 0.48), (0.284, 0.68),
    (0.29, 0.86), (0.286, 0.985), (0.286, 0.985),
]  # fmt: skip
LUNG_DOME = [(0.262, 0.915), (0.215, 0.85), (0.155, 0.82), (0.1, 0.835), (0.05, 0.885)]
LUNG_INNER = [
    (0.035, 0.88), (0.035, 0.7), (0.035, 0.45), (0.04, 0.25), (0.052, 0.1), (0.072, 0.015),
]  # fmt: skip


def draw_lung(canvas: Canvas, side: int) -> Layer:
    """Return the field of the right (side -1) or left (1) lung, 0 to 1."""
    return soften(canvas.fill(_outline(canvas.patient, side)), canvas.px(0.005))


def find_rim(y: float) -> float:
    """Return how far out the rim of a lung lies at `y`, both in body coordinates."""
    across, down = np.array(LUNG_OUTER[:-1]).T
    return float(np.interp(y, down, across))


def draw_vessels(canvas: Canvas) -> Layer:
    """Return the lungs' vessels, branching outwards from both hila, 0 to about 0.7."""
    rng = np.random.default_rng(canvas.patient.vessels_seed)
    stems, twigs, roots = (np.zeros((canvas.size, canvas.size), np.uint8) for _ in range(3))
    slants = np.tile(np.linspace(-1.3, 1.45, 9), 2)
    hila = np.repeat([(0.058, 0.42), (0.058, 0.38)], 9, axis=0)
    starts = hila + rng.normal(0, (0.008, 0.035), hila.shape)
    paths = _grow(rng, starts, slants + rng.normal(0, 0.15, 18), rng.uniform(0.15, 0.27, 18))
    joints = rng.integers(1, 8, (18, 4))
    turns = rng.choice((-1, 1), (18, 4)) * rng.uniform(0.3, 0.9, (18, 4))
    forks = np.take_along_axis(paths, joints[..., None], axis=1).reshape(-1, 2)
    branches = _grow(rng, forks, (slants[:, None] + turns).ravel(), rng.uniform(0.07, 0.14, 72))
    paths[:9, :, 0] *= -1  # the right lung
    branches[:36, :, 0] *= -1

    canvas.stroke(list(branches[:, 4:]), 0.002, twigs, 70)
    canvas.stroke(list(branches[:, :5]), 0.002, twigs, 125)
    canvas.stroke(list(paths[:, 5:]), 0.002, twigs, 125)
    canvas.stroke(list(paths[:, 2:6]), 0.006, stems, 130)
    canvas.stroke(list(paths[:, :3]), 0.011, stems, 190)
    root = smooth_curve(np.array([(0.06, 0.31), (0.072, 0.4), (0.068, 0.47), (0.082, 0.56)]), False)
    canvas.stroke([root, root * (-1, 1)], 0.024, roots, 200)
    tree = 0.42 * soften(stems, canvas.px(0.0045)) + 0.5 * soften(twigs, canvas.px(0.0028))
    tree += 0.45 * soften(roots, canvas.px(0.011))
    return np.minimum(tree, np.float32(0.8))


def _outline(patient: Patient, side: int) -> Points:
    """Return the outline of the right (side -1) or left (1) lung, (n, 2), in body coordinates."""
    rise = patient.dome if side < 0 else 0.0
    dome = [(x, y - rise) for x, y in LUNG_DOME]
    points = smooth_curve(np.array(LUNG_OUTER + dome + LUNG_INNER), closed=True)
    return points * (side, 1)


def _grow(rng: np.random.Generator, starts: Points, slants: Points, lengths: Points) -> Points:
    """Return wavering lines of 10 points, (n, 10, 2); slant 0 leads outwards, 1.57 down."""
    angles = slants[:, None] + np.cumsum(rng.normal(0, 0.13, (len(starts), 9)), axis=1)
    # Vessels run further up and down than out to the side.
    steps = np.stack([np.cos(angles), 1.7 * np.sin(angles)], axis=2) * lengths[:, None, None] / 9
    return np.asarray(np.cumsum(np.concatenate([starts[:, None], steps], axis=1), axis=1))
