"""Figures of drawn masks in words."""

from html import escape
from typing import Any

from xray_core.evaluation.masks import GOOD


def format_masks_verdict(report: dict[str, Any], owners: str) -> str:
    """Return the verdict on a run that draws masks, as HTML.

    Args:
        report: see `evaluation.masks.report_masks`.
        owners: of how many patients the images are, in words.
    """
    dice, n = report["metrics"]["dice"], report["n"]
    interval = "" if dice["low"] is None else f"{dice['low']:.3f} to {dice['high']:.3f}; "
    below = report["n_below"]
    few = f"{below:,} image{'s' * (below != 1)} below {GOOD:g}" if below else f"none below {GOOD:g}"
    return (
        f"Mean Dice {dice['value']:.3f} on {escape(report['subset'])} images "
        f"<small>({interval}n = {n:,}, {escape(owners)})</small>. 1 is the same mask to the "
        f"pixel, 0 no pixel in common; {few}."
    )


def format_mask_figures(report: dict[str, Any]) -> dict[str, str]:
    """Return the figures of a report on masks, with their intervals."""
    named = {"Dice, mean": "dice", "IoU, mean": "iou"}
    rows = {}
    for title, name in named.items():
        figure = report["metrics"][name]
        ends = ""
        if figure["low"] is not None:
            ends = f" ({figure['low']:.3f} to {figure['high']:.3f})"
        rows[title] = f"{figure['value']:.3f}{ends}"
    rows["Dice, median"] = f"{report['median_dice']:.3f}"
    rows[f"Images with a Dice below {GOOD:g}"] = f"{report['n_below']:,} of {report['n']:,}"
    return rows
