"""Entry point: `streamlit run streamlit_app.py`. Names the pages, nothing else."""

from pathlib import Path

import streamlit as st

# A file of our own: for a named icon the browser would ask the internet.
ICON = Path(__file__).parent / "pages" / "components" / "icon.png"

st.set_page_config(page_title="X-ray Lab", page_icon=str(ICON), layout="wide")
st.session_state["entered"] = True  # see pages/components/frame.py

page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/explore.py", title="Explore", icon=":material/grid_view:"),
        st.Page("pages/audit.py", title="Audit", icon=":material/policy:"),
        st.Page("pages/prepare.py", title="Prepare", icon=":material/tune:"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/runs.py", title="Runs", icon=":material/monitoring:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
    ]
)
page.run()
