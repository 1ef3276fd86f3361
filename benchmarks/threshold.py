"""What a move of the threshold costs, and how often its intervals hold the truth.

    python benchmarks/threshold.py [--rounds 1000] [--moves 40]

The move is that of the threshold lab on a run with 22,000 test images: the figures alone, and a
whole rerun of the lab, widgets and pictures included. For the intervals, patients with one
to six images each are drawn anew in every round; the true figures follow from how they are drawn.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.guaranteed import APART, BETWEEN, WITHIN, draw_validation, true_sensitivity
from tests.pages.fake_runs import fake_run
from tests.run_files import report_of
from xray_core.evaluation.thresholds.measured import FIGURES, measure_at
from xray_core.evaluation.thresholds.prevalence import predictive_values
from xray_core.processes import PROJECT
from xray_core.workspace import Workspace

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


# In a process of its own: the lab is drawn as the browser asks for it, without one.
MOVE = """
import functools, json, sys, time
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)
LAB = '''
from pages.evaluate.threshold import show_threshold_lab
from xray_core.runs import list_runs
from xray_core.workspace import find_workspace

[run] = list_runs(find_workspace().runs)
show_threshold_lab(run, run.read_recipe(), run.read_report())
'''
n_moves = int(sys.argv[1])
app = AppTest.from_string(LAB, default_timeout=120).run()
for way, key in (("by hand", "threshold_at"), ("least cost, another prevalence", "threshold_ill")):
    times = []
    for number in range(n_moves):
        value = round(0.05 + 0.9 * number / n_moves, 3) if way == "by hand" else 10 + number
        app.slider(key=key).set_value(value)
        begun = time.process_time()
        app.run()
        times.append(1000 * (time.process_time() - begun))
        assert not app.exception, app.exception[0].value
    print(json.dumps([way, sorted(times)]), flush=True)
    app.selectbox(key="threshold_rule").set_value("cost").run()
"""


def write_large_run(workspace: Workspace, n_patients: int) -> int:
    """Write a finished run with as many patients in either set; return the images of its test."""
    run = fake_run(workspace, "done")
    tables = []
    for number, subset in enumerate(("validation", "test")):
        images = draw_validation(n_patients, np.random.default_rng(number))
        table = pd.DataFrame(
            {
                "image_id": [f"{subset} {name}" for name in images.image_ids],
                "group": [f"{subset} {patient}" for patient in images.patients],
                "subset": subset,
                "actual": np.where(images.is_positive, "opacity", "no opacity"),
                "predicted": np.where(images.scores > 0.5, "opacity", "no opacity"),
            }
        ).astype("string")
        scores = {"p_no opacity": 1 - images.scores, "p_opacity": images.scores}
        tables.append(table.assign(**scores))
    run.write_table("predictions.parquet", pd.concat(tables, ignore_index=True))
    run.write_json("report.json", report_of([[1, 1], [1, 1]], ["no opacity", "opacity"]))
    return len(tables[1])


def measure_lab(n_patients: int, n_moves: int) -> tuple[int, dict[str, list[float]]]:
    """Return the images of the test set, and each move's processor time in ms, ascending."""
    with tempfile.TemporaryDirectory() as place:
        n_images = write_large_run(Workspace(Path(place)), n_patients)
        done = subprocess.run(
            [sys.executable, "-c", MOVE, str(n_moves)],
            cwd=PROJECT,
            env={**os.environ, "XRAY_HOME": place},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    return n_images, dict(map(json.loads, lines))


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--moves", type=int, default=40)
    options = parser.parse_args()
    n_images, spent = measure_figures(6_300, options.moves)
    print(f"The figures of a move on {n_images:,} images: {spent:.1f} ms (median).")
    n_images, times = measure_lab(6_300, options.moves)
    for way, each in times.items():
        print(
            f"A move in the lab, {n_images:,} test images, {way}: median "
            f"{statistics.median(each):.0f} ms of processor time, most {each[-1]:.0f} ms."
        )
    print(f"Intervals that hold the truth, {options.rounds:,} rounds:")
    print(measure_coverage(options.rounds).to_string(index=False))


if __name__ == "__main__":
    main()
