"""A sample of the dataset to take along: original files and their labels, as one zip."""

import hashlib
from pathlib import Path

import streamlit as st

from pages.components.export_process import run_export, show_left_out
from pages.components.frame import escape_markdown
from pages.components.small_type import show_section
from pages.components.tables import Tables
from xray_core.audit.issue import count_of
from xray_core.exports.names import safe_name
from xray_core.files import format_bytes
from xray_core.workspace import find_workspace

USUAL = 100  # images
MOST_SENT = 500_000_000  # bytes; a larger archive is fetched from its folder


def show_sample_export(tables: Tables) -> None:
    """Let the user have a sample made, and download it."""
    catalog = tables.catalog
    n_present = len(tables.places)
    if not n_present:
        return
    show_section("A sample to take along", "whole patients, classes in like proportion")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n_images = st.number_input(
            "Images, about",
            1,
            n_present,
            min(USUAL, n_present),
            key="sample_images",
            width=140,
            help="A patient's images come all together or not at all, so it may be a few more or "
            "less.",
        )
        # What is drawn depends on the task as well, so each has an archive of its own.
        key = hashlib.sha256(f"{catalog.digest} {tables.task}".encode()).hexdigest()[:6]
        name = f"{safe_name(catalog.root.name)}-sample-{n_images}-{key}.zip"
        out = find_workspace().exports / name
        answer = run_export(
            ["sample", str(catalog.root), "--images", str(n_images), "--task", tables.task],
            out,
            "Make the sample",
            catalog.digest,
        )
        if answer is not None:
            _offer(out, answer["bytes"])
    st.caption(
        "A zip with the original files, a table of labels, and the dataset's licence and citation: "
        "look at what the licence allows before you pass it on. Put into the workspace's data "
        "folder, it opens here as a dataset of its own."
    )
    if answer is not None:
        patients = f" of {count_of(answer['patients'], 'patient')}" if answer["patients"] else ""
        st.caption(
            f"{count_of(answer['images'], 'image')}{patients}, "
            f"{format_bytes(answer['bytes'])}: {escape_markdown(str(out))}"
        )
        show_left_out(answer)


def _offer(out: Path, n_bytes: int) -> None:
    if n_bytes <= MOST_SENT:
        st.download_button(
            "Download the sample",
            out.read_bytes,
            file_name=out.name,
            mime="application/zip",
            on_click="ignore",
            icon=":material/download:",
        )
