"""The command `open`, and what the others say of a test set that is closed."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from xray_core.cli.answer import Answer
from xray_core.cli.reports import format_report
from xray_core.errors import RunError
from xray_core.workspace import Workspace


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command `open`."""
    opened = add("open", open_runs, "Open the test set of finished runs; it is counted.")
    opened.add_argument("runs", nargs="*", metavar="RUN", help="without one: list who opened what")
    opened.add_argument(
        "--always",
        action=argparse.BooleanOptionalAction,
        help="let every test set of the workspace lie open, or no more; reports say so",
    )
    opened.add_argument("--user", default="", metavar="NAME", help="who opens it")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what `evaluate` is asked of the test set."""
    command.add_argument(
        "--open-test",
        action="store_true",
        help="open its test set, which is written down; otherwise the validation set is shown",
    )
    command.add_argument("--user", default="", metavar="NAME", help="who evaluates it")


def open_runs(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Open the test set of finished runs; without runs say which were, or set that all are."""
    from xray_core.runs import find_run
    from xray_core.runs.always_open import write_always_open
    from xray_core.runs.opening import open_test

    if options.always is not None:
        write_always_open(workspace, options.always, options.user)
    if not options.runs:
        return _list_openings(workspace)
    answers, texts = [], []
    for name in options.runs:
        run = find_run(workspace.runs, name)
        counted = open_test(run, workspace, options.user, "command")
        report, fields, words = read_shown(run, workspace)
        answers.append({"run": name, "counted": counted, "report": report, **fields})
        texts.append("\n".join([f"{name}:", format_report(report), words]))
    return (answers[0] if len(answers) == 1 else answers), "\n\n".join(texts)


def read_shown(
    run: Any, workspace: Workspace, report: dict[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return the report that may be shown of a run, fields on its test set, and both in words.

    Args:
        run: finished.
        workspace: the folders.
        report: its own, where it was computed anew.
    """
    from xray_core.evaluation.shown import describe_openings, shown_report
    from xray_core.runs.always_open import read_always_open
    from xray_core.runs.opening import needs_opening

    shown = shown_report(run, workspace, report)
    state = "closed" if shown.closed else "open" if needs_opening(shown.report) else "none"
    fields = {"test_set": state, "openings": [asdict(opening) for opening in shown.openings]}
    words = describe_openings(run, shown.openings, always=read_always_open(workspace))
    if shown.closed:
        words.insert(0, format_closed(run.name))
    return shown.report, fields, "" if state == "none" else " ".join(words)


def format_closed(name: str) -> str:
    """Return that a test set is closed, and how it is opened."""
    return (
        "The test set is closed: these are figures of the validation set, by which runs are told "
        f"from each other. When you have chosen, `xray open {name}` opens it, once."
    )


def _list_openings(workspace: Workspace) -> Answer:
    from xray_core.runs.always_open import read_always
    from xray_core.runs.opening import count_damaged, list_openings

    always, lines = read_always(workspace), list_openings(workspace)
    n_damaged = count_damaged(workspace)
    answer = {
        **asdict(always),
        "openings": [asdict(line) for line in lines],
        "damaged_lines": n_damaged,
    }
    words = ["Every test set is always open." if always.always_open else "Test sets are closed."]
    words += [
        f"{line.time[:16]}  {line.run}  {line.task} on {line.folder}"
        + (f"  by {line.by}" if line.by else "")
        + ("  (the run was trained on other data)" if line.external else "")
        for line in lines
    ]
    if n_damaged:
        words.append(f"{n_damaged} lines of {workspace.openings} cannot be read.")
    return answer, "\n".join(words if lines else [*words, "None was opened yet."])


def check_openable(options: argparse.Namespace) -> None:
    """Raise RunError where a test set is to be opened that is none of the run's own."""
    if options.open_test and options.data:
        raise RunError(
            "--open-test opens the test set of the run's own dataset; an evaluation on another "
            "one (--data) shows its figures by itself. Leave one of both out."
        )
