"""The command `features`: what a finished run's network sees of its images."""

import argparse
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Add, Answer, save_answer, show_progress
from xray_core.processes import lower_priority, quiet_import
from xray_core.workspace import Workspace


def add_commands(add: Add) -> None:
    """Add the command."""
    command = add(
        "features",
        show_features,
        "Compute what a run's network sees of its images, and which of them look alike to it.",
    )
    command.add_argument("run", help="name of a run")
    command.add_argument("--map", action="store_true", help="lay them out on a map by t-SNE, too")
    command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")


def show_features(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Compute the features of a run, and say what they come to."""
    from xray_core.jobs.background import note_progress
    from xray_core.runs import find_run
    from xray_core.runs.explained import find_explained
    from xray_core.runs.features import PLACE

    run = find_run(workspace.runs, options.run)
    lower_priority()
    with quiet_import():
        from xray_core.explain.features import compute_features

    progress = note_progress(options.save) if options.save else show_progress("steps")
    features = compute_features(run, workspace, progress, with_map=options.map)
    about = dict(features.about)
    answer: dict[str, Any] = {
        "run": run.name,
        "folder": str(find_explained(run, PLACE)),
        **about,
    }
    answer |= {"n": len(features.images), "width": features.vectors.shape[1]}
    answer["counts"] = features.images["subset"].value_counts().to_dict()
    save_answer(answer, options.save)
    return answer, "\n".join(_describe(answer))


def _describe(answer: dict[str, Any]) -> list[str]:
    """Return the answer in words, line by line."""
    from xray_core.cli.reports import format_figure
    from xray_core.selection import name_column

    counts = ", ".join(f"{n:,} {subset}" for subset, n in answer["counts"].items())
    lines = [f"{answer['n']:,} images ({counts}), {answer['width']:,} numbers each."]
    if answer["unreadable"]:
        lines.append(f"{answer['unreadable']:,} images could not be read and are left out.")
    for column, shares in answer["alike"].items():
        for subset, share in shares.items():
            figure = format_figure(**{name: share[name] for name in ("value", "low", "high")})
            lines.append(
                f"  nearest training image of the same {name_column(column).lower()}: {figure}, "
                f"by chance {share['chance']:.3f} ({share['n']:,} {subset} images)"
            )
    for subset, share in answer["called_unlike"].items():
        figure = format_figure(**{name: share[name] for name in ("value", "low", "high")})
        lines.append(f"  unlike the training images: {figure} ({share['n']:,} {subset} images)")
    if laid_out := answer["map"]:
        lines.append(f"Map of {laid_out['n']:,} of {laid_out['n_all']:,} images.")
    return [*lines, answer["folder"]]
