"""How soon the link of a run opens, as the first page of a server that was just restarted.

    python -m benchmarks.run_link [--runs 500] [--rounds 3]

Makes a workspace of many small runs, starts a server, lets it come to rest, and opens one run's
link in Chromium: with the pages' modules imported beforehand, as `start.py` does it, and by
`streamlit run` alone. Both take turns.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.pages.fake_runs import fake_run
from xray_core.processes import PROJECT
from xray_core.workspace import Workspace

WAYS = {
    "start.py": ["pages.components.serve"],
    "streamlit run": ["streamlit", "run", "streamlit_app.py"],
}
PORT = 8687
REST = 8.0  # seconds after which a fresh server has nothing to do any more
CHROMIUM = "/usr/bin/chromium"


def open_link(
    browser: Browser, workspace: Workspace, way: list[str], run: str
) -> tuple[float, float, float]:
    """Return seconds of the server's processor for the first and a second page, and of waiting."""
    options = ["--server.address", "127.0.0.1", "--server.port", str(PORT)]
    server = subprocess.Popen(
        [sys.executable, "-m", *way, *options],
        cwd=PROJECT,
        env={**os.environ, "XRAY_HOME": str(workspace.folder), "XRAY_DATA_ROOTS": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(REST)
        process = psutil.Process(server.pid)
        used, waited = [], []
        for _ in range(2):
            before, began = sum(process.cpu_times()[:2]), time.monotonic()
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{PORT}/runs?run={run}", wait_until="commit")
            page.get_by_text("Validation set after epoch").wait_for(timeout=60_000)
            waited.append(time.monotonic() - began)
            time.sleep(1)
            used.append(sum(process.cpu_times()[:2]) - before)
            page.close()
        return used[0], used[1], waited[0]
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    times_of: dict[str, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workspace = Workspace(Path(folder))
        for number in range(options.runs):
            run = fake_run(workspace, "done", f"20260301-{100000 + number}-demo_cnn")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for _ in range(options.rounds):
            for way, command in WAYS.items():
                times_of[way].append(open_link(browser, workspace, command, run.name))
        browser.close()
    print(f"{options.runs} runs, {os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    print(
        "| server | first page: server's CPU, s | second page | first page: until it is read, s |"
    )
    print("|---|---|---|---|")
    for way, times in times_of.items():
        cells = (f"{statistics.median(column):.2f}" for column in zip(*times, strict=True))
        print(f"| {way} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
