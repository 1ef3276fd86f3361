"""Whether a run has a network to look into."""

import streamlit as st

from xray_core.runs import Run


def check_network(run: Run) -> bool:
    """Return whether a run has a network of its own; where it has none, say so.

    An average has none, and neither has a table of predictions.
    """
    if run.best_checkpoint.is_file():
        return True
    st.info(
        "This run has no network of its own, so there is none to look into. Choose one that was "
        "trained here.",
        icon=":material/visibility_off:",
    )
    return False
