"""The command `where`: a run's heat maps, held against the radiologists' boxes."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Add, Answer, save_answer, show_progress
from xray_core.processes import lower_priority, quiet_import
from xray_core.workspace import Workspace


def add_commands(add: Add) -> None:
    """Add the command."""
    command = add(
        "where", where, "Hold a run's heat maps against the radiologists' boxes; keep the result."
    )
    command.add_argument("run", help="name of a run")
    command.add_argument(
        "--method", default="gradcam", metavar="NAME", help="of the heat maps (default: gradcam)"
    )
    command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")


def where(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Hold a run's heat maps against boxes, of the test set where it is open."""
    from xray_core.jobs.background import note_progress
    from xray_core.runs import find_run

    run = find_run(workspace.runs, options.run)  # before Keras is waited for
    lower_priority()
    with quiet_import():
        from xray_core.explain.boxes import compute_where

    progress = note_progress(options.save) if options.save else show_progress("heat maps")
    answer = compute_where(run, workspace, options.method, progress)
    save_answer(answer, options.save)
    return answer, _format(answer)


def _format(notes: Mapping[str, Any]) -> str:
    from xray_core.evaluation.where.words import (
        KINDS,
        describe_grid,
        describe_left_out,
        describe_verdict,
    )

    lines = [describe_verdict(notes), ""]
    lines.append(f"{'':26}{'pointing game':24}{'energy in box':24}boxes at IoBB above 0.1")
    for kind, name in KINDS.items():
        scores = notes["scores"][kind]
        figures = (scores["pointing"], scores["energy"], scores["iobb"][0])
        lines.append(f"{name:26}" + "".join(f"{_format_figure(figure):24}" for figure in figures))
    share = _format_figure(notes["share"])
    lines += ["", f"The boxes take {share} of the image.", describe_grid(notes)]
    return "\n".join([*lines, *describe_left_out(notes)])


def _format_figure(figure: Mapping[str, float]) -> str:
    return "{value:.3f} ({low:.3f} to {high:.3f})".format(**figure)
