"""How long a comparison of runs takes, and how often the intervals of differences hold.

    python benchmarks/compare.py [--coverage] [--draws 1000] [--repeats 5]

Times: eight runs of 5,000 images each, all 28 pairs, DeLong and McNemar included. Coverage: two
networks on made-up patients with several images each, drawn anew each time; how often the 95%
interval of their difference holds the true one. That is found from 400,000 other patients.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.evaluation.answers import Answers
from xray_core.evaluation.compare import pair_answers
from xray_core.evaluation.paired import compare_figures, measure_once

SIZES = {  # runs, images, patients, classes
    "two classes": (8, 5_000, 3_000, 2),
    "three classes": (8, 5_000, 3_000, 3),
    "fifteen classes": (8, 5_000, 3_000, 15),
    "two classes again": (2, 5_000, 3_000, 2),
}
SKILLS = (1.4, 1.1)  # standard deviations by which each network tells the classes apart
N_TRUTH = 400_000
SEED_OF_TRUTH = 10**6


def draw_answers(
    rng: np.random.Generator,
    n_networks: int,
    n_images: int,
    n_patients: int,
    n_classes: int,
    skills: tuple[float, ...] = (),
) -> Answers:
    """Return made-up answers; images of one patient resemble each other, for all networks."""
    more = rng.integers(0, n_patients, n_images - n_patients)
    patients = np.append(np.arange(n_patients), more)
    actual = rng.integers(0, n_classes, n_patients)[patients]
    states = np.eye(n_classes, dtype="int64")[actual]
    hard = rng.normal(0, 0.5, (n_patients, n_classes))[patients]
    hard += rng.normal(0, 0.5, (n_images, n_classes))
    scale = np.array(skills or (1.2,) * n_networks)[:, None, None]
    scores = scale * states + hard + rng.normal(0, 0.5, (n_networks, n_images, n_classes))
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    called = np.eye(n_classes, dtype=bool)[probabilities.argmax(axis=2)]
    names = [str(number) for number in range(n_images)]
    classes = [f"class {k}" for k in range(n_classes)]
    return Answers(names, classes, False, patients, states, probabilities, called)


def measure_times(repeats: int) -> None:
    """Print the best of several times of each size."""
    print("| answers | s | of a processor, s |\n|---|---|---|")
    for name, size in SIZES.items():
        answers = draw_answers(np.random.default_rng(0), *size)
        seconds, worked = [], []
        for _ in range(repeats):
            start, start_work = time.perf_counter(), time.process_time()
            _, differences = compare_figures(answers, np.random.default_rng(0))
            pair_answers(answers, differences)
            seconds.append(time.perf_counter() - start)
            worked.append(time.process_time() - start_work)
        runs, images, _, _ = size
        times = f"{min(seconds):.2f} | {min(worked):.2f}"
        print(f"| {runs} runs of {images:,} images, {name} | {times} |", flush=True)


def measure_coverage(n_draws: int) -> None:
    """Print how often the interval holds the true difference."""
    rng = np.random.default_rng(SEED_OF_TRUTH)
    truth = measure_once(draw_answers(rng, 2, 3 * N_TRUTH // 2, N_TRUTH, 2, SKILLS))
    print("| patients (images) | " + " | ".join(truth) + " |")
    print("|---|" + "---|" * len(truth))
    for n_patients in (60, 300):
        held = dict.fromkeys(truth, 0)
        for draw in range(n_draws):
            rng = np.random.default_rng(draw)
            answers = draw_answers(rng, 2, 3 * n_patients // 2, n_patients, 2, SKILLS)
            _, differences = compare_figures(answers, rng)
            for name, values in truth.items():
                [difference] = differences[name]
                held[name] += difference.low <= values[0] - values[1] <= difference.high
        cells = " | ".join(f"{n / n_draws:.1%}" for n in held.values())
        print(f"| {n_patients} ({3 * n_patients // 2}) | {cells} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    if options.coverage:
        measure_coverage(options.draws)
    else:
        measure_times(options.repeats)
