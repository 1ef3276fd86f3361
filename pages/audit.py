"""Audit page: what is wrong with the data and its split, before a network hides it."""

import streamlit as st

from pages.audit.audit_process import find_audit
from pages.audit.issues import show_issues
from pages.components.context import open_page
from pages.components.frame import escape_markdown
from xray_core.glossary import explain
from xray_core.recipes.titles import value_title
from xray_core.splits import fitting_methods
from xray_core.tasks import tasks_of

AUTHORS = "published"

context = open_page("Audit")
catalog = context.open_catalog()
if opened := st.session_state.pop("audit_opened", None):
    st.switch_page("pages/explore.py", query_params={"image": opened})
tasks = tasks_of(catalog.source)
methods = fitting_methods(catalog)
authors = catalog.images["published_split"].notna().any()
splits = [AUTHORS] if authors else []
splits += [name for name in methods if name != AUTHORS]

with st.container(horizontal=True, gap="medium"):
    single = [name for name in tasks if not tasks[name].multilabel]
    split = st.segmented_control(
        "Split to check",
        splits,
        format_func=lambda name: value_title("split.method", name),
        default=splits[0],
        required=True,
        key="audit_split",
        bind="query-params",
        help=f"{explain('split')} As published: the authors' own subsets. By image: at random, as "
        "in many notebooks.",
    )
task = context.task if context.task in single else single[0]
split = split if split in splits else splits[0]

# The first is what an audit takes by itself; where it cannot be made, it checks the rest.
answer = find_audit(catalog, task, "" if split == splits[0] else split)
counts = answer["counts"]
with st.container(horizontal=True, gap="large"):
    for severity, words in (
        ("serious", "Serious"),
        ("warning", "Warning"),
        ("passed", "Passed"),
    ):
        st.metric(words, answer["summary"][severity])
    st.metric("Images", f"{counts['present']:,}")
    st.metric("Patients", f"{counts['patients']:,}" if counts["patients"] else "–")
subsets = ", ".join(f"{name} {n:,}" for name, n in counts["subsets"].items())
st.caption(escape_markdown(f"Split: {answer['split']}{': ' + subsets if subsets else ''}"))

leaking = any(
    issue["severity"] == "serious" and issue["code"].endswith("_leak") for issue in answer["issues"]
)
if split != "clean":
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Train on a clean split instead",
            icon=":material/cleaning_services:",
            type="primary" if leaking else "secondary",
        ):
            st.switch_page("pages/train.py", query_params={"split": "clean"})
        st.caption(
            "Joins images by patient, study and identical pixels, and divides the groups anew."
        )
show_issues(answer["issues"], catalog, task)
