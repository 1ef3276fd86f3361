"""Take away: everything of a run as one zip, and each part of it by itself."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from pages.components.export_process import run_export
from pages.components.frame import escape_markdown, show_errors
from pages.components.small_type import show_facts, show_muted, show_section
from pages.evaluate.take_away_files import PARTS, Part, make_file
from xray_core.exports.run.documents import find_weights, why_absent
from xray_core.exports.run.material import Material, read_material
from xray_core.files import format_bytes
from xray_core.runs import Run
from xray_core.workspace import Workspace, find_workspace

MOST_SENT = 500_000_000  # bytes; a larger file is fetched from its folder
# The files that documents are made of: when one changes, the zip is another.
WATCHED = (
    *("report.json", "status.json", "predictions.parquet", "notes.json", "submission.json"),
    *("opened.jsonl", "threshold.json", "external"),
)


def show_take_away(run: Run) -> None:
    """Offer what is handed in of a run, and what moves it to another machine.

    Args:
        run: finished.
    """
    workspace = find_workspace()
    with show_errors():
        material = read_material(run, workspace)
        absent = {name: why_absent(part.document or name, material) for name, part in PARTS.items()}
    left, right = st.columns([4, 5], gap="large")
    with left:
        _show_zip(run, workspace)
    with right:
        note = "test set closed: figures of the validation set" if material.closed else ""
        show_section("One by one", note)
        with st.container(gap=None, key="take_away"):
            for name, part in PARTS.items():
                if not absent[name]:
                    _offer(name, part, material)
        if missing := {PARTS[name].title: why for name, why in absent.items() if why}:
            show_section("Not of this run")
            show_facts(missing)


def _show_zip(run: Run, workspace: Workspace) -> None:
    show_section("Everything in one zip")
    digest = _digest(run)
    out = workspace.exports / f"{run.name}-{digest[:6]}.zip"
    answer = run_export(["export", run.name], out, "Make the zip", digest, "files")
    if answer is not None:
        _offer_zip(out, int(answer["bytes"]))
    show_muted(
        "All that is on this page, and the run itself: another workspace imports it (Runs, Import "
        "a run), and a training that was stopped goes on there. It holds the predictions on the "
        "test set, also while that is closed; images are not in it, nor paths of this machine."
    )


def _offer_zip(out: Path, n_bytes: int) -> None:
    size = format_bytes(n_bytes)
    if n_bytes > MOST_SENT:
        st.success(f"{size}, in {escape_markdown(str(out))}", icon=":material/folder_zip:")
        return
    st.download_button(
        f"Download the zip ({size})",
        out.read_bytes,
        file_name=out.name,
        mime="application/zip",
        on_click="ignore",
        icon=":material/folder_zip:",
    )


def _offer(name: str, part: Part, material: Material) -> None:
    run = material.run
    size = ""
    if name in ("model", "checkpoint"):
        path = find_weights(name, material)
        n_bytes = path.stat().st_size
        size = f", {format_bytes(n_bytes)}"
        if n_bytes > MOST_SENT:
            show_muted(f"{part.title}{size}, too large to be sent: {path}")
            return
        make: Callable[[], bytes] = path.read_bytes
    else:
        make = partial(make_file, part, material)
    st.download_button(
        f"**{part.title}** :small[{part.about}{size}]",
        make,  # when somebody clicks
        file_name=f"{run.name}-{part.file}",
        mime=part.mime,
        on_click="ignore",
        type="tertiary",
        icon=part.icon,
        key=f"take_{name}",
    )


def _digest(run: Run) -> str:
    """Return what changes with anything that the zip holds."""
    stamps = []
    for name in WATCHED:
        path = run.folder / name
        stamps.append((name, path.stat().st_mtime_ns if path.exists() else 0))
    return hashlib.sha256(repr(stamps).encode()).hexdigest()
