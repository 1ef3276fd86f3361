"""The one thing to do first: a training of the demo recipe, started by one click."""

import streamlit as st

from pages.components.context import Context
from pages.components.dataset import open_folder, wait_for_demo
from pages.components.frame import show_errors
from pages.components.grid import show_grid
from pages.components.small_type import show_muted
from pages.components.tables import Tables, read_tables
from pages.components.tiles import build_tiles
from pages.components.user import find_user
from pages.train.checked_split import check_split
from pages.train.cost import estimate_cost, format_time
from xray_core.errors import DatasetError
from xray_core.jobs import submit_recipe
from xray_core.jobs.measure import read_description, stop_description
from xray_core.recipes import PUBLISHED
from xray_core.registry import N_DEMO_IMAGES
from xray_core.synthetic.dataset import is_synthetic
from xray_core.workspace import find_workspace

RECIPE = PUBLISHED["demo_cnn"]
STARTING, OPENED = "home_starting", "home_opened"
N_IMAGES = 3


def show_hero() -> None:
    """Show what to do first, and do it: the demo data is drawn before, where it is missing."""
    words, n_images, n_tested = _estimate()
    st.html(
        '<div class="hero">Train your first network<small>'
        f"{words}. It learns from {n_images} to tell opacity from none; you watch it learn, then "
        f"see how it does on {n_tested} that it has never seen.</small></div>"
    )
    starting = st.session_state.get(STARTING, False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Start now", type="primary", icon=":material/play_arrow:", disabled=starting):
            st.session_state[STARTING] = starting = True
        if st.button("Look at the images first", type="tertiary"):
            st.switch_page("pages/explore.py")
    show_muted("Images stay on the computer that runs X-ray Lab.")
    if starting:
        _start()


def _start() -> None:
    workspace = find_workspace()
    if not is_synthetic(workspace.demo_data):
        wait_for_demo(workspace)  # which then begins the page anew
        return
    del st.session_state[STARTING]
    with show_errors():
        stop_description(workspace)
        run = submit_recipe(RECIPE, workspace.demo_data, workspace, user=find_user())
    st.switch_page("pages/runs.py", query_params={"run": run.name})


def _estimate() -> tuple[str, str, str]:
    """Return how long it takes, from how many images it learns, and on how many it is tested."""
    workspace = find_workspace()
    shares = RECIPE.split
    n_tested = round(N_DEMO_IMAGES * shares.test)
    n_images = N_DEMO_IMAGES - n_tested - round(N_DEMO_IMAGES * shares.validation)
    time = "About 1 minute"
    if is_synthetic(workspace.demo_data):
        try:
            checked = check_split(open_folder(workspace.demo_data), RECIPE.task, RECIPE.split)
            cost = estimate_cost(RECIPE, checked, read_description(RECIPE, workspace))
        except (DatasetError, OSError):
            return time, f"{n_images} synthetic images", str(n_tested)  # said where it is chosen
        # Of images that cannot be divided there are none.
        n_images = checked.subsets.get("training", n_images)
        n_tested = checked.subsets.get("test", n_tested)
        if cost is not None:
            time = format_time(cost.seconds_likely).capitalize()
    return time, f"{n_images:,} synthetic images", f"{n_tested:,}"


def show_images(context: Context) -> None:
    """Show a light box of the chosen dataset's images; a click opens one in Explore."""
    if opened := st.session_state.pop(OPENED, None):
        st.switch_page("pages/explore.py", query_params={"image": opened})
    catalog = context.open_catalog()
    with show_errors():
        tables = read_tables(catalog, context.task)
        tiles = build_tiles(tables, catalog.present.loc[_choose_images(tables)])
    show_grid(tiles, "home_images", _open_image, columns=N_IMAGES, least_width=96)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={Tables: id})
def _choose_images(tables: Tables) -> list[int]:
    """Return the rows of a few images, of as many labels as can be."""
    present = tables.catalog.present
    labels = tables.labels[present.index]
    first = list(labels.dropna().drop_duplicates().index)
    others = present.index[:: max(1, len(present) // N_IMAGES)]
    return list(dict.fromkeys([*first, *others]))[:N_IMAGES]


def _open_image(image_id: str) -> None:
    """Remember which image was clicked; a callback cannot change the page itself."""
    st.session_state[OPENED] = image_id
