"""Thresholds: what each gives, by which rule one is chosen, and the one that a run keeps.

Everything is chosen on the validation set and reported on the subset that is shown.
"""

from xray_core.evaluation.thresholds.kept import (
    KeptThreshold,
    forget_threshold,
    keep_threshold,
    read_threshold,
    write_threshold,
)

__all__ = [
    "KeptThreshold",
    "forget_threshold",
    "keep_threshold",
    "read_threshold",
    "write_threshold",
]
