"""Checks of what a network has seen before its training began."""

from collections.abc import Mapping
from typing import Any

from xray_core.evaluation.symptoms.course import Symptom
from xray_core.runs.starting_weights import Overlap, overlap_in_words


def check_weights(record: Mapping[str, Any] | None) -> list[Symptom]:
    """Find starting weights that have seen what is judged now, or may have.

    Args:
        record: as `starting_weights.check_past` returns it; None: there is nothing to compare.
    """
    if not record:
        return []
    judged = record["judged"]
    found = []
    if Overlap(**record[judged]):
        found.append(
            Symptom(
                kind="leaky_weights",
                severity="serious",
                title="The starting weights leak: they have seen what the network is judged on.",
                evidence=f"Here {overlap_in_words(record[judged], judged)}, so it scores too well.",
                advice="Begin with a run that has the same split, or set weights=random.",
            )
        )
    if record["unknown"]:
        found.append(
            Symptom(
                kind="unknown_weights",
                severity="serious",
                title="Nobody knows whether the starting weights have seen what is judged.",
                evidence=" ".join(record["unknown"]),
                advice="Begin with a run whose folder is whole, or set weights=random.",
            )
        )
    if judged == "test" and Overlap(**record["validation"]):
        words = overlap_in_words(record["validation"], "validation")
        found.append(
            Symptom(
                kind="validation_seen",
                severity="worth knowing",
                title="The starting weights have seen validation images.",
                evidence=f"Here {words}: validation looks better than it is, and the epoch that is "
                "kept may be a late one. The test is not touched.",
                advice="Judge by the test images alone, or begin with a run of the same split.",
            )
        )
    if record["uncompared"]:
        found.append(
            Symptom(
                kind="weights_not_compared",
                severity="worth knowing",
                title="The starting weights come from a dataset that may hold the same images.",
                evidence=f"{', '.join(record['uncompared'])} learned from another dataset, in "
                "which an image may have another name. Pixels can only be compared where both "
                "datasets were audited.",
                advice="Audit both datasets, so that identical images are found; then train again.",
            )
        )
    return found
