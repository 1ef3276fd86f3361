"""The images that were dropped, as a list sorted by risk: a click on a row opens its image."""

import math
from collections.abc import Sequence
from functools import partial
from html import escape

import cv2
import numpy as np
import pandas as pd
import streamlit as st

from pages.components.address import change_address
from pages.components.frame import escape_markdown
from pages.components.grid import as_data_address
from pages.components.pager import show_pager
from pages.components.small_type import show_section
from pages.predict.files import IMAGE, PAGE
from pages.predict.predicted import Predicted
from pages.predict.reading import Reading
from xray_core.audit.issue import count_of

PER_PAGE = 12
THUMBNAIL, ROW_HEIGHT = 72, 46  # px
PICKED, ANEW = "predict_picked", "predict_anew"  # in the session
WARNING = "unlike the training images"


def choose_image(predicted: Predicted, reading: Reading) -> int:
    """Show a page of the list, and return the place of the image that is open.

    Args:
        predicted: all of the images.
        reading: they come from.
    """
    order = predicted.list_by_risk()
    chosen = find_chosen(order)
    n_pages = math.ceil(len(order) / PER_PAGE)
    show_section(count_of(len(order), "image"), _describe(predicted))
    place = st.container()  # above the buttons that turn its pages
    number = show_pager(n_pages, PAGE, in_address=True, n_numbers=5) if n_pages > 1 else 1
    shown = order[(number - 1) * PER_PAGE : number * PER_PAGE]
    # Beside it the image was changed, by an arrow or by "Back": the table begins anew with it.
    if st.session_state.get(PICKED) != chosen:
        st.session_state[ANEW] = st.session_state.get(ANEW, 0) + 1
        st.session_state[PICKED] = chosen
    key = f"worklist_{number}_{st.session_state.get(ANEW, 0)}_{id(reading)}"
    rows = [shown.index(chosen)] if chosen in shown else []
    with place:
        st.dataframe(
            _build(predicted, reading, shown),
            hide_index=True,
            height=37 + ROW_HEIGHT * len(shown),
            row_height=ROW_HEIGHT,
            column_config=_configure(predicted),
            key=key,
            on_select=partial(_open_row, key, shown, *(rows or [-1])),
            selection_mode=["single-row", "single-cell"],
            selection_default={"selection": {"rows": rows}},
            alt="The images, the highest risk first, each with its probability and answer",
        )
    if reasons := [upload.reason for upload in predicted.uploads if upload.reason]:
        st.html(_format_reasons(reasons))
    return chosen


def find_chosen(order: list[int]) -> int:
    """Return the place of the image in the address; else the first of the list."""
    wanted = st.query_params.get(IMAGE, "")
    place = int(wanted) - 1 if wanted.isdecimal() and len(wanted) < 9 else -1
    return place if place in order else order[0]


def open_image(place: int) -> None:
    """Write an image into the address."""
    change_address({IMAGE: str(place + 1)})


def _open_row(key: str, shown: list[int], chosen: int) -> None:
    """Open the image whose row was ticked, or clicked anywhere."""
    selection = st.session_state[key].selection
    ticked = [row for row in selection.rows if row != chosen]
    clicked = [row for row, _ in selection.cells if row != chosen]
    for row in ticked or clicked:
        if 0 <= row < len(shown):  # and nothing else that a browser may send
            if ticked:
                st.session_state[PICKED] = shown[row]  # the table shows it by itself
            open_image(shown[row])


def _format_reasons(reasons: Sequence[str]) -> str:
    """Return why images were not read, as HTML, folded; "" where all were."""
    lines = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    title = (
        f"Why {count_of(len(reasons), 'file')} {'was' if len(reasons) == 1 else 'were'} not read"
    )
    return f'<details class="muted"><summary>{title}</summary><ul>{lines}</ul></details>'


def _describe(predicted: Predicted) -> str:
    n_unlike = sum(predicted.is_unlike(place) for place in predicted.rows)
    n_unread = len(predicted.uploads) - len(predicted.rows)
    words = [f"{n_unlike:,} {WARNING}"] if n_unlike else []
    words += [f"{n_unread:,} not read"] if n_unread else []
    return ", ".join(words) or "the highest risk first"


def _build(predicted: Predicted, reading: Reading, shown: list[int]) -> pd.DataFrame:
    risks = [
        100 * float(predicted.risk[predicted.rows[place]]) if place in predicted.rows else None
        for place in shown
    ]
    return pd.DataFrame(
        {
            "picture": [_draw(reading, place) for place in shown],
            "risk": pd.array(risks, dtype="Float64"),
            "note": [_note(predicted, place) for place in shown],
            "name": [predicted.uploads[place].name for place in shown],
        }
    )


def _note(predicted: Predicted, place: int) -> str:
    if place not in predicted.rows:
        return "✕ not read"
    return f"{'⚠ ' if predicted.is_unlike(place) else ''}{predicted.name_answer(place)}"


def _configure(predicted: Predicted) -> dict[str, object]:
    return {
        "picture": st.column_config.ImageColumn("", width=54),
        "risk": st.column_config.ProgressColumn(
            escape_markdown(predicted.risk_title),
            format="%.0f%%",
            min_value=0,
            max_value=100,
            width=96,
        ),
        "note": st.column_config.TextColumn("answer", width=100),
        "name": st.column_config.TextColumn("image"),
    }


def _draw(reading: Reading, place: int) -> str:
    """Return a small picture of an image as a `data:` address, drawn once; "" of none."""
    if place not in reading.pictures:
        reading.pictures[place] = _shrink(reading.uploads[place].shown)
    return reading.pictures[place]


def _shrink(jpeg: bytes) -> str:
    if not jpeg:
        return ""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    scale = THUMBNAIL / max(image.shape)
    size = tuple(max(1, round(side * scale)) for side in image.shape[::-1])
    _, small = cv2.imencode(".jpg", cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return as_data_address(small.tobytes())
