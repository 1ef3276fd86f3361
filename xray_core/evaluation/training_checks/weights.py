"""Checks of what a network has seen before its training began."""

from collections.abc import Mapping
from typing import Any

from xray_core.evaluation.training_checks.history import CheckResult
from xray_core.runs.starting_weights import Overlap, format_overlap


def check_weights(record: Mapping[str, Any] | None) -> list[CheckResult]:
    """Find starting weights that have seen what is evaluated now, or may have.

    Args:
        record: as `starting_weights.check_past` returns it; None: there is nothing to compare.
    """
    if not record:
        return []
    evaluated = record["evaluated"]
    results = []
    if Overlap(**record[evaluated]):
        results.append(
            CheckResult(
                kind="leaky_weights",
                severity="serious",
                title="The starting weights leak: they have seen what the network is evaluated on.",
                evidence=f"Here {format_overlap(record[evaluated], evaluated)}, so it scores too "
                "well.",
                advice="Begin with a run that has the same split, or set weights=random.",
            )
        )
    if record["unknown"]:
        results.append(
            CheckResult(
                kind="unknown_weights",
                severity="serious",
                title="Nobody knows whether the starting weights have seen what is evaluated.",
                evidence=" ".join(record["unknown"]),
                advice="Begin with a run whose folder is whole, or set weights=random.",
            )
        )
    if evaluated == "test" and Overlap(**record["validation"]):
        words = format_overlap(record["validation"], "validation")
        results.append(
            CheckResult(
                kind="validation_seen",
                severity="warning",
                title="The starting weights have seen validation images.",
                evidence=f"Here {words}: validation looks better than it is, and the epoch that is "
                "kept may be a late one. The test is not touched.",
                advice="Evaluate by the test images alone, or begin with a run of the same split.",
            )
        )
    if record["uncompared"]:
        results.append(
            CheckResult(
                kind="weights_not_compared",
                severity="warning",
                title="The starting weights come from a dataset that may hold the same images.",
                evidence=f"{', '.join(record['uncompared'])} learned from another dataset, in "
                "which an image may have another name. Pixels can only be compared where both "
                "datasets were audited.",
                advice="Audit both datasets, so that identical images are found; then train again.",
            )
        )
    return results
