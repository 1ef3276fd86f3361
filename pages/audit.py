"""Audit page: what is wrong with the data and its split, before a network hides it."""

import streamlit as st

from pages.audit.audit_process import find_audit, forget_audit
from pages.audit.issues import choose_issue, show_issue
from pages.audit.verdict import show_verdict_line
from pages.components.bottom_bar import open_bottom_bar
from pages.components.context import open_page
from xray_core.glossary import explain
from xray_core.recipes.titles import value_title
from xray_core.splits import fitting_methods
from xray_core.tasks import tasks_of

AUTHORS = "published"
# Those to be compared; which site is tested, nobody says here.
CHECKED = ("patient", "clean", "target_domain", "thesis", "image")

context = open_page("Audit")
catalog = context.open_catalog()
if opened := st.session_state.pop("audit_opened", None):
    st.switch_page("pages/explore.py", query_params={"image": opened})
tasks = tasks_of(catalog.source)
methods = fitting_methods(catalog)
authors = catalog.images["published_split"].notna().any()
splits = [AUTHORS] if authors else []
splits += [name for name in methods if name in CHECKED]
# An audit is made under one class an image.
single = [name for name in tasks if not tasks[name].multilabel]
task = context.task if context.task in single else single[0]

verdict, chooser = st.columns(2, vertical_alignment="center")
with chooser:
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
split = split if split in splits else splits[0]

# The first is what an audit takes by itself; where it cannot be made, it checks the rest.
asked = "" if split == splits[0] else split
answer = find_audit(catalog, task, asked)
with verdict:
    show_verdict_line(answer, tasks[task].question if task != context.task else "")
left, right = st.columns([5, 7], gap="medium")
with left:
    issue = choose_issue(answer["issues"])
with right:
    show_issue(issue, catalog, task)

leaking = any(
    issue["severity"] == "serious" and issue["code"].endswith("_leak") for issue in answer["issues"]
)
with open_bottom_bar():
    if st.button("Audit again", icon=":material/replay:", type="tertiary"):
        forget_audit(catalog, task, asked)
    st.space("stretch")
    if leaking and split != "clean":
        if st.button("Train on a clean split", icon=":material/cleaning_services:", type="primary"):
            st.switch_page("pages/train.py", query_params={"split": "clean"})
    elif st.button("Train on this split", icon=":material/arrow_forward:", type="primary"):
        query = {"split": split} if split in methods else {}
        st.switch_page("pages/train.py", query_params=query)
