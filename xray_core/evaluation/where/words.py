"""What the scores of heat maps say, in sentences."""

from collections.abc import Mapping
from typing import Any

from xray_core.audit.issue import count_of
from xray_core.evaluation.where.summary import CENTRE, MEAN, NETWORK, RANDOM, UNTRAINED

# Kind of maps -> what it is called.
KINDS = {
    NETWORK: "this network",
    UNTRAINED: "the same, untrained",
    MEAN: "mean map of its class",
    CENTRE: "blob in the middle",
    RANDOM: "boxes at random",
}
IN_SENTENCES = {
    UNTRAINED: "the same network untrained",
    MEAN: "the mean map of the class",
    CENTRE: "a blob in the middle",
    RANDOM: "boxes placed at random",
}
METHODS = {
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "hirescam": "HiResCAM",
    "occlusion": "occlusion",
}


def describe_verdict(notes: Mapping[str, Any]) -> str:
    """Return how often the hottest point lies in a box, in natural frequencies.

    Args:
        notes: see `files.WhereNotes`.
    """
    pointing = notes["scores"][NETWORK]["pointing"]
    value, low, high = (f"{100 * pointing[end]:.0f}" for end in ("value", "low", "high"))
    n = f"{count_of(notes['n_images'], 'image')} of {count_of(notes['n_patients'], 'patient')}"
    what = "boxed images"
    if notes["n_cases"] != notes["n_images"]:
        what, n = "boxed findings", f"{notes['n_cases']:,} findings in {n}"
    blob = f"{100 * notes['scores'][CENTRE]['pointing']['value']:.0f}"
    return (
        f"The hottest point lies in a box in {value} of 100 {what} ({low} to {high}; "
        f"n = {n}). A blob in the middle would in {blob}."
    )


def describe_difference(notes: Mapping[str, Any]) -> str:
    """Return whether the network points at boxes more often than each baseline does."""
    more: list[str] = []
    luck: list[str] = []
    less: list[str] = []
    for kind, figures in notes["differences"].items():
        pointing = figures["pointing"]
        into = more if pointing["low"] > 0 else less if pointing["high"] < 0 else luck
        into.append(IN_SENTENCES[kind])
    parts = []
    if more:
        parts.append(f"That is more often than {_join(more)}")
    if luck:
        parts.append(
            f"{'no' if more else 'That is no'} more often than {_join(luck)}, by what "
            "these patients can tell"
        )
    if less:
        parts.append(f"{'and less' if parts else 'That is less'} often than {_join(less)}")
    return "; ".join(parts) + "."


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def describe_grid(notes: Mapping[str, Any]) -> str:
    """Return how coarse the maps are beside the boxes."""
    rows, columns = notes["grid"]
    n, n_small = notes["n_boxes"], notes["n_small"]
    words = (
        f"A heat map here has {rows} × {columns} cells, each {100 / columns:.3g}% of the image's "
        f"width; {n_small:,} of {count_of(n, 'box', 'boxes')} "
        f"{'is' if n_small == 1 else 'are'} smaller than one cell."
    )
    if 2 * n_small > n:
        words += " For such boxes the overlap says little, however well the map lies."
    return words


def describe_left_out(notes: Mapping[str, Any]) -> list[str]:
    """Return what is not among the figures, a sentence each."""
    sentences = [f"Left out: {count:,} {why}." for why, count in notes["left_out"].items()]
    if n := notes["n_empty"]:
        maps = "map has" if n == 1 else "maps have"
        sentences.append(
            f"{n:,} {maps} no heat at all, as nothing speaks for the class; each counts as a miss."
        )
    return sentences
