"""What a choice of columns gives: counts, three images, the first rows, and what is left over."""

from html import escape
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.frame import escape_markdown
from pages.components.grid import Tile, as_data_address, show_grid
from pages.components.small_type import show_facts, show_section
from xray_core.catalog import Remark
from xray_core.datasets.folder.mapping import SUBSETS
from xray_core.datasets.folder.preview import Sample
from xray_core.datasets.folder.table import MappingPreview
from xray_core.preprocess.thumbnails import create_thumbnails
from xray_core.recipes.titles import use_titles
from xray_core.tables.cells import SEPARATOR
from xray_core.workspace import find_workspace

N_ROWS, N_LABELS, MANY_LABELS = 5, 12, 50
N_EXAMPLES = 2
SIDE = 192  # px


def show_preview(
    preview: MappingPreview, samples: list[Sample], root: Path, with_rows: bool
) -> bool:
    """Show what a mapping gives; return whether it can be used.

    Args:
        preview: the counts.
        samples: the images to show.
        root: the folder.
        with_rows: whether tables name the images, so that their rows are shown.
    """
    show_section("What it gives", _describe_rows(preview, with_rows))
    usable = _warn(preview, with_rows)
    show_facts(_list_counts(preview))
    _show_samples(samples, root)
    if with_rows:
        _show_first(preview.first.head(N_ROWS))
    _show_remarks(preview.remarks)
    return usable


def _describe_rows(preview: MappingPreview, with_rows: bool) -> str:
    if not with_rows:
        return f"{preview.rows:,} images"
    return f"{preview.rows_with_image:,} of {preview.rows:,} rows have their image"


def _warn(preview: MappingPreview, with_rows: bool) -> bool:
    """Say why a mapping cannot be used, or is odd; return whether it can be."""
    if not preview.rows_with_image:
        st.warning("No row's image is in the folder. Choose another column for the image file.")
        return False
    if not preview.labels:
        what = "Choose the column of the label." if with_rows else "No name is a label."
        st.info(f"{what} Without labels there is nothing to learn.")
        return False
    if len(preview.labels) > MANY_LABELS:
        st.warning(f"There are {len(preview.labels):,} different labels. Is it their column?")
    elif len(preview.labels) == 1 and not preview.unlabelled:
        name = escape_markdown(next(iter(preview.labels)))
        st.warning(f"All images are {name}: there is nothing to tell apart.")
    return True


def _list_counts(preview: MappingPreview) -> dict[str, str]:
    shown = list(preview.labels.items())[:N_LABELS]
    more = len(preview.labels) - len(shown)
    labels = ", ".join(f"{name} {count:,}" for name, count in shown)
    subsets = ", ".join(f"{name} {n:,}" for name in SUBSETS if (n := preview.subsets.get(name)))
    return {
        "Labels": f"{labels}, and {more:,} more" if more > 0 else labels or "none",
        "Unlabelled": f"{preview.unlabelled:,}",
        "Patients": f"{preview.patients:,}" if preview.patients else "none given",
        "Subsets": subsets or "none given",
        "Boxes, masks": f"{preview.boxes:,}, {preview.masks:,}",
    }


def _show_samples(samples: list[Sample], root: Path) -> None:
    """Show images with their labels, boxes drawn."""
    paths = [root / sample.path for sample in samples]
    thumbnails = create_thumbnails(paths, SIDE, find_workspace().cache / "thumbnails")
    tiles = [
        Tile(
            id=sample.path,
            title=sample.label.replace(SEPARATOR, ", ") or "unlabelled",
            alt=f"X-ray {sample.path}, {len(sample.boxes)} boxes",
            src=as_data_address(thumbnail.jpeg),
            reason=thumbnail.reason.replace(f"{root}/", ""),
            boxes=sample.boxes,
        )
        for sample, thumbnail in zip(samples, thumbnails, strict=True)
    ]
    show_grid(tiles, "map_images", columns=3, least_width=90)


def _show_first(images: pd.DataFrame) -> None:
    """Show the first images that the tables name: what the table calls them, which file that is."""
    others = {"findings": "Label", "patient_id": "Patient"}
    columns = {name: title for name, title in others.items() if images[name].notna().any()}
    titles = ["The first rows → their files", *columns.values()]
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    rows = "".join(_format_row(row, list(columns)) for _, row in images.iterrows())
    st.html(f'<table class="facts rows"><tr>{head}</tr>{rows}</table>')


def _format_row(row: pd.Series, columns: list[str]) -> str:
    """Return an image as a row of HTML."""
    path = "absent from the folder" if pd.isna(row["path"]) else str(row["path"])
    cells = [
        "–" if pd.isna(row[name]) else str(row[name]).replace(SEPARATOR, ", ") for name in columns
    ]
    named = f'{escape(str(row["cell"]))}<div class="muted">→ {escape(path)}</div>'
    return f"<tr><td>{named}</td>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _show_remarks(remarks: tuple[Remark, ...]) -> None:
    """Show what is left over, guessed or odd."""
    if not remarks:
        return
    show_section("Left over, guessed or odd")
    items = "".join(f"<li>{escape(_format_remark(remark))}</li>" for remark in remarks)
    st.html(f'<ul class="muted">{items}</ul>')


def _format_remark(remark: Remark) -> str:
    examples = ", ".join(remark.examples[:N_EXAMPLES])
    more = ", …" if remark.count > N_EXAMPLES and examples else ""
    return use_titles(remark.message) + (f" ({examples}{more})" if examples else "")
