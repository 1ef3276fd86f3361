"""A comparison, computed once and again when a file or an opened test set changes it."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from xray_core.evaluation.compare import Comparison, compare_runs
from xray_core.evaluation.noise import NoiseFloor, find_noise
from xray_core.files import stamp_file
from xray_core.runs import Run
from xray_core.runs.index import run_table
from xray_core.runs.opening import is_open
from xray_core.workspace import Workspace

COMMON = "common"  # in the address: "yes" where images that not all test may be left out
READ = ("predictions.parquet", "report.json", "recipe.json", "status.json", "submission.json")


def read_comparison(names: Sequence[str], workspace: Workspace) -> Comparison:
    """Return the comparison of runs; read-only and shared.

    Raises:
        OtherImagesError: they evaluate different images, and the address does not say that these
            may be left out.
        RunError: see `compare_runs`.
    """
    stamps = tuple(_stamp(Run(workspace.runs / name), workspace) for name in names)
    common = st.query_params.get(COMMON) == "yes"
    return _read(str(workspace.folder), tuple(names), stamps, common)


def _stamp(run: Run, workspace: Workspace) -> tuple[object, ...]:
    files = (stamp_file(str(run.folder / name)) for name in READ)
    return (*files, is_open(run, workspace))


@st.cache_resource(max_entries=16, show_spinner="Comparing …")
def _read(
    folder: str, names: tuple[str, ...], stamps: tuple[object, ...], common: bool
) -> Comparison:
    workspace = Workspace(Path(folder))
    runs = [Run(workspace.runs / name) for name in names]
    return compare_runs(runs, workspace, common=common)


def read_noise(run: Run, workspace: Workspace) -> NoiseFloor | None:
    """Return the noise floor of a run's recipe or of the nearest one.

    It is looked for anew when a run is done that was not before.

    Raises:
        RunError: see `find_noise`.
    """
    table = run_table(workspace)
    done = tuple(table.loc[table["state"] == "done", "name"])
    return _read_noise(str(workspace.folder), run.name, done)


@st.cache_resource(max_entries=64, show_spinner=False)
def _read_noise(folder: str, name: str, done: tuple[str, ...]) -> NoiseFloor | None:
    workspace = Workspace(Path(folder))
    return find_noise(Run(workspace.runs / name), workspace)
