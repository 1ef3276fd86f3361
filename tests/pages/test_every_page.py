"""What holds for every page: it opens in a fresh process, and stays light."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.datasets.kinds import KINDS, draw_kind
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes, write_report
from tests.pages.finding_runs import fake_findings_run
from xray_core.datasets.guess import map_folder
from xray_core.machine import ALLOCATOR
from xray_core.workspace import Workspace

ROOT = Path(__file__).parents[2]
PAGES = sorted(page.stem for page in (ROOT / "pages").glob("[!_]*.py"))
RUN = "20260301-100000-demo_cnn"
FINDINGS_RUN = "20260302-100000-quick_cnn"
OPEN_PAGES = """
import functools, itertools, os, sys
import xray_core.registry, xray_core.jobs.measure, xray_core.jobs.background
import xray_core.jobs.worker
import xray_core.machine
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from tests.pages.shown import read_heading

for module in (xray_core.registry, xray_core.jobs.measure, xray_core.jobs.worker):
    module.start_detached = lambda *_: "0:0"  # nothing is drawn, measured or trained here
# An audit that goes on and on.
xray_core.jobs.background.start_detached = lambda *_: xray_core.processes.own_handle()

HEAVY = {"keras", "tensorflow", "jax", "torch", "ray", "sklearn", "matplotlib", "scipy.stats"}
ALLOCATOR = set(xray_core.machine.ALLOCATOR)
runs, *pages = sys.argv[1:]
assert PagesManager.uses_pages_directory is None  # as in a fresh server
# All installed packages are read once, as a server does, and not for each page.
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)
for page, run in itertools.product(pages, runs.split(",")):
    app = AppTest.from_file("streamlit_app.py", default_timeout=60)
    if run:
        app.query_params["run"] = run
        app.query_params["runs"] = f"{run},{run}-2"  # of the page that compares
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception, (page, app.exception[0].value)
    assert not app.error, (page, app.error[0].value)
    assert read_heading(app).casefold() == page, f"{page} shows no heading"
    # It is for trainings alone: what a server once had, it would keep.
    assert not ALLOCATOR & set(os.environ), page
    heavy = HEAVY & set(sys.modules)
    assert not heavy, (page, heavy)
"""


def open_in_fresh_process(workspace: Workspace, *pages: str, runs: str = "") -> None:
    """Open pages, for each of the runs whose names are joined by commas."""
    # Another test may have imported Keras into this process.
    environment = {name: value for name, value in os.environ.items() if name not in ALLOCATOR}
    environment["XRAY_HOME"] = str(workspace.folder)
    command = [sys.executable, "-c", OPEN_PAGES, runs, *pages]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def used_workspace(workspace: Workspace) -> Workspace:
    """A workspace with drawn data and a finished run, so that pages show all they have."""
    for end in ("", "-2"):
        write_report(fake_run(workspace, "done", RUN + end), workspace)
        fake_findings_run(workspace, "done", FINDINGS_RUN + end)
    return workspace


def test_there_are_pages() -> None:
    known = {"home", "explore", "audit", "prepare", "train", "runs", "evaluate", "compare"}
    assert known | {"inside", "predict"} <= set(PAGES)


# Each as the first of a fresh server: the browser tests. A process for each takes half a minute.
def test_every_page_opens_without_heavy_imports(used_workspace: Workspace) -> None:
    open_in_fresh_process(used_workspace, *PAGES)


def test_the_pages_of_a_run_open_without_heavy_imports(used_workspace: Workspace) -> None:
    open_in_fresh_process(
        used_workspace, "runs", "evaluate", "compare", "predict", runs=f"{RUN},{FINDINGS_RUN}"
    )


def test_every_page_opens_on_an_empty_machine(tmp_path: Path) -> None:
    open_in_fresh_process(Workspace(tmp_path / "nothing"), *PAGES)


@pytest.mark.parametrize(
    ("kind", "task", "refusal"),
    [
        ("SIIM without its tables", "siim_study", "no image is labelled"),
        ("uncertain and blank", "folder_findings", ""),  # of few images all findings are known
    ],
)
def test_what_is_not_labelled_can_be_looked_at(
    workspace: Workspace,
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    task: str,
    refusal: str,
) -> None:
    record_processes(monkeypatch)
    folder = draw_kind(workspace.data / "own", KINDS[kind])
    if KINDS[kind].guess:
        map_folder(folder)
    for page in ("home", "explore", "audit", "prepare", "train"):
        app = open_page(page, data="own", task=task)

        assert not app.exception, (page, app.exception[0].value)
        errors = [error.value for error in app.error]
        assert (page == "train" and refusal) or not errors, (page, errors)
    assert not refusal or refusal in errors[0]
