"""The command `leaderboard`: the finished runs of each dataset and task, best validation first."""

import argparse
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Answer
from xray_core.errors import RunError
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

NAMES = {"auc": "AUC", "balanced_accuracy": "balanced accuracy", "accuracy": "accuracy"}
DICE = {"dice": "Dice"}  # without being asked, where the task asks for masks


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command `leaderboard`."""
    command = add(
        "leaderboard",
        show_leaderboard,
        "Put the finished runs of each dataset and task in the order of their validation set.",
    )
    command.add_argument("--data", type=parse_path, metavar="FOLDER", help="of this dataset alone")
    command.set_defaults(datasets=("data",))
    command.add_argument("--task", default="", metavar="NAME", help="of this task alone")
    command.add_argument(
        "--by", choices=list(NAMES), default="auc", help="by which figure; AUC without it"
    )


def show_leaderboard(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Put the finished runs of each dataset and task in order."""
    from xray_core.evaluation.leaderboard import build_board, choose_figure, list_boards
    from xray_core.runs.index import run_table
    from xray_core.synthetic.dataset import is_synthetic

    runs = run_table(workspace)
    every = list_boards(runs)
    folder = os.path.realpath(options.data) if options.data else ""
    wanted = [
        (place, task)
        for place, _, task, _ in every
        if folder in ("", place) and options.task in ("", task)
    ]
    if not wanted:
        there = "; ".join(f"{task} on {place}" for place, _, task, _ in every) or "none yet"
        raise RunError(f"There is no finished run of that dataset and task. There are: {there}.")
    boards = [
        build_board(
            runs,
            place,
            task,
            choose_figure(task, options.by),
            published=not is_synthetic(Path(place)),
        )
        for place, task in wanted
    ]
    return [asdict(board) for board in boards], "\n\n".join(map(_format_board, boards))


def _format_board(board: Any) -> str:
    lines = [f"{board.task} on {board.data} ({board.folder}), by {(NAMES | DICE)[board.by]}"]
    for entry in board.entries:
        test = entry.test.words if entry.test else entry.test_set
        validation = entry.validation.words if entry.validation else "none"
        figures = f"validation {validation}; test {test}"
        lines.append(f"{entry.place:>5}  {entry.title}: {figures}")
        details = filter(None, [entry.recipe, entry.split, entry.by, entry.time[:10]])
        lines.append(" " * 7 + ", ".join(details))
        lines += [f"{' ' * 7}{mark}" for mark in entry.marks]
    return "\n".join([*lines, *board.words])
