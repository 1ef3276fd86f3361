"""The audit's verdict in one sentence."""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from xray_core.audit.issue import count_of


def show_verdict_line(answer: Mapping[str, Any], other_task: str = "") -> None:
    """Say whether the data is fit to train on, and on what that rests.

    Args:
        answer: as `audit.run_audit` returns.
        other_task: the question under which labels were checked, where it is not the chosen one.
    """
    counts, summary = answer["counts"], answer["summary"]
    words = [count_of(counts["present"], "image")]
    words += [count_of(counts["patients"], "patient")] if counts["patients"] else []
    subsets = ", ".join(f"{name} {n:,}" for name, n in counts["subsets"].items())
    words.append(f"split {answer['split']}{': ' + subsets if subsets else ''}")
    if other_task:
        words.append(f"labels checked under “{other_task}”")
    st.html(
        f'<h2 class="verdict">{escape(format_verdict(summary))} '
        f"<small>{escape(' · '.join(words))}</small></h2>"
    )


def format_verdict(summary: Mapping[str, int]) -> str:
    """Return e.g. "Fit to train? Yes, with 2 warnings."."""
    if summary["serious"]:
        issues = count_of(summary["serious"], "serious issue")
        more = f" and {count_of(summary['warning'], 'warning')}" if summary["warning"] else ""
        return f"Fit to train? Not yet: {issues}{more}."
    if summary["warning"]:
        return f"Fit to train? Yes, with {count_of(summary['warning'], 'warning')}."
    return "Fit to train? Yes, nothing was noticed."
