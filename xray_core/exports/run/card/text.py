"""The model card as Markdown."""

import re
from collections.abc import Mapping, Sequence

from xray_core.exports.run.card.claim import CITATION as CLAIM_CITATION
from xray_core.exports.run.card.claim import CLAIM
from xray_core.exports.run.card.item import Item
from xray_core.exports.run.card.known import list_known
from xray_core.exports.run.card.tripod import CITATION as TRIPOD_CITATION
from xray_core.exports.run.card.tripod import TRIPOD
from xray_core.exports.run.facts import (
    LEARNING,
    describe_choice,
    describe_result,
    describe_time,
    format_interval,
    format_value,
    list_baselines,
    list_limits,
    list_subsets,
    title_of,
)
from xray_core.exports.run.material import Material
from xray_core.exports.run.paths import hide_places
from xray_core.machine import read_version

BLANK = "**[to be filled in]**"
SIGNS = re.compile(r"([\\`*_\[\]<>|#~])")


def format_card(material: Material) -> str:
    """Return the model card of a finished run.

    Raises:
        RunError: it has no result that may be shown, or a file of it is damaged.
    """
    report, known = material.report, list_known(material)
    metrics = [
        [title_of(key, report), format_value(key, figure["value"]), format_interval(key, figure)]
        for key, figure in report["metrics"].items()
    ]
    blocks = [
        f"# Model card: {escape_text(material.nickname)}",
        f"**{LEARNING}** Written by X-ray Lab {read_version()} from what it knows of the run "
        f"`{material.run.name.replace('`', '')}`. {BLANK} marks what only you can say.",
        _closed_note(material),
        "## Model",
        _format_list(
            {
                "Question": material.question,
                "Network": known.get("model", ""),
                "Made": describe_time(material),
                "By": "",
                "Licence of the network": "",
                "Training": known.get("training", ""),
                "Software": known.get("software", ""),
            }
        ),
        "## Intended use",
        _format_list(
            {
                "For": known["use"],
                "Not for": "Any decision about a patient.",
                "Who it may serve less well": "",
            }
        ),
        "## Data",
        _format_list(
            {
                "Source": known["source"],
                "Split": known.get("split", ""),
                "Left out": known.get("eligibility", "nothing"),
                "Patients": known.get("people", ""),
            }
        ),
        format_table(*list_subsets(material)),
        "## Result",
        escape_text(describe_result(material)),
        format_table(["metric", "value", "95% interval"], metrics),
        "Beside it:",
        format_table(
            ["without the pixels", "accuracy", "AUC"],
            [list(row) for row in list_baselines(report)],
        ),
        "## Test set",
        "\n".join(f"- {escape_text(words)}" for words in material.describe_openings()),
        "## Limits",
        "\n".join(f"- {escape_text(words)}" for words in list_limits(material)),
        "## CLAIM 2024",
        f"All {len(CLAIM)} items, in our words. For a publication fill in the checklist itself: "
        f"{CLAIM_CITATION}.",
        format_items(CLAIM, known),
        "## TRIPOD+AI",
        f"All 27 items with their parts, in our words. For a publication fill in the checklist "
        f"itself: {TRIPOD_CITATION}.",
        format_items(TRIPOD, known),
    ]
    return str(hide_places("\n\n".join(block for block in blocks if block) + "\n", material.places))


def format_items(items: Sequence[Item], known: Mapping[str, str]) -> str:
    """Return a checklist as a table: number, section, what is asked, what is known."""
    rows = []
    for item in items:
        words = " ".join(known[key] for key in item.known if key in known)
        # An item whose facts this run has not is a blank, whatever other runs know of it.
        blank = item.blank if words or item.blank else "nothing is known of it here"
        answer = " ".join(
            part for part in (escape_text(words), f"{BLANK}: {blank}" if blank else "") if part
        )
        rows.append(f"| {item.number} | {item.section} | {item.words} | {answer} |")
    return "\n".join(
        ["| item | section | to be reported | known here |", "|---|---|---|---|", *rows]
    )


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; "" without rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head)]
    lines += [[escape_text(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escape_text(text: str) -> str:
    r"""Return text that is not ours as Markdown shows it to the letter, on one line.

    >>> escape_text("a|b\n<b>*c*")
    'a\\|b \\<b\\>\\*c\\*'
    """
    return SIGNS.sub(r"\\\1", " ".join(text.split()))


def _format_list(facts: Mapping[str, str]) -> str:
    return "\n".join(
        f"- **{name}**: {escape_text(words) if words else BLANK}" for name, words in facts.items()
    )


def _closed_note(material: Material) -> str:
    if not material.closed:
        return ""
    return (
        "**The test set has not been opened.** All figures here are of the validation set"
        f"{describe_choice(material)}."
    )
