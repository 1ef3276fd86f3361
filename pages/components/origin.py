"""Where a run's predictions come from that no training here has made, said wherever it is shown."""

import streamlit as st

from pages.components.frame import escape_markdown, show_errors
from xray_core.errors import RunError
from xray_core.runs import Run, find_run
from xray_core.runs.origin import AVERAGE, Origin, read_origin

ICONS = {AVERAGE: ":material/join_inner:"}
OTHER_ICON = ":material/input:"


def read_origin_of(run: Run) -> Origin | None:
    """Return where the predictions come from; None of a training. A damaged file ends the page."""
    with show_errors():
        return read_origin(run)


def show_doubt(origin: Origin) -> None:
    """Say whose predictions these are, and what nobody can vouch for."""
    words = f"**{escape_markdown(origin.words)}.** {escape_markdown(origin.doubt)}"
    show = st.warning if origin.doubt else st.info
    show(words.strip(), icon=ICONS.get(origin.kind, OTHER_ICON))


def show_remarks(origin: Origin, run: Run) -> None:
    """List what was left out, changed or assumed; of an average, its members as well."""
    lines = [escape_markdown(words) for words in origin.remarks]
    if origin.kind == AVERAGE:
        lines.insert(
            0, f"The mean of {', '.join(_name_member(name, run) for name in origin.members)}."
        )
    if origin.file:
        lines.insert(0, f"{escape_markdown(origin.file)}, SHA-256 `{origin.sha256[:16]}…`")
    if origin.by:
        lines.append(f"Added by {escape_markdown(origin.by)}.")
    st.markdown("\n".join(f"- {line}" for line in lines))


def _name_member(name: str, run: Run) -> str:
    """Return what a member is called; one that is gone, or in the trash, is called deleted."""
    try:
        return escape_markdown(find_run(run.folder.parent, name).read_nickname())
    except RunError:
        return f"{escape_markdown(name)} (deleted: the figures stay, but it predicts no more)"
