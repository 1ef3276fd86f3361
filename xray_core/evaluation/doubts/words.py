"""The doubts in words: what was looked at, and who is to be asked."""

from collections.abc import Mapping
from typing import Any

from xray_core.audit.issue import count_of

ASK = (
    "The network disagrees with these labels. It may be the network that is wrong: ask a "
    "radiologist."
)


def describe_count(about: Mapping[str, Any]) -> str:
    """Return how many labels are in doubt, and how that is known; two sentences.

    Args:
        about: fields of `kept.AboutDoubts`.

    >>> describe_count({"n_labels": 640, "n_images": 640, "n_patients": 310, "n_doubtful": 29,
    ...     "n_folds": 5, "expected": {"value": 29.0, "low": 22.0, "high": 40.0}})
    "By cleanlab's count, 29 of 640 labels are likely wrong (22–40; n = 310 patients). Each image \
was predicted by the one of 5 networks that never saw its patient."
    """
    expected = about["expected"]
    of_images = ""
    if about["n_labels"] != about["n_images"]:
        of_images = f" of {count_of(about['n_images'], 'image')}"
    return (
        f"By cleanlab's count, {about['n_doubtful']:,} of {about['n_labels']:,} labels{of_images} "
        f"are likely wrong ({expected['low']:,.0f}–{expected['high']:,.0f}; n = "
        f"{count_of(about['n_patients'], 'patient')}). Each image was predicted by the one of "
        f"{about['n_folds']} networks that never saw its patient."
    )
