"""What a move of the threshold costs, and how often its intervals hold the truth.

    python benchmarks/threshold.py [--rounds 1000] [--moves 40]

The move is that of the threshold lab on a run with 22,000 test images: the figures alone, and a
whole rerun of the page, widgets and pictures included. For the intervals, patients with one
to six images each are drawn anew in every round; the true figures follow from how they are drawn.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.guaranteed import APART, BETWEEN, WITHIN, draw_validation, true_sensitivity
from xray_core.evaluation.thresholds.measured import FIGURES, measure_at
from xray_core.evaluation.thresholds.prevalence import predictive_values

SIZES = (60, 300)  # patients
THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
PREVALENCE = 0.1  # of PPV and NPV; another one moves figure and interval alike


def true_figures(threshold: float, prevalence: float) -> dict[str, float]:
    """Return sensitivity, specificity, PPV and NPV among all patients."""
    logit = float(np.log(threshold / (1 - threshold)))
    sensitivity = true_sensitivity(threshold)
    specificity = NormalDist(-APART, float(np.hypot(BETWEEN, WITHIN))).cdf(logit)
    ppv, npv = predictive_values(sensitivity, specificity, prevalence)
    return dict(zip(FIGURES, (sensitivity, specificity, float(ppv), float(npv)), strict=True))


def measure_coverage(n_rounds: int) -> pd.DataFrame:
    """Return how often each interval holds the true figure."""
    rows = []
    for n_patients in SIZES:
        rng = np.random.default_rng(2)
        held: Counter[tuple[float, str]] = Counter()
        n_known: Counter[tuple[float, str]] = Counter()
        for _ in range(n_rounds):
            images = draw_validation(n_patients, rng)
            for threshold in THRESHOLDS:
                truth = true_figures(threshold, PREVALENCE)
                answer = measure_at(images, threshold, PREVALENCE)
                for name in FIGURES:
                    figure, key = getattr(answer, name), (threshold, name)
                    if figure["value"] is not None:
                        n_known[key] += 1
                        held[key] += figure["low"] <= truth[name] <= figure["high"]
        for threshold in THRESHOLDS:
            shares = {
                name: f"{held[key] / n_known[key]:.1%}"
                for name in FIGURES
                if n_known[key := (threshold, name)]
            }
            rows.append({"patients": n_patients, "threshold": threshold} | shares)
    return pd.DataFrame(rows)


def measure_figures(n_patients: int, n_moves: int) -> tuple[int, float]:
    """Return how many images there are, and the milliseconds that the figures of a move take."""
    images = draw_validation(n_patients, np.random.default_rng(0))
    spent = []
    for threshold in np.linspace(0.05, 0.95, n_moves):
        begun = time.perf_counter()
        measure_at(images, float(threshold), 0.1)
        spent.append(1000 * (time.perf_counter() - begun))
    return len(images.scores), statistics.median(spent)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--moves", type=int, default=40)
    options = parser.parse_args()
    n_images, spent = measure_figures(6_300, options.moves)
    print(f"The figures of a move on {n_images:,} images: {spent:.1f} ms (median).")
    print(f"Intervals that hold the truth, {options.rounds:,} rounds:")
    print(measure_coverage(options.rounds).to_string(index=False))


if __name__ == "__main__":
    main()
