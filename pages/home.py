"""Home page: which data is here, what the machine is doing, and what to try first."""

import streamlit as st

from pages.components.context import open_page
from pages.components.frame import escape_markdown, show_errors
from pages.components.grid import show_grid
from pages.components.tables import read_tables
from pages.components.tiles import build_tiles
from pages.home.activity import show_activity
from pages.home.add_dataset import show_adding
from pages.home.archives import show_archives
from pages.home.get_dataset import show_get_dataset
from xray_core.glossary import explain
from xray_core.synthetic.dataset import is_synthetic

N_IMAGES = 6
CARDS = (
    (
        "Explore",
        ":material/grid_view:",
        "Look at the images, their labels and the boxes around what is seen.",
        "Look at the images",
        "pages/explore.py",
    ),
    (
        "Audit",
        ":material/policy:",
        "Find leaks, copies and contradicting labels before a network hides them.",
        "Audit the data",
        "pages/audit.py",
    ),
    (
        "Prepare",
        ":material/tune:",
        "See what contrast, size and augmentation do, down to the tensor a network gets.",
        "Prepare an image",
        "pages/prepare.py",
    ),
    (
        "Train",
        ":material/model_training:",
        "Start a network in the background and watch its curves grow.",
        "Start a training",
        "pages/train.py",
    ),
)

context = open_page("Home")
show_archives()
catalog = context.open_catalog()
if opened := st.session_state.pop("home_opened", None):
    st.switch_page("pages/explore.py", query_params={"image": opened})

for column, (title, icon, about, action, page) in zip(st.columns(len(CARDS)), CARDS, strict=True):
    with column, st.container(border=True, height="stretch"):
        st.markdown(f"#### {icon} {title}")
        st.markdown(about)
        st.space("stretch")
        kind = "primary" if title == "Train" else "secondary"
        if st.button(action, type=kind, key=f"go_{title}"):
            st.switch_page(page)

with show_errors():
    tables = read_tables(catalog, context.task)
    present = catalog.present
    images = present.iloc[:: max(1, len(present) // N_IMAGES)].head(N_IMAGES)
    tiles = build_tiles(tables, images)

st.subheader("The data", anchor=False)
with st.container(horizontal=True, gap="large"):
    drawn = is_synthetic(catalog.root)
    origin = "synthetic images" if drawn else "real radiographs"
    n_patients = catalog.images["patient_id"].nunique()
    name = escape_markdown(st.session_state["data"])
    st.metric(
        "Dataset", name, origin, delta_color="off", delta_arrow="off", help=explain("dataset")
    )
    st.metric("Images", f"{len(present):,}")
    st.metric("Made-up patients" if drawn else "Patients", f"{n_patients:,}" if n_patients else "–")
    st.metric("Boxes", f"{len(catalog.boxes):,}")


def open_image(image_id: str) -> None:
    """Remember which image was clicked; a callback cannot change the page itself."""
    st.session_state["home_opened"] = image_id


show_grid(tiles, "home_images", open_image, columns=N_IMAGES)
show_adding()
show_get_dataset()
show_activity()
