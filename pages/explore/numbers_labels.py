"""Labels in numbers: images of each class, and which findings occur together."""

import math

import pandas as pd
import streamlit as st

from pages.components.download import show_table
from pages.components.figure import show_figure
from pages.components.frame import escape_markdown
from pages.components.pager import show_pager
from pages.components.small_type import show_section
from pages.components.tables import Tables
from pages.explore import numbers_figures, numbers_tables
from pages.explore.numbers_crossing import show_crossing
from pages.explore.numbers_tables import combinations, recall
from xray_core.figures.explore.labels import N_FINDINGS, N_SETS
from xray_core.glossary import explain
from xray_core.tasks import list_findings, spell_findings

PERCENT = st.column_config.NumberColumn(format="percent")
ROWS = 12  # sets of findings on a page of the table


def show_labels(tables: Tables) -> None:
    """Show the classes of the task, then the findings as the authors published them."""
    source, counts = tables.catalog.source, tables.counts
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_figure(
            recall(numbers_figures.label_counts, tables),
            f"{source}-classes",
            "Images of each class",
            title="Images of each class",
        )
    with right:
        show_section("Images and patients")
        show_table(
            counts,
            f"{source}-classes",
            "Images, their share, files and patients of each class",
            config={"share": PERCENT},
        )
        n_patients, n_studies = recall(numbers_tables.owners, tables)
        studies = f", {n_studies:,} studies" if n_studies else ""
        st.caption(
            f"{n_patients:,} patients{studies} in all; a patient may be in several classes."
            if n_patients
            else "The authors publish no patients."
        )
        _say_imbalance(tables)
    _show_subsets(tables)
    show_crossing(tables)
    if list_findings(tables.catalog):
        _show_states(tables)
    sets = recall(combinations, tables)
    show_section("Findings as published")
    if sets.empty:
        st.caption("The authors publish no findings.")
        return
    _show_combinations(sets, source)
    if sets["n_findings"].max() > 1:
        _show_together(tables, sets)
    else:
        st.caption("No image has several findings, so none occur together.")


def _say_imbalance(tables: Tables) -> None:
    """Say how many times as many images the largest class has as the smallest."""
    if imbalance := recall(numbers_tables.imbalance, tables):
        largest, smallest = map(escape_markdown, (imbalance.largest, imbalance.smallest))
        st.caption(
            f"Class imbalance: {imbalance.ratio:,.1f} images of **{largest}** for each of "
            f"**{smallest}**.",
            help=explain("class imbalance"),
        )


def _show_subsets(tables: Tables) -> None:
    """Show which share of each published subset a class is, where subsets are published."""
    shares = recall(numbers_tables.subset_shares, tables)
    if shares.empty:
        return
    show_section("Shares in each published subset")
    wide = shares.pivot(index="class", columns="subset")
    shown = pd.DataFrame({"class": shares["class"].unique()})
    config = {}
    for subset in shares["subset"].unique():
        shown[subset] = wide["images", subset].reindex(shown["class"]).to_numpy()
        shown[f"share of {subset}"] = wide["share", subset].reindex(shown["class"]).to_numpy()
        config[f"share of {subset}"] = PERCENT
    show_table(
        shown,
        f"{tables.catalog.source}-subsets-shares",
        "Images of each class in each published subset, with their share of the subset",
        config=config,
    )


def _show_states(tables: Tables) -> None:
    """Show on how many images each finding is present, absent and unknown."""
    source, counts = tables.catalog.source, recall(numbers_tables.state_counts, tables)
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_figure(
            recall(numbers_figures.states, tables),
            f"{source}-states",
            "For each finding the shares of images on which it is present, absent and unknown",
            title="Present, absent or unknown",
        )
    with right:
        show_section("The same in numbers", "of all images, those without a file included")
        shares = [name for name in counts.columns if name.startswith("share")]
        show_table(
            counts.assign(finding=counts["finding"].map(spell_findings)),
            f"{source}-states",
            "Images on which each finding is present, absent and unknown",
            config=dict.fromkeys(shares, PERCENT),
            whole=counts,
        )
        st.caption(
            f"Unknown: {explain('unknown finding')[0].lower()}{explain('unknown finding')[1:]}"
        )


def _show_combinations(sets: pd.DataFrame, source: str) -> None:
    """Show the sets of findings, a page at a time; 836 of them fill no browser."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input(
            "Search the findings",
            key="find",
            type="search",
            placeholder="e.g. effusion mass",
            help="Shows the sets that hold each of these words.",
            width=300,
        )
        words = (wanted or "").lower().replace("+", " ").split()
        lower = (sets["findings"] + " " + sets["findings"].map(spell_findings)).str.lower()
        passed = pd.Series(True, index=sets.index)
        for word in words:
            passed &= lower.str.contains(word, regex=False)
        shown = sets[passed]
        n_pages = max(1, math.ceil(len(shown) / ROWS))
        page = show_pager(n_pages, f"sets_{' '.join(words)}") if n_pages > 1 else 1
    st.caption(
        f"{len(shown):,} of {len(sets):,} sets of findings, on {shown['images'].sum():,} of "
        f"{sets['images'].sum():,} labelled images."
    )
    rows = shown.iloc[(page - 1) * ROWS : page * ROWS]
    words_of = rows["findings"].map(spell_findings)
    show_table(
        rows.assign(findings=words_of)[["images", "findings", "share", "patients"]],
        f"{source}-findings",
        "Sets of findings with their images, the most frequent first",
        whole=shown,
        config={
            "images": st.column_config.ProgressColumn(
                format="localized", min_value=0, max_value=int(sets["images"].max())
            ),
            "share": st.column_config.NumberColumn("of the labelled images", format="percent"),
        },
    )


def _show_together(tables: Tables, sets: pd.DataFrame) -> None:
    source, together = tables.catalog.source, recall(numbers_tables.together, tables)
    left, right = st.columns(2, gap="large")
    with left:
        show_figure(
            recall(numbers_figures.together, tables),
            f"{source}-together",
            "Heat map: of the images with one finding, the share that also has another",
            together.rename_axis("finding").reset_index(),
            title="Which findings come together",
        )
        cut = f" The {N_FINDINGS} most frequent findings." if len(together) > N_FINDINGS else ""
        st.caption(f"Of the images with the finding of the row, how many have the column's.{cut}")
    with right:
        show_figure(
            recall(numbers_figures.sets, tables),
            f"{source}-sets",
            "The most frequent sets of findings, as joined dots, with a bar for their images",
            title="The most frequent sets",
        )
        n_shown = min(N_SETS, len(sets))
        share = sets["images"].head(n_shown).sum() / sets["images"].sum()
        st.caption(
            f"Each row is a set, its findings the filled dots. These {n_shown} sets hold "
            f"{share:.0%} of the labelled images."
        )
