"""Which images: those that were dropped here, or three drawn ones; and forgetting them."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.questions import forget_answers
from pages.components.small_type import show_muted
from pages.predict.reading import Given, forget_reading
from xray_core.synthetic.samples import draw_samples

BOX = "predict_files_"  # begins the key of the box
TURN = "predict_turn"  # in the session: how often images were forgotten; a new box is empty
SAMPLES = "predict_samples"  # in the session: whether the drawn images are shown
IMAGE, PAGE = "image", "page"  # in the address: number of the image, and page of the list
MOST_MB = 200  # of one file; a zip may hold many
HELP = (
    "Several files, a zip, or a folder that is dropped here. They are checked and read in memory, "
    "and nothing of them is written to a disk. A photo of a screen is no image to predict."
)
STAYS = (
    "For learning, never for diagnosis. Images stay on the computer that runs X-ray Lab, and "
    "nothing of them is stored."
)


def choose_files() -> list[Given]:
    """Show where images are dropped, and return those that are there."""
    dropped = st.file_uploader(
        "Drop chest X-rays here: PNG, JPEG, DICOM, or a zip",
        accept_multiple_files=True,  # of any kind: what is none, has its reason in the list
        key=f"{BOX}{st.session_state.get(TURN, 0)}",
        max_upload_size=MOST_MB,
        help=HELP,
    )
    show_muted(STAYS)
    if dropped:
        st.session_state.pop(SAMPLES, None)
        return [(file.file_id, file.name, file.getvalue()) for file in dropped]
    if st.session_state.get(SAMPLES):
        return [(name, name, content) for name, content in draw_once()]
    return []


@st.cache_resource(show_spinner=False)
def draw_once() -> list[tuple[str, bytes]]:
    """Return the drawn images; see `synthetic.samples`."""
    return draw_samples()


def show_samples() -> None:
    """Show that drawn images can be tried."""
    st.button(
        "Try it with images of the demo",
        icon=":material/image:",
        type="primary",
        key="predict_try",
        on_click=lambda: st.session_state.update({SAMPLES: True}),
    )


def forget_images() -> None:
    """Drop the images, and all that was said of them."""
    context = get_script_run_ctx()
    for file in st.session_state.get(f"{BOX}{st.session_state.get(TURN, 0)}") or ():
        if context is not None:  # else Streamlit holds them until the browser is closed
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    st.session_state.pop(SAMPLES, None)
    for name in (IMAGE, PAGE):
        st.query_params.pop(name, None)
    forget_reading()
    forget_answers("predict")
