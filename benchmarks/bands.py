"""How often the bands around a run's curves hold the true curve, by simulation.

    python -m benchmarks.bands [--draws 1000] [--rounds 200] [--patients 60 300]

Patients are drawn as in `coverage.py`. The true curves are those of 200,000 patients. At each of a
few places of each curve it is counted how often the band holds the true value there; a band holds
the whole curve less often than that.
"""

import argparse

import numpy as np

from benchmarks.coverage import N_TRUE, SHARES, Tally, draw_classes
from xray_core.evaluation.curves import GRID, RATES, Line
from xray_core.evaluation.one_class import ClassCurves, OneClass, measure_class

PLACES = {"ROC": (0.05, 0.2, 0.5), "precision": (0.25, 0.5, 0.9)}
THRESHOLDS = (0.1, 0.3, 0.5, 0.7)
BINS = (0, 2, 4, 6, 8)  # of the calibration


def draw_curves(seed: int, n_patients: int, n_rounds: int) -> ClassCurves:
    """Return the curves of patients drawn anew."""
    rng = np.random.default_rng([seed, n_patients])
    actual, probabilities, patients = draw_classes(rng, n_patients, SHARES["two classes"])
    return measure_class(OneClass(actual == 1, probabilities[:, 1], patients), n_rounds)


def read_places(curves: ClassCurves) -> dict[str, tuple[float, float, float]]:
    """Return value, low and high at each place that is looked at."""
    places = {}
    for name, line in (("ROC", curves.roc), ("precision", curves.precision)):
        for place in PLACES[name]:
            value = np.interp(place, line.x, line.y)
            if name == "precision":
                value = line.y[min(np.searchsorted(line.x, place - 1e-9), len(line.y) - 1)]
            places[f"{name} at {place:.0%}"] = (float(value), *_read_ends(line, place))
    for name in RATES:
        line = curves.rates[name]
        for threshold in THRESHOLDS:
            value = float(line.y[round(threshold * (len(GRID) - 1))])
            places[f"{name} from {threshold:.0%} on"] = (value, *_read_ends(line, threshold))
    known = curves.calibration
    for low_end in BINS:
        at = np.flatnonzero((known.predicted * 10).astype(int) == low_end)
        if len(at):
            ends = (known.observed[at[0]], known.low[at[0]], known.high[at[0]])
            places[f"calibration from {low_end / 10:.0%} on"] = tuple(map(float, ends))
    return places


def _read_ends(line: Line, place: float) -> tuple[float, float]:
    k = int(np.abs(line.at - place).argmin())
    return float(line.low[k]), float(line.high[k])


def main() -> None:
    """Simulate and print a table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--patients", type=int, nargs="*", default=[60, 300])
    options = parser.parse_args()
    truth = read_places(draw_curves(0, N_TRUE, 0))
    tallies = []
    for n in options.patients:
        tally = Tally()
        for seed in range(1, options.draws + 1):
            for name, (_, low, high) in read_places(draw_curves(seed, n, options.rounds)).items():
                if not np.isnan(low):
                    tally.add(name, truth[name][0], low, high)
        tallies.append(tally)
    print("| place | true |" + "".join(f" {n} patients, % (width) |" for n in options.patients))
    print("|---|---|" + "---|" * len(options.patients))
    for name, (true, _, _) in truth.items():
        cells = (
            f" {tally.share(name):.1f} ({100 * tally.width[name] / tally.drawn[name]:.0f}) |"
            for tally in tallies
        )
        print(f"| {name} | {true:.1%} |" + "".join(cells))


if __name__ == "__main__":
    main()
