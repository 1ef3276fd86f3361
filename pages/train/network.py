"""The network of a recipe, drawn and listed layer by layer."""

from typing import Any

import pandas as pd
import streamlit as st

from pages.components.figure import show_figure
from xray_core.figures.layers import plot_layers
from xray_core.jobs.measure import Description


def show_network(description: Description) -> None:
    """Show the layers, once the process that measures the cost has told of them."""
    if description.state != "ready":
        return
    layers = description.values["layers"]
    network = st.expander(
        f"The network: {len(layers)} layers",
        icon=":material/layers:",
        key="network",
        on_change="rerun",
    )
    if network.open:  # drawn for those who look
        with network:
            _show_layers(layers)


def _show_layers(layers: list[dict[str, Any]]) -> None:
    table = pd.DataFrame(layers).drop(columns="shape")
    show_figure(plot_layers(layers), "network", "The layers, from the image to the answer", table)
    st.caption(
        "From the image at the left to the answer at the right. A block is as high as its maps "
        "(log scale) and as wide as their number; point at it for its name. Branches stand one "
        "after the other."
    )
    st.dataframe(
        table,
        hide_index=True,
        alt="Layers of the model",
        column_config={
            "parameters": st.column_config.NumberColumn("parameters", format="localized")
        },
    )
