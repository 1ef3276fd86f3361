"""A few images at once, each as it is and as it is prepared: one alone may be an exception."""

import random
from pathlib import Path

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from pages.components.grid import show_grid
from pages.components.tables import Tables
from pages.components.tiles import TILE_SIDE, name_label
from pages.prepare.pixels import Pixels, build_tile
from xray_core.errors import XrayError
from xray_core.preprocess.images import read_all_preprocessed
from xray_core.preprocess.lung_places import find_lung_places
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes.titles import value_title
from xray_core.workspace import find_workspace

N_SHOWN = 6
DRAW = "several_draw"  # in the session: which draw it is


def show_several(tables: Tables, spec: PreprocessSpec) -> None:
    """Show images drawn at random, the original at the left of the prepared one."""
    draw = st.session_state.setdefault(DRAW, 0)
    names = list(tables.places)
    chosen = random.Random(draw).sample(names, min(N_SHOWN, len(names)))
    rows = tables.pick_images(chosen)
    # Both in one shape: what differs is contrast and size alone.
    plain = PreprocessSpec(size=TILE_SIDE, resize=spec.resize)
    files = tuple(str(tables.catalog.root / path) for path in rows["path"])
    lungs = None
    if spec.needs_lungs:
        with show_errors():
            cache = find_workspace().cache
            lungs = find_lung_places(spec, tables.catalog, rows["image_id"].tolist(), cache)
    known = None if lungs is None else tuple(p if isinstance(p, str) else tuple(p) for p in lungs)
    read = (_read(files, _stamp(files), plain), _read(files, _stamp(files), spec, known))
    pairs = zip(*read, strict=True)
    tiles, unread = [], []
    for image_id, label, (before, after) in zip(
        rows["image_id"], tables.labels[rows.index], pairs, strict=True
    ):
        if isinstance(before, str) or isinstance(after, str):
            unread.append(f"{image_id}: {before if isinstance(before, str) else after}")
            continue
        tiles.append(build_tile("", before, name_label(label), "as it is"))
        tiles.append(build_tile("", after, name_label(label), "prepared"))
    show_grid(tiles, "several", columns=4, pixelated=True)
    if unread:
        st.warning("  \n".join(map(escape_markdown, unread)))
    contrast = value_title("contrast", spec.contrast)
    st.caption(f"Each image as it is, and beside it as it is prepared: {contrast}, {spec.size} px.")
    if st.button("Other images", icon=":material/casino:"):
        st.session_state[DRAW] = draw + 1
        st.rerun()


def _stamp(files: tuple[str, ...]) -> tuple[int, ...]:
    """Return what changes with the files; of those that are gone the same."""
    return tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in map(Path, files))


# cache_resource, not cache_data: the pixels need not be copied at each rerun. Nobody writes to
# them. A slider of contrast leaves a set of images for each of its places, of which few are kept.
@st.cache_resource(max_entries=8, show_spinner=False)
def _read(
    files: tuple[str, ...],
    stamp: tuple[int, ...],
    spec: PreprocessSpec,
    lungs: tuple[tuple[float, ...] | str, ...] | None = None,
) -> list[Pixels | str]:
    """Return each file prepared, or why it cannot be read."""
    results = read_all_preprocessed(list(map(Path, files)), spec, lungs)
    return [str(result) if isinstance(result, XrayError) else result for result in results]
