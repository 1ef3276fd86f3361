"""The image that is open, large, under its heat map."""

import io

import cv2
import numpy as np
import streamlit as st
from PIL import Image

from pages.components.frame import escape_markdown
from pages.components.grid import Tile, as_data_address
from pages.components.heat import as_heat
from pages.components.questions import answer_of
from pages.components.small_type import show_muted
from pages.components.viewer import show_viewer
from pages.predict.predicted import Asked, Predicted
from pages.predict.worklist import open_image
from xray_core.figures.colors import class_color
from xray_core.preprocess.window import BONES, FULL, LUNGS, find_window

HEAT = "heat"  # in the address: opacity of the heat map, in per cent
USUAL, STEP = 70, 5
TURNED = "predict_turned"  # in the session: whether another image was asked for here
HELP = "where in the image the answer came from, as far as the last convolution can tell"


@st.fragment
def show_large(predicted: Predicted, place: int, asked: Asked) -> None:
    """Show an image with its heat map; another opacity draws nothing else anew.

    Args:
        predicted: all of the images.
        place: of this one.
        asked: of the run.
    """
    if st.session_state.pop(TURNED, False):
        st.rerun()  # the list and the answer follow
    upload, order = predicted.uploads[place], predicted.list_by_risk()
    at = order.index(place)
    heat = ""
    ratio = _read_ratio(upload.shown) if upload.shown else 1.0
    if place in predicted.rows:
        opacity = st.slider(
            "Heat map",
            0,
            100,
            USUAL,
            STEP,
            format="%d%%",
            key=HEAT,
            bind="query-params",
            help=HELP,
        )
        answer = answer_of("predict", asked.about([upload], with_maps=True), "Heat map")
        if answer is not None and len(answer.get("maps", ())):
            heat = as_heat(answer["maps"][0], ratio, predicted.recipe.preprocess.resize)
            if not answer["maps"][0].any():
                show_muted(
                    escape_markdown(
                        f"No place is warm: nothing in the image speaks for "
                        f"{predicted.name_answer(place)}."
                    )
                )
        elif answer is not None:  # the last note says why there is none
            show_muted("".join(answer.get("notes", ())[-1:]))
    else:
        opacity = 0
    name = predicted.name_answer(place)
    tile = Tile(
        id=str(place),
        title=name,
        note=upload.name,
        alt=f"X-ray {upload.name}, {name}",
        src=as_data_address(upload.shown),
        reason=upload.reason,
        heat=heat,
        ratio=ratio,
        color=class_color(name, predicted.recipe.class_names) if upload.shown else "",
    )
    windows = []
    if upload.shown:
        pixels = cv2.imdecode(np.frombuffer(upload.shown, np.uint8), cv2.IMREAD_GRAYSCALE)
        windows = [FULL, LUNGS, BONES, find_window([pixels])]
    show_viewer(
        [tile],
        "predict_large",
        windows,
        _open,
        None,
        before=str(order[at - 1]) if at else "",
        after=str(order[at + 1]) if at + 1 < len(order) else "",
        place=f"{at + 1:,} of {len(order):,}",
        show_heat=opacity / 100,
    )


def _open(name: str) -> None:
    st.session_state[TURNED] = True
    open_image(int(name))


def _read_ratio(jpeg: bytes) -> float:
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.width / image.height
