"""The command `evaluate`: a finished run from its files, or on another dataset."""

import argparse
from typing import Any

from xray_core.cli import elsewhere, lungs, reports, trainings
from xray_core.cli.answer import Answer, save_answer, show_progress
from xray_core.cli.opening import check_openable, read_shown
from xray_core.errors import RecipeError, RunError
from xray_core.processes import lower_priority, quiet_import
from xray_core.workspace import Workspace


def evaluate(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Evaluate a finished run from its files; on another dataset where one is named."""
    if options.data and options.columns:
        raise RecipeError("--columns is of the run's own dataset: leave out --data, or --columns.")
    check_openable(options)
    if options.data:
        return _evaluate_elsewhere(options, workspace)
    if options.task or options.map or options.n_images or options.keep_seen:
        raise RecipeError(
            "--task, --map, --n-images and --keep-seen are of another dataset: name it with --data."
        )
    if options.columns:
        _add_columns(options.run, workspace)
    return trainings.evaluate(options, workspace)


def _add_columns(name: str, workspace: Workspace) -> None:
    """Compute the columns-only baseline of a finished run, and put it into its report."""
    from xray_core.evaluation import report_run
    from xray_core.evaluation.columns_baseline import NOTHING_TO_LEARN, say_missing
    from xray_core.evaluation.external import check_finished
    from xray_core.runs import find_run
    from xray_core.runs.origin import FILE
    from xray_core.training.columns_baseline import add_columns_baseline

    run = find_run(workspace.runs, name)
    if run.read_recipe().asks_masks:
        raise RunError(f"{name} draws masks, which no columns tell. Leave out --columns.")
    if not run.holds(FILE):  # it needs no network
        check_finished(run)
    elif say_missing(run) == NOTHING_TO_LEARN:
        raise RunError(f"There is no such baseline of {name}. {NOTHING_TO_LEARN}")
    add_columns_baseline(run, workspace)
    run.write_json("report.json", report_run(run))


def computes_with_keras(options: argparse.Namespace) -> bool:
    """Whether a command imports Keras with these options."""
    if options.command is evaluate:
        return options.data is not None
    return options.command in (*trainings.WITH_KERAS, elsewhere.add_model, lungs.draw)


def _evaluate_elsewhere(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Evaluate a finished run on the dataset in `options.data`; keep the result with the run."""
    from xray_core.evaluation.external import check_finished
    from xray_core.jobs.background import note_progress
    from xray_core.runs import find_run
    from xray_core.runs.always_open import read_always_open
    from xray_core.runs.external import read_notes
    from xray_core.runs.opening import note_external, open_test
    from xray_core.tasks.matching import parse_mapping

    run, by_hand = find_run(workspace.runs, options.run), parse_mapping(options.map)
    recipe = check_finished(run)  # before Keras is waited for
    lower_priority()
    with quiet_import():
        from xray_core.training.external import evaluate_external

    place = evaluate_external(
        run,
        options.data,
        workspace,
        options.task,
        by_hand,
        options.n_images,
        options.keep_seen,
        note_progress(options.save) if options.save else show_progress("steps"),
    )
    notes, report = read_notes(place), place.read_report()
    how = "click" if options.save else "command"  # the app leaves its answer in a file
    if read_always_open(workspace):  # its own figures are shown, too
        open_test(run, workspace, options.user, "always")
    note_external(run, options.data, notes["task"], workspace, options.user, how)
    own, fields, words = read_shown(run, workspace)
    answer = {"run": run.name, "external": place.name, "results": str(place.folder), **notes}
    answer |= {"report": report, **fields}
    save_answer(answer, options.save)
    lines = [f"{recipe.title}, evaluated on {notes['folder']} (task {notes['task']}):"]
    lines += [_format_class(notes, name) for name in notes["classes"]]
    lines += [*notes["left_out"], *notes["remarks"]]
    return answer, "\n".join([*lines, "", *_compare(report, own), words])


def _format_class(notes: dict[str, Any], name: str) -> str:
    n, meant = notes["counts"].get(name, 0), notes["classes"][name]
    return f"  {name} ({n:,} images) counts as {meant}: {notes['reasons'].get(name, '')}"


def _compare(report: dict[str, Any], own: dict[str, Any]) -> list[str]:
    """Return the figures there, and behind them those of the run's own evaluation."""
    lines = [reports.format_report(report), "", f"On the {own['subset']} set of its own dataset:"]
    return lines + [
        f"  {name:18} {reports.format_figure(**figure)}" for name, figure in own["metrics"].items()
    ]
