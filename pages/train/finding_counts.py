"""How many images of each subset have each finding, before a training on several at once."""

from html import escape

import pandas as pd
import streamlit as st

from xray_core.splits import SUBSETS
from xray_core.tasks import ABSENT, PRESENT, STATE, UNKNOWN

STATES = {"Present": PRESENT, "Absent": ABSENT, "Unknown": UNKNOWN}


def count_findings(split: pd.DataFrame, classes: list[str]) -> pd.DataFrame | None:
    """Count the images of each subset by the state of each finding.

    Args:
        split: as `split_catalog` returns it.
        classes: of the task.

    Returns:
        One row a finding and subset, in their order: finding, subset, and present, absent and
        unknown (images); None where an image has one class.
    """
    if not all(STATE + name in split for name in classes):
        return None
    rows = []
    for name in classes:
        for subset in SUBSETS:
            states = split.loc[split["subset"] == subset, STATE + name]
            rows.append(
                {
                    "finding": name,
                    "subset": subset,
                    PRESENT: int(states.eq(1).sum()),
                    ABSENT: int(states.eq(0).sum()),
                    UNKNOWN: int(states.isna().sum()),
                }
            )
    return pd.DataFrame(rows)


def count_present(counts: pd.DataFrame, subset: str = "") -> dict[str, int]:
    """Return finding -> images that have it, of one subset or of all."""
    rows = counts[counts["subset"] == subset] if subset else counts
    return {
        str(name): int(n) for name, n in rows.groupby("finding", sort=False)[PRESENT].sum().items()
    }


def show_finding_counts(counts: pd.DataFrame) -> None:
    """Show one number for each finding and subset; which of the three is chosen above.

    Args:
        counts: as `count_findings` returns them.
    """
    states = {title: name for title, name in STATES.items() if counts[name].any()}
    title = st.segmented_control(
        "Images of each finding",
        list(states),
        default="Present",
        required=True,
        key="finding_state",
        persist_state="session",
        help="How many images of each subset have a finding, do not have it, or do not tell. What "
        "is unknown is not learnt from and not evaluated.",
    )
    # What was chosen for another dataset may not be offered here.
    st.html(_format_table(counts, states.get(str(title), PRESENT)))


def _format_table(counts: pd.DataFrame, state: str) -> str:
    table = counts.pivot(index="finding", columns="subset", values=state)
    table = table.loc[counts["finding"].unique()]
    head = "".join(f'<th scope="col">{subset.capitalize()}</th>' for subset in SUBSETS)
    rows = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th>'
        + "".join(f"<td>{row[subset]:,}</td>" for subset in SUBSETS)
        + "</tr>"
        for name, row in table.iterrows()
    )
    return (
        '<table class="facts counts"><thead><tr><th scope="col">Finding</th>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table>"
    )
