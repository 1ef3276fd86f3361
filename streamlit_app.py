"""Entry point: `streamlit run streamlit_app.py`. Names the pages, nothing else."""

from pathlib import Path

import streamlit as st

# A file of our own: for a named icon the browser would ask the internet.
ICON = Path(__file__).parent / "pages" / "components" / "icon.png"

st.set_page_config(page_title="X-ray Lab", page_icon=str(ICON), layout="wide")
st.session_state["entered"] = True  # see pages/components/frame.py

page = st.navigation(
    [
        st.Page(
            "pages/home/page.py",
            title="Home",
            url_path="home",
            icon=":material/home:",
            default=True,
        ),
        st.Page(
            "pages/explore/page.py",
            title="Explore",
            url_path="explore",
            icon=":material/grid_view:",
        ),
        st.Page("pages/audit/page.py", title="Audit", url_path="audit", icon=":material/policy:"),
        st.Page(
            "pages/prepare/page.py", title="Prepare", url_path="prepare", icon=":material/tune:"
        ),
        st.Page(
            "pages/train/page.py", title="Train", url_path="train", icon=":material/model_training:"
        ),
        st.Page("pages/runs/page.py", title="Runs", url_path="runs", icon=":material/monitoring:"),
        st.Page(
            "pages/evaluate/page.py",
            title="Evaluate",
            url_path="evaluate",
            icon=":material/fact_check:",
        ),
    ]
)
page.run()
