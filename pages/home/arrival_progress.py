"""How far data on its way is, and what came of it."""

from typing import Any

import streamlit as st

from pages.components.frame import escape_markdown, format_refusal
from xray_core.archives.groups import ArchiveGroup
from xray_core.archives.unpacking import read_progress
from xray_core.datasets import READERS
from xray_core.files import format_bytes
from xray_core.jobs.background import BackgroundState


def show_coming(process: BackgroundState, group: ArchiveGroup | None) -> None:
    """Show how far the authors' archives have come, or how far they are unpacked."""
    if process.total and process.done == process.total and group:
        show_unpacking(group)
        return
    done, total = format_bytes(process.done), format_bytes(process.total)
    st.progress(
        process.done / max(1, process.total),
        text=f"Downloading from its authors: {done} of {total}" if process.total else "Asking …",
    )


def show_unpacking(group: ArchiveGroup) -> None:
    """Show how far an unpacking is."""
    now = read_progress(group)
    if now is None or not now.total:
        st.progress(0.0, text="Looking into the archives …")
        return
    st.progress(
        min(now.read / now.total, 1.0),
        text=f"{now.n_files:,} files · {format_bytes(now.read)} of {format_bytes(now.total)}",
    )


def show_result(result: dict[str, Any]) -> None:
    """Show what a folder that came is, and what was left out of it."""
    if result["dataset"] is None:
        st.warning(
            f"It is unpacked, but not read yet. {format_refusal(result['problem'])}",
            icon=":material/help:",
        )
    else:
        n_files = f"{result['files']:,} files, " if "files" in result else ""
        title = escape_markdown(READERS[result["dataset"]].title)
        st.success(f"{n_files}{title}.", icon=":material/check:")
    for message in result.get("left_out", []):
        st.caption(escape_markdown(message))
