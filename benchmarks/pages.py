"""How much each page costs: its elements, and the processor time of drawing it again.

    python -m benchmarks.pages [--rounds 5] [--runs 60] [--only PAGE …] [--against FOLDER]

Draws a workspace with synthetic images and some runs, opens each page, lets it draw itself once
more so that all caches are filled, and then measures further reruns of the script. With
`--against`, another clone of the project takes turns with this one on the same workspace. Below the
table stands what a new process takes for its first and its later looks at the table of all runs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from xray_core.processes import PROJECT
from xray_core.recipes import PUBLISHED
from xray_core.workspace import Workspace

N_IMAGES, N_RUNS, N_RERUNS = 600, 60, 12
RUN, LARGE = "20260301-100000-demo_cnn", "20260302-100000-demo_cnn"
PAGES = {
    "Home": ("home", {}),
    "Explore": ("explore", {}),
    "Audit": ("audit", {}),
    "Prepare": ("prepare", {}),
    "Train": ("train", {}),
    "Runs": ("runs", {}),
    "A run": ("runs", {"run": RUN}),
    "Evaluate": ("evaluate", {"run": RUN}),
    "Leaderboard": ("compare", {"task": PUBLISHED["demo_cnn"].task}),
    "Evaluate, 22,000 test images": ("evaluate", {"run": LARGE}),
}
# In a process of the clone that is measured: the table of all runs, and its leaderboard.
LIST = """
import json, time
from xray_core.evaluation.leaderboard import build_board, list_boards
from xray_core.runs.index import run_table
from xray_core.workspace import find_workspace

times, workspace = [], find_workspace()
for _ in range(6):
    begun = time.process_time()
    runs = run_table(workspace)
    times.append(1000 * (time.process_time() - begun))
[(folder, _, task, n)] = list_boards(runs)
begun = time.process_time()
build_board(runs, folder, task)
times.append(1000 * (time.process_time() - begun))
print(json.dumps([len(runs), n, times[0], sorted(times[1:6])[2], times[6]]))
"""
# In a process of the older clone: what it writes, both can read.
PREPARE = """
import shutil, sys
from contextlib import suppress
import numpy as np
import pandas as pd
from tests.pages.fake_runs import fake_run, write_report
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.evaluation import build_report
from xray_core.evaluation.report import prediction_table
from xray_core.workspace import find_workspace

n_images, n_runs = map(int, sys.argv[1:3])
workspace = find_workspace()
write_synthetic_dataset(workspace.demo_data, n_images=n_images, size=256)
for number in range(n_runs):
    state = ("done", "failed", "stopped")[number % 3]
    run = fake_run(workspace, state, f"20260301-1000{number:02d}-demo_cnn")
    if state == "done" and not number:
        write_report(run, workspace)
    elif state == "done":
        for name in ("report.json", "predictions.parquet"):
            shutil.copy(workspace.runs / "20260301-100000-demo_cnn" / name, run.folder)
rng, n, classes = np.random.default_rng(0), 22_000, ["no opacity", "opacity"]
has = rng.random(n) < 0.3
values = 1 / (1 + np.exp(0.5 - 1.5 * has - rng.normal(0, 1, n)))
names = [f"image-{number:05d}" for number in range(n)]
split = pd.DataFrame(
    {
        "image_id": names,
        "group": rng.integers(0, 9_000, n).astype(str),
        "class": np.where(has, *classes[::-1]),
        "subset": "test",
    }
)
answers = dict(zip(names, np.column_stack([1 - values, values])))
table = prediction_table(split, classes, answers)
run = fake_run(workspace, "done", sys.argv[3])
run.write_table("predictions.parquet", table)
run.write_json("report.json", build_report(table, classes[0], n_rounds=50))
with suppress(ImportError):  # an older clone has no closed test sets
    from xray_core.runs.always_open import write_always_open
    write_always_open(workspace, True)
"""
# In a process of the clone that is measured.
MEASURE = """
import functools, json, sys, time
import xray_core.registry, xray_core.jobs.measure, xray_core.jobs.worker
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

for module in (xray_core.registry, xray_core.jobs.measure, xray_core.jobs.worker):
    module.start_detached = lambda *_: "0:0"  # nothing is drawn, measured or trained here
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)
start = PagesManager.__init__
def start_used(self, *args, **options):
    start(self, *args, **options)
    PagesManager.uses_pages_directory = False  # a server that has shown a page before
PagesManager.__init__ = start_used

def count(node):
    if isinstance(node, Block):
        return sum(map(count, node.children.values()))
    return 1

pages, n_reruns = json.loads(sys.argv[1]), int(sys.argv[2])
for name, (page, query) in pages.items():
    app = AppTest.from_file("streamlit_app.py", default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    begun = time.process_time()
    app.switch_page(f"pages/{page}.py").run()
    first = 1000 * (time.process_time() - begun)
    assert not app.exception, (name, app.exception[0].value)
    while app.get("progress") and page == "audit":  # a process of its own, once
        time.sleep(1)
        app.run()
    for _ in range(3):
        app.run()
    times = []
    for _ in range(n_reruns):
        begun = time.process_time()
        app.run()
        times.append(1000 * (time.process_time() - begun))
    print(json.dumps([name, count(app._tree), first, sorted(times)[len(times) // 2]]), flush=True)
"""


def call(folder: Path, workspace: Workspace, code: str, *arguments: object) -> str:
    """Run Python in a clone of the project, on a workspace; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "XRAY_HOME": str(workspace.folder), "XRAY_STANDBY": "0"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout


def measure(
    folder: Path, workspace: Workspace, pages: dict[str, tuple[str, dict[str, str]]]
) -> dict[str, tuple[int, float, float]]:
    """Return page -> elements, and milliseconds of processor time: the first time, and warm."""
    printed = call(folder, workspace, MEASURE, json.dumps(pages), N_RERUNS)
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("[")]
    return {name: (n_elements, first, spent) for name, n_elements, first, spent in rows}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, help="another clone, which takes turns")
    parser.add_argument("--runs", type=int, default=N_RUNS)
    parser.add_argument("--only", nargs="+", default=list(PAGES), choices=list(PAGES))
    options = parser.parse_args()
    pages = {name: PAGES[name] for name in options.only}
    sides = {"now": PROJECT}
    if options.against:
        sides = {"before": options.against.resolve(), **sides}
    with tempfile.TemporaryDirectory() as place:
        workspace = Workspace(Path(place) / "home")
        call(next(iter(sides.values())), workspace, PREPARE, N_IMAGES, options.runs, LARGE)
        results: dict[str, list[dict[str, tuple[int, float, float]]]] = {side: [] for side in sides}
        for _ in range(options.rounds):
            for side, folder in sides.items():
                results[side].append(measure(folder, workspace, pages))
        n, finished, at_first, later, board = json.loads(call(PROJECT, workspace, LIST))
    print(
        "| page |" + "".join(f" elements {side} | first ms {side} | ms {side} |" for side in sides)
    )
    print("|---|" + "---|---|---|" * len(sides))
    for page in pages:
        cells = ""
        for rounds in results.values():
            first, spent = (
                statistics.median(table[page][column] for table in rounds) for column in (1, 2)
            )
            cells += f" {rounds[0][page][0]} | {first:.0f} | {spent:.0f} |"
        print(f"| {page} |{cells}")
    print(f"Table of {n} runs: {at_first:.0f} ms at first, {later:.0f} ms later; ", end="")
    print(f"leaderboard of {finished}: {board:.0f} ms.")


if __name__ == "__main__":
    main()
