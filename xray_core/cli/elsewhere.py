"""Commands that make a run without a training: an average, predictions or a network of others."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from xray_core.cli.answer import Answer, save_answer, show_progress
from xray_core.cli.opening import read_shown
from xray_core.cli.reports import format_report
from xray_core.errors import RunError
from xray_core.models import PIXELS
from xray_core.processes import quiet_import
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

if TYPE_CHECKING:
    from xray_core.runs import Run


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add` as `cli.Add` has it."""
    averaged = add("average", average, "Average finished runs; the result is evaluated like a run.")
    averaged.add_argument("runs", nargs="+", metavar="RUN", help="two to five, of one task")
    given = add("add-predictions", add_predictions, "Evaluate a table of probabilities like a run.")
    given.add_argument("file", type=parse_path, help="a row an image, a column a class")
    given.add_argument("--subset-column", default="", metavar="NAME", help="of that table")
    given.add_argument(
        "--map",
        action="extend",
        nargs="+",
        default=[],
        metavar="COLUMN=CLASS",
        help="which column is the probability of which class, where the headers do not say so",
    )
    model = add("add-model", add_model, "Evaluate a .keras network like a run.")
    model.add_argument("file", type=parse_path, help="a .keras file")
    model.add_argument(
        "--recipe", default="", metavar="NAME", help="whose split and preprocessing it gets"
    )
    model.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a field of these, such as preprocess.resize=pad or split.method=patient",
    )
    model.add_argument(
        "--classes", default="", metavar="NAME,NAME", help="what its outputs mean, in their order"
    )
    model.add_argument(
        "--pixels", default="", choices=("", *PIXELS), help="gray levels that it was trained on"
    )
    for command in (given, model):
        command.add_argument(
            "--title", default="", metavar="NAME", help="name of the file, where it is another"
        )
        command.add_argument("--data", type=parse_path, required=True, metavar="FOLDER")
        command.add_argument("--task", required=True, metavar="NAME", help="of that dataset")
        command.add_argument("--like", default="", metavar="RUN", help="with the split of this run")
        command.set_defaults(datasets=("data",))
    for command in (averaged, given, model):
        command.add_argument("--name", default="", metavar="NAME", help="what to call the run")
        command.add_argument("--by", default="", metavar="USER", help="who asks")
        command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")


def average(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Average finished runs and evaluate the result as a run of its own."""
    from xray_core.evaluation.averaging import AverageThereError, create_average
    from xray_core.runs import find_run

    runs = [find_run(workspace.runs, name) for name in options.runs]
    try:
        run = create_average(runs, workspace, options.name, options.by)
    except AverageThereError as error:
        raise RunError(f"{error} Add --name and another name to have both.") from error
    return _answer(run, options, workspace)


def add_predictions(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Evaluate a table of probabilities that was made elsewhere like a run."""
    from xray_core.evaluation.elsewhere.create import create_predictions
    from xray_core.runs import find_run
    from xray_core.tasks.matching import parse_mapping

    run = create_predictions(
        options.file,
        options.data,
        options.task,
        workspace,
        template=find_run(workspace.runs, options.like) if options.like else None,
        by_hand=parse_mapping(options.map),
        subset_column=options.subset_column,
        title=options.title,
        name=options.name,
        by=options.by,
    )
    return _answer(run, options, workspace)


def add_model(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Evaluate a network that was trained elsewhere like a run."""
    from xray_core.cli.trainings import read_pairs
    from xray_core.jobs.background import note_progress
    from xray_core.runs import find_run

    template = find_run(workspace.runs, options.like) if options.like else None
    changes = dict(read_pairs("--set", options.set))
    with quiet_import():
        from xray_core.training.elsewhere import create_model

    run = create_model(
        options.file,
        options.data,
        options.task,
        workspace,
        template=template,
        recipe_name=options.recipe,
        changes=changes,
        order=[name.strip() for name in options.classes.split(",") if name.strip()],
        pixels=options.pixels,
        title=options.title,
        name=options.name,
        by=options.by,
        progress=note_progress(options.save) if options.save else show_progress("images"),
    )
    return _answer(run, options, workspace)


def _answer(run: "Run", options: argparse.Namespace, workspace: Workspace) -> Answer:
    from xray_core.evaluation.shown import NothingToShowError
    from xray_core.runs.origin import Origin

    origin = run.read_record("origin.json", Origin)
    answer = {"run": run.name, "folder": str(run.folder), "remarks": list(origin.remarks)}
    notes = [f"note: {words}" for words in (*origin.remarks, origin.doubt) if words]
    text = [f"{run.name}: {origin.words}.", *notes]
    try:
        report, fields, words = read_shown(run, workspace)
    except NothingToShowError:  # it is there all the same
        save_answer(answer, options.save)
        return answer, "\n".join([*text, f"Its test set is closed. See it with: open {run.name}"])
    answer |= fields
    save_answer(answer, options.save)
    return {**answer, "report": report}, "\n".join([*text, format_report(report), words])
