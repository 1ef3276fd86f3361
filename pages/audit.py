"""Audit page: what is wrong with the data and its split, before a network hides it."""

import streamlit as st

from pages.parts.audit.findings import show_findings
from pages.parts.audit.task import find_audit
from pages.parts.dataset import choose_dataset
from pages.parts.frame import escape_markdown, open_page
from xray_core.labels import views_of
from xray_core.splits import fitting_methods

AUTHORS = "published"

open_page("Audit", "What is wrong with this data, before a network hides it.")
catalog = choose_dataset()
if opened := st.session_state.pop("audit_opened", None):
    st.switch_page("pages/explore.py", query_params={"image": opened})
views = views_of(catalog.source)
methods = fitting_methods(catalog)
authors = catalog.images["published_split"].notna().any()
splits = [AUTHORS] if authors else []
splits += [name for name in methods if name != AUTHORS]

with st.container(horizontal=True, gap="medium"):
    single = [name for name in views if not views[name].multilabel]
    view = st.selectbox(
        "Label view",
        single,
        key="audit_view",
        bind="query-params",
        width=230,
        help="The classes that copies, parts and sources are held against.",
    )
    split = st.segmented_control(
        "Split to check",
        splits,
        default=splits[0],
        required=True,
        key="audit_split",
        bind="query-params",
        help="published: the authors' own parts. patient: patients stay together. clean: "
        "identical pixels too. image: at random, as in many notebooks.",
    )
view = view if view in single else single[0]
split = split if split in splits else splits[0]

# The first is what an audit takes by itself; where it cannot be made, it checks the rest.
answer = find_audit(catalog, view, "" if split == splits[0] else split)
counts = answer["counts"]
with st.container(horizontal=True, gap="large"):
    for severity, words in (
        ("serious", "Serious"),
        ("worth knowing", "Worth knowing"),
        ("fine", "In order"),
    ):
        st.metric(words, answer["summary"][severity])
    st.metric("Images", f"{counts['present']:,}")
    st.metric("Patients", f"{counts['patients']:,}" if counts["patients"] else "–")
parts = ", ".join(f"{name} {n:,}" for name, n in counts["parts"].items())
st.caption(escape_markdown(f"Split: {answer['split']}{': ' + parts if parts else ''}"))

leaking = any(
    one["severity"] == "serious" and one["kind"].endswith("_leak") for one in answer["findings"]
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
show_findings(answer["findings"], catalog, view)
