"""How often a threshold keeps the sensitivity that it was chosen for, on new patients.

    python benchmarks/guaranteed.py [--rounds 1000]

Each round draws a validation set of patients who have the class, or not, with one to six images
each, whose scores resemble one another. Every way chooses a threshold on it, and the sensitivity of
that threshold among all patients is known from how they are drawn: did it keep the promise? Without
a threshold nothing is promised, so nothing is broken.
"""

import argparse
import sys
import warnings
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.evaluation.thresholds.guarantee import (
    GUARANTEED_LEVELS,
    draw_one_each,
    guarantee_level,
)
from xray_core.evaluation.thresholds.images import ScoredImages
from xray_core.evaluation.thresholds.rules import SENSITIVITY, Wish, choose_by_rule

SIZES = (60, 300)  # patients
MOST_IMAGES = 6  # of a patient
SHARE = 0.5  # of the patients have the class
BETWEEN, WITHIN, APART = 1.0, 0.7, 1.2  # spreads of the log odds, and the mean of either kind
OURS, EVERY_IMAGE, DEFAULT, PLAIN = (
    "ours",
    "ours, every image",
    "MAPIE's defaults",
    "highest with that sensitivity",
)


def draw_validation(n_patients: int, rng: np.random.Generator) -> ScoredImages:
    """Return a validation set of patients with several images each."""
    n_images = rng.integers(1, MOST_IMAGES + 1, n_patients)
    patients = np.repeat(np.arange(n_patients), n_images)
    ill = rng.random(n_patients) < SHARE
    own = rng.normal(0, BETWEEN, n_patients) + np.where(ill, APART, -APART)
    logits = own[patients] + rng.normal(0, WITHIN, len(patients))
    names = np.array([f"image {n}" for n in range(len(patients))], dtype=object)
    return ScoredImages(
        "opacity", "validation", ill[patients], 1 / (1 + np.exp(-logits)), patients, names
    )


def true_sensitivity(threshold: float) -> float:
    """Return the share of all images with the class that a threshold calls."""
    if threshold <= 0:
        return 1.0
    logit = np.log(threshold / (1 - threshold)) if threshold < 1 else np.inf
    return 1 - NormalDist(APART, np.hypot(BETWEEN, WITHIN)).cdf(float(logit))


def choose_as_mapie(images: ScoredImages, places: np.ndarray, level: float) -> float | None:
    """Return MAPIE's own choice with its defaults, on one image of each patient."""
    from mapie.risk_control import BinaryClassificationController

    own = np.concatenate([places, np.flatnonzero(~images.is_positive)])
    controller = BinaryClassificationController(
        lambda given: np.column_stack([1 - given, given]),
        risk="recall",
        target_level=level,
        confidence_level=0.95,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        controller.calibrate(images.scores[own], images.is_positive[own].astype(int))
    return controller.best_predict_param


def choose_every_way(images: ScoredImages, level: float, seed: int) -> dict[str, float | None]:
    """Return way -> the threshold that it chooses; None for none."""
    places = draw_one_each(images, np.random.default_rng(seed))
    positive = images.scores[images.is_positive]
    return {
        OURS: guarantee_level(images.scores[places], level).threshold,
        EVERY_IMAGE: guarantee_level(positive, level).threshold,
        DEFAULT: choose_as_mapie(images, places, level),
        PLAIN: choose_by_rule(images, Wish(SENSITIVITY, sensitivity=level)),
    }


def main() -> None:
    """Simulate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    options = parser.parse_args()
    rows = []
    for n_patients in SIZES:
        for level in GUARANTEED_LEVELS:
            rng = np.random.default_rng(1)
            chosen: dict[str, list[float | None]] = {}
            for number in range(options.rounds):
                images = draw_validation(n_patients, rng)
                for way, threshold in choose_every_way(images, level, number).items():
                    chosen.setdefault(way, []).append(threshold)
            for way, thresholds in chosen.items():
                given = [true_sensitivity(t) for t in thresholds if t is not None]
                kept = sum(reached >= level for reached in given)
                none = options.rounds - len(given)
                rows.append(
                    {
                        "patients": n_patients,
                        "sensitivity": level,
                        "way": way,
                        "keeps it": f"{(kept + none) / options.rounds:.1%}",
                        "of those with one": f"{kept / len(given):.1%}" if given else "–",
                        "no threshold": f"{none / options.rounds:.1%}",
                        "mean sensitivity": f"{np.mean(given):.3f}" if given else "–",
                    }
                )
            print(pd.DataFrame(rows[-len(chosen) :]).to_string(index=False), flush=True)
    print(f"{options.rounds:,} rounds each.")


if __name__ == "__main__":
    main()
