"""Entry point: `streamlit run streamlit_app.py`. Names the pages, nothing else."""

from pathlib import Path

import streamlit as st

from pages.components.preload import wait_until_loaded
from pages.components.stale_reruns import skip_stale_reruns

wait_until_loaded()
skip_stale_reruns()
# A file of our own: for a named icon the browser would ask the internet.
ICON = Path(__file__).parent / "pages" / "components" / "icon.png"
LOGO = ICON.with_name("logo.svg")

st.set_page_config(
    page_title="X-ray Lab", page_icon=str(ICON), layout="wide", initial_sidebar_state="collapsed"
)
st.logo(str(LOGO), size="large")
st.session_state["entered"] = True  # see pages/components/context.py

page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", default=True),
        st.Page("pages/explore.py", title="Explore"),
        st.Page("pages/audit.py", title="Audit"),
        st.Page("pages/prepare.py", title="Prepare"),
        st.Page("pages/train.py", title="Train"),
        st.Page("pages/runs.py", title="Runs"),
        st.Page("pages/evaluate.py", title="Evaluate"),
        st.Page("pages/inside.py", title="Inside"),
        st.Page("pages/compare.py", title="Compare"),
        st.Page("pages/predict.py", title="Predict"),
    ],
    position="top",
)
page.run()
