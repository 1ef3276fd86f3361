"""Entry point: `streamlit run streamlit_app.py`. Names the pages, nothing else."""

import streamlit as st

st.set_page_config(page_title="X-ray Lab", page_icon="🩻", layout="wide")

page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/explore.py", title="Explore", icon=":material/grid_view:"),
        st.Page("pages/prepare.py", title="Prepare", icon=":material/tune:"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/runs.py", title="Runs", icon=":material/monitoring:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
    ]
)
page.run()
