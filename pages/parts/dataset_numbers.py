"""A dataset in numbers: labels, sizes and boxes."""

import streamlit as st

from pages.parts.tables import Tables
from xray_core import eda
from xray_core.figures.explore import plot_boxes_per_image, plot_image_sizes, plot_label_counts

QUIET = {"displayModeBar": False}


def show_numbers(tables: Tables) -> None:
    """Show figures and tables of the whole dataset, whatever the filters say."""
    catalog, counts = tables.catalog, tables.counts
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Images of each class", anchor=False)
        st.plotly_chart(plot_label_counts(counts), config=QUIET, alt="Images of each class")
    with right:
        st.subheader("Images and patients", anchor=False)
        st.dataframe(counts, hide_index=True)
        n_patients, n_studies = catalog.images[["patient_id", "study_id"]].nunique()
        st.caption(
            f"{n_patients:,} patients, {n_studies:,} studies in all; a patient may be in several "
            "classes."
            if n_patients
            else "The authors publish no patients."
        )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Image sizes", anchor=False)
        sizes = eda.image_sizes(catalog)
        st.plotly_chart(plot_image_sizes(sizes), config=QUIET, alt="Width against height")
    with right:
        st.subheader("Boxes", anchor=False)
        if catalog.boxes.empty:
            st.info("This dataset has no boxes.")
        else:
            boxes = eda.boxes_per_image(catalog)
            st.plotly_chart(plot_boxes_per_image(boxes), config=QUIET, alt="Boxes on an image")
    if catalog.remarks:
        st.subheader("What the reader noticed", anchor=False)
        st.dataframe(
            [
                {"what": remark.message, "examples": ", ".join(remark.examples)}
                for remark in catalog.remarks
            ],
            hide_index=True,
        )
