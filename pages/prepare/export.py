"""All images of the dataset, prepared as the page shows, as PNG files in a folder."""

import hashlib
from dataclasses import asdict

import streamlit as st

from pages.components.export_process import run_export, show_left_out
from pages.components.frame import escape_markdown
from pages.components.tables import Tables
from xray_core.audit.issue import count_of
from xray_core.exports.names import safe_name
from xray_core.files import format_bytes
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes.titles import value_title
from xray_core.tasks import find_task
from xray_core.workspace import find_workspace


def show_export(tables: Tables, spec: PreprocessSpec) -> None:
    """Say what an export would write, start it, and say where it is."""
    catalog = tables.catalog
    labelled = tables.labels.notna() & catalog.images["path"].notna()
    n_images = int(labelled.sum())
    if not n_images:
        st.info("No image that is here has a label for this task. Choose another task.")
        return
    contrast = value_title("contrast", spec.contrast).lower()
    st.markdown(
        f"**{count_of(n_images, 'labelled image')}**, prepared with the settings of this page "
        f"({spec.size} × {spec.size} px, contrast {contrast}, "
        f"{value_title('resize', spec.resize).lower()}), as gray PNG files. Each name begins with "
        f"the label, the answer to “{escape_markdown(find_task(tables.task).question)}”"
    )
    st.caption(
        "A table beside them has image id, patient, label and subset: the authors' own, or else "
        "ours by patient. An image that cannot be read is left out and named; nothing is "
        "overwritten. The folder can be added as a dataset again."
    )
    key = hashlib.sha256(repr((catalog.digest, tables.task, spec)).encode()).hexdigest()[:6]
    out = find_workspace().exports / f"{safe_name(catalog.root.name)}-{spec.size}px-{key}"
    settings = [
        word
        for name, value in asdict(spec).items()
        for word in ("--set", f"preprocess.{name}={value}")
    ]
    answer = run_export(
        ["export-images", str(catalog.root), "--task", tables.task, *settings],
        out,
        f"Export {count_of(n_images, 'image')}",
        catalog.digest,
    )
    if answer is not None:
        st.success(
            f"{count_of(answer['images'], 'image')}, {format_bytes(answer['bytes'])}, are in the "
            "folder:",
            icon=":material/check:",
        )
        st.code(answer["folder"], language=None, wrap_lines=True)
        if note := answer.get("subsets_note"):  # answers of an older version lack it
            st.info(escape_markdown(note), icon=":material/info:")
        show_left_out(answer)
