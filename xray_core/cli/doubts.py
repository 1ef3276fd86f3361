"""The commands `doubts` and `marks`: labels that networks disagree with, and what people say."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Add, Answer, save_answer, show_progress, write_csv
from xray_core.errors import DatasetError, RunError
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

N_LISTED = 20  # labels that are printed; the file has all


def add_commands(add: Add) -> None:
    """Add both commands."""
    doubts = add(
        "doubts",
        show_doubts,
        "List the labels that a cross-validation's networks disagree with, for a radiologist.",
    )
    doubts.add_argument("name", metavar="SWEEP|RUN", help="a cross-validation, or a run of it")
    doubts.add_argument("--csv", type=Path, metavar="FILE", help="write the whole list there")
    doubts.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")
    doubts.add_argument(
        "--open-test",
        action="store_true",
        help="open the test sets of the folds, which is written down; they have to be open",
    )
    doubts.add_argument("--user", default="", metavar="NAME", help="who opens them")
    marks = add(
        "marks",
        show_marks,
        "List the labels of a dataset that people marked as doubtful or right, or mark some.",
    )
    marks.add_argument("data", type=parse_path, metavar="FOLDER")
    marks.set_defaults(datasets=("data",))
    marks.add_argument("--task", default="", metavar="NAME", help="whose labels; needed to mark")
    kinds = marks.add_mutually_exclusive_group()
    for option, text in (
        ("--doubtful", "mark the labels of these as doubtful: `selection=doubtful?no` omits them"),
        ("--right", "mark the labels of these as right"),
        ("--clear", "take the marks of these back"),
    ):
        kinds.add_argument(option, nargs="+", metavar="IMAGE", help=text)
    marks.add_argument("--user", default="", metavar="NAME", help="who says so")
    marks.add_argument("--csv", type=Path, metavar="FILE", help="write the marks there")


def show_doubts(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Compute which labels are in doubt, unless it is kept, and list them."""
    from xray_core.audit.issue import count_of
    from xray_core.evaluation.doubts.folds import list_closed, read_cross_validation
    from xray_core.evaluation.doubts.kept import hide_closed, read_doubts
    from xray_core.runs import find_run
    from xray_core.runs.index import run_table
    from xray_core.runs.opening import open_test

    validation = read_cross_validation(options.name, workspace)
    closed = list_closed(validation, workspace) if validation.is_done else []
    if closed and not options.open_test:
        raise RunError(
            f"The test sets of {count_of(len(closed), 'fold')} of {validation.sweep} are closed, "
            "and the list says of each of their images what a network answers. --open-test opens "
            "them, and writes that down."
        )
    for run in closed:
        open_test(run, workspace, options.user, "click" if options.save else "command")
    kept = read_doubts(validation)
    if kept is None:
        _compute(validation, options.save)
        kept = read_doubts(validation)
    if kept is None:
        raise RunError(f"A fold of {validation.sweep} was trained meanwhile. Try again.")
    table, n_hidden = kept.table, 0
    if (run_table(workspace)["name"] == options.name).any():
        table, n_hidden = hide_closed(table, find_run(workspace.runs, options.name), workspace)
    listed = table[table["is_doubtful"]]
    listed_columns = listed.drop(columns=["is_doubtful"])
    write_csv(listed_columns, options.csv)
    answer: dict[str, Any] = {**asdict(kept.about), "hidden": n_hidden}
    save_answer(answer, options.save)
    answer["doubts"] = listed_columns.to_dict("records")
    lines = [describe_doubts(answer)]
    lines += [_format_doubt(row) for row in listed.head(N_LISTED).to_dict("records")]
    if len(listed) > N_LISTED:
        lines.append(f"… and {len(listed) - N_LISTED:,} more; --csv FILE writes all.")
    if n_hidden:
        lines.append(f"{n_hidden:,} labels of the run's own test set, which is closed: not shown.")
    return answer, "\n".join([*lines, *kept.about.remarks])


def describe_doubts(about: Mapping[str, Any]) -> str:
    """Return what was looked at and how many labels are in doubt; a few sentences."""
    from xray_core.evaluation.doubts.words import ASK, describe_count

    return f"{describe_count(about)} {ASK}"


def _compute(validation: Any, save: Path | None) -> None:
    from xray_core.evaluation.doubts.gather import gather_out_of_fold
    from xray_core.evaluation.doubts.kept import write_doubts
    from xray_core.jobs.background import note_progress
    from xray_core.processes import lower_priority, quiet_import

    answers = gather_out_of_fold(validation)  # before scikit-learn is waited for
    lower_priority()
    with quiet_import():
        import cleanlab  # noqa: F401 - its first import takes a second and may greet

    from xray_core.evaluation.doubts.compute import find_doubts

    doubts = find_doubts(answers, note_progress(save) if save else show_progress("rounds"))
    write_doubts(validation, answers, doubts, version("cleanlab"))


def _format_doubt(row: Mapping[Any, Any]) -> str:
    what = f"{row['finding']} " if row["finding"] else ""
    return (
        f"{row['rank']:5}  {row['image_id']}  {what}{row['label']} ({row['p_label']:.0%}), says "
        f"{row['suggested']} ({row['p_suggested']:.0%})"
    )


def show_marks(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Mark labels of a dataset, and list the marks."""
    from xray_core.datasets import open_dataset
    from xray_core.selection.marks import KEEP, LEAVE_OUT, MARKS, read_marks, write_marks

    catalog = open_dataset(options.data, workspace.cache)
    for given, mark in ((options.doubtful, LEAVE_OUT), (options.right, KEEP), (options.clear, "")):
        if given:
            labels = _label(catalog, options.task, given)
            write_marks(workspace, catalog.root, options.task, labels, mark, options.user)
    marks = read_marks(workspace, catalog.root)
    if options.task:
        marks = marks[marks["task"] == options.task]
    write_csv(marks, options.csv)
    rows = marks.to_dict("records")
    lines = [
        f"{row['image_id']}  {row['task']}  {row['label']}: {MARKS[row['mark']]}"
        + (f", by {row['by']}" if row["by"] else "")
        + f", {row['time'][:16]}"
        for row in rows
    ]
    return {"marks": rows}, "\n".join(lines) or "No label of this dataset is marked."


def _label(catalog: Any, task: str, images: list[str]) -> dict[str, str]:
    """Return image -> its label in words; raises DatasetError for one that is not there."""
    from xray_core.eda import name_labels
    from xray_core.tasks import find_task

    if not task:
        raise DatasetError("Say with --task of which task the labels are.")
    find_task(task)
    labels = name_labels(catalog, task).set_axis(catalog.images["image_id"])
    if strange := [name for name in images if name not in labels.index]:
        raise DatasetError(
            f"{catalog.root} has no image {', '.join(map(repr, strange[:5]))}. `xray catalog` "
            "lists what it has."
        )
    return {name: str(labels[name]) if labels[name] == labels[name] else "" for name in images}
