"""How often the intervals of a report hold the true figure, by simulation.

    python benchmarks/coverage.py [--draws 1000] [--rounds 300] [--patients 60 300] [--only NAME]

Patients are drawn from a made-up population: each has one to about six images, which have mostly
one class and scores that go together. The true figures are those of 200,000 patients. Each set of
patients is measured as a report measures it, and an interval counts as right where the true figure
lies in it. A cell is the share of such intervals in percent, over several classes from the lowest
to the highest; in brackets the lowest for the percentiles of the same rounds of resampling, which
the report does not use.
"""

import argparse
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.evaluation import finding_rounds, measured, metrics
from xray_core.evaluation.error_analysis import analyse_errors
from xray_core.evaluation.intervals import TAILS, bootstrap_rounds
from xray_core.evaluation.measured import Figure, figures_of_rounds

N_TRUE = 200_000
SHARES = {"two classes": [0.7, 0.3], "three classes": [0.5, 0.3, 0.2]}
FINDINGS = [0.5, 0.35, 0.3]  # share of patients that have each
UNKNOWN = 0.2  # share of images of which the last finding is not known
ANALYSIS = "error analysis"
Figures = Mapping[str, list[Figure]]


@dataclass
class Tally:
    """How often intervals held the truth.

    Attributes:
        right: figure -> intervals that did.
        drawn: figure -> intervals.
        width: figure -> sum of their widths.
    """

    right: dict[str, int] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)
    width: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, truth: float, low: float, high: float) -> None:
        """Count one interval."""
        self.drawn[name] = self.drawn.get(name, 0) + 1
        self.right[name] = self.right.get(name, 0) + (low - 1e-9 <= truth <= high + 1e-9)
        self.width[name] = self.width.get(name, 0.0) + high - low

    def share(self, name: str) -> float:
        """Return the coverage in percent."""
        return 100 * self.right[name] / self.drawn[name]


def draw_patients(rng: np.random.Generator, n_patients: int) -> np.ndarray:
    """Return whose each image is: 0..n_patients-1, each with one image or more."""
    return np.repeat(np.arange(n_patients), 1 + rng.poisson(1.2, n_patients))


def draw_classes(
    rng: np.random.Generator, n_patients: int, shares: list[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return actual classes, probabilities and patients of images."""
    patients, n_classes = draw_patients(rng, n_patients), len(shares)
    own = rng.choice(n_classes, n_patients, p=shares)[patients]
    other = rng.choice(n_classes, len(patients), p=shares)
    actual = np.where(rng.random(len(patients)) < 0.15, other, own)
    logits = 1.6 * np.eye(n_classes)[actual] + 0.7 * np.log(shares)
    logits += rng.normal(0, 0.8, (n_patients, n_classes))[patients]
    logits += rng.normal(0, 0.8, logits.shape)
    odds = np.exp(logits)
    return actual, odds / odds.sum(axis=1, keepdims=True), patients


def draw_findings(
    rng: np.random.Generator, n_patients: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return states, probabilities, calls and patients of images of several findings."""
    patients = draw_patients(rng, n_patients)
    own = (rng.random((n_patients, 3)) < FINDINGS)[patients]
    other = rng.random((len(patients), 3)) < FINDINGS
    states = np.where(rng.random(own.shape) < 0.15, other, own).astype("int64")
    logits = 2.2 * states - 1.2 + rng.normal(0, 1, (n_patients, 3))[patients]
    probabilities = 1 / (1 + np.exp(-logits - rng.normal(0, 1, states.shape)))
    states[rng.random(len(patients)) < UNKNOWN, 2] = -1
    return states, probabilities, probabilities >= 0.5, patients


def measure_drawn(
    scenario: str, rng: np.random.Generator, n_patients: int, n_rounds: int
) -> tuple[Figures, Figures]:
    """Return the figures of patients drawn anew with the report's intervals, and percentiles.

    Of no rounds only the values are computed.
    """
    if scenario in SHARES:
        actual, probabilities, patients = draw_classes(rng, n_patients, SHARES[scenario])
        measure = measured.draw_rounds(actual, probabilities, patients)
        predicted = metrics.predict_classes(probabilities)
        n_classes = probabilities.shape[1]
        behind = measured.patients_behind(actual, predicted, patients, n_classes)
        scales = measured.SCALES
    else:
        states, probabilities, called, patients = draw_findings(rng, n_patients)
        measure = finding_rounds.draw_finding_rounds(states, probabilities, called, patients)
        behind = finding_rounds.patients_behind(states, called, patients)
        scales = finding_rounds.SCALES
    once = measure(np.ones((n_patients, 1)))
    if not n_rounds:
        nothing = {"low": None, "high": None}
        values = {name: once[name][0].reshape(-1).tolist() for name in behind}
        return {k: [{"value": v, **nothing} for v in row] for k, row in values.items()}, {}
    rounds = bootstrap_rounds(measure, patients, rng, n_rounds)
    percentiles = {
        name: [
            dict(zip(("low", "high"), np.nanquantile(column, TAILS), strict=True))
            for column in rounds[name].reshape(n_rounds, -1).T
        ]
        for name in behind
    }
    return figures_of_rounds(once, rounds, behind, scales), percentiles


def analyse_drawn(rng: np.random.Generator, n_patients: int, n_rounds: int) -> Figures:
    """Return the errors and the step of an analysis of a training and a validation set.

    The network is better on the first by making up for part of its errors.
    """
    tables = []
    for subset in ("training", "validation"):
        actual, probabilities, patients = draw_classes(rng, n_patients, SHARES["two classes"])
        if subset == "training":
            probabilities = probabilities * (0.6 + 0.4 * np.eye(2)[actual])
        table = pd.DataFrame({"image_id": [f"{subset}{i}" for i in range(len(actual))]})
        table["group"] = [f"{subset}{i}" for i in patients]
        table["subset"], table["actual"] = subset, actual.astype(str)
        table["predicted"] = probabilities.argmax(axis=1).astype(str)
        tables.append(table.assign(p_0=0.0, p_1=0.0))
    analysis = analyse_errors(*tables, pd.Series(dtype="string"), n_rounds=max(n_rounds, 2))
    assert analysis is not None
    return {
        "error": [level["error"] for level in analysis["levels"]],
        "step": [
            {key: step[key] for key in ("value", "low", "high")} for step in analysis["steps"]
        ],
    }


def simulate(scenario: str, n_patients: int, n_draws: int, n_rounds: int) -> tuple[Tally, Tally]:
    """Return how often the report's intervals hold the truth, and how often percentiles do."""

    def draw(seed: int, n: int, rounds: int) -> tuple[Figures, Figures]:
        rng = np.random.default_rng([seed, n])
        if scenario == ANALYSIS:
            return analyse_drawn(rng, n, rounds), {}
        return measure_drawn(scenario, rng, n, rounds)

    truth, _ = draw(0, N_TRUE, 0)
    ours, percentiles = Tally(), Tally()
    for seed in range(1, n_draws + 1):
        figures, others = draw(seed, n_patients, n_rounds)
        for name, row in figures.items():
            for k, figure in enumerate(row):
                true = truth[name][k]["value"]
                if figure["low"] is None or figure["high"] is None or true is None:
                    continue  # a class that nobody has: it has no figure
                key = name if len(row) == 1 else f"{name} {k + 1}"
                ours.add(key, true, figure["low"], figure["high"])
                if name in others:
                    low, high = others[name][k]["low"], others[name][k]["high"]
                    percentiles.add(key, true, low or 0.0, high or 0.0)
    return ours, percentiles


SCENARIOS = (*SHARES, "findings", ANALYSIS)


def main() -> None:
    """Simulate and print a table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--patients", type=int, nargs="*", default=[60, 300])
    parser.add_argument("--only", choices=list(SCENARIOS), nargs="*", default=list(SCENARIOS))
    options = parser.parse_args()
    columns = [(scenario, n) for scenario in options.only for n in options.patients]
    cells: dict[str, dict[tuple[str, int], str]] = {}
    for scenario, n in columns:
        started = time.perf_counter()
        ours, percentiles = simulate(scenario, n, options.draws, options.rounds)
        for figure in dict.fromkeys(map(figure_of, ours.drawn)):
            cells.setdefault(figure, {})[scenario, n] = format_cell(figure, ours, percentiles)
        print(
            f"{scenario}, {n}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True
        )
    titles = ["figure", *(f"{scenario}, {n}" for scenario, n in columns)]
    print("| " + " | ".join(titles) + " |\n|" + "---|" * len(titles))
    for figure, row in cells.items():
        words = [figure.replace("_", " "), *(row.get(column, "") for column in columns)]
        print("| " + " | ".join(words) + " |")


def figure_of(key: str) -> str:
    """Return the name of a figure without the number of its class."""
    return re.sub(r" \d+$", "", key)


def format_cell(figure: str, ours: Tally, percentiles: Tally) -> str:
    """Return the coverage of a figure; of several classes from the lowest to the highest."""
    keys = [key for key in ours.drawn if figure_of(key) == figure]
    shares = sorted(ours.share(key) for key in keys)
    words = f"{shares[0]:.1f}"
    if f"{shares[-1]:.1f}" != words:
        words += f" to {shares[-1]:.1f}"
    others = [percentiles.share(key) for key in keys if key in percentiles.drawn]
    return f"{words} ({min(others):.1f})" if others else words


if __name__ == "__main__":
    main()
