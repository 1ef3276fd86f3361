"""The command line: everything that the app can do, for scripts and for the app's own jobs.

Exit status 0 if all was done; 2 if something was refused or failed, with one clear line for each
on standard error that begins with "error: "; 130 after Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path

from xray_core.cli import (
    checks,
    compare,
    data,
    elsewhere,
    exports,
    external,
    labs,
    leaderboard,
    lungs,
    opening,
    queue,
    threshold,
    trainings,
)
from xray_core.cli.answer import Add, Answer, say_error, say_note
from xray_core.cli.goals import add_goals
from xray_core.cli.options import add_external_options, number_or, positive
from xray_core.cli.take_away import add_take_away
from xray_core.errors import XrayError
from xray_core.files import format_json
from xray_core.machine import allocator_variables
from xray_core.processes import restart_with
from xray_core.typed_paths import parse_path
from xray_core.workspace import clean_user, find_workspace

DONE, REFUSED, INTERRUPTED = 0, 2, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: of the command; None: those of this process, which then is the command's alone.
    """
    if arguments is None and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may hold what no terminal shows
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) left: that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _run(arguments: list[str] | None) -> int:
    try:
        options = _build_parser().parse_args(arguments)
        if arguments is None and external.computes_with_keras(options):
            restart_with(allocator_variables())
        _find_folders(options)
        _clean_users(options)
        answer, text = options.command(options, find_workspace())
    except XrayError as error:
        say_error(str(error))
        return REFUSED
    except BrokenPipeError:
        raise
    except OSError as error:
        say_error(f"{error.strerror or error}: {error.filename or ''}")
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    print(format_json(answer) if options.json else text)
    failed = isinstance(answer, dict) and (answer.get("failed") or answer.get("state") == "failed")
    return REFUSED if failed else DONE


def _find_folders(options: argparse.Namespace) -> None:
    """Replace the paths that name datasets by their folders; see `find_named_folder`.

    `options.table` becomes the name of the table by whose path the last one was named; "" if it
    was named by its own.
    """
    options.table = ""
    if not options.datasets:
        return
    from xray_core.datasets.named import find_named_folder

    def find(path: Path) -> Path:
        named = find_named_folder(path)
        options.table = named.table
        if named.table:
            say_note(f"{named.table} is a file: its folder is opened, {named.folder}.")
        return named.folder

    for name in options.datasets:
        if not (value := getattr(options, name)):
            continue  # an option that was not given
        setattr(
            options,
            name,
            [find(path) for path in value] if isinstance(value, list) else find(value),
        )


def _clean_users(options: argparse.Namespace) -> None:
    """Make one printable line of who is said to ask."""
    for name in ("user", "by"):
        if value := getattr(options, name, ""):
            setattr(options, name, clean_user(value))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xray" if Path(sys.argv[0]).stem == "xray" else "python -m xray_core",
        description="X-ray Lab: explore chest X-ray datasets and train CNNs on them. "
        "For learning, never for diagnosis.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: Callable[..., Answer], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--json", action="store_true", help="print JSON")
        # datasets: which arguments name the folder of one.
        command.set_defaults(command=function, datasets=())
        return command

    data.add_commands(add)
    exports.add_commands(add)
    _add_recipe_commands(add)
    _add_queue_commands(add)
    _add_run_commands(add)
    compare.add_commands(add)
    opening.add_commands(add)
    leaderboard.add_commands(add)
    elsewhere.add_commands(add)
    threshold.add_commands(add)
    labs.add_commands(add)
    lungs.add_commands(add)
    add_take_away(add)
    return parser


def _add_recipe_commands(add: Add) -> None:
    add("recipes", trainings.show_recipes, "List the recipes.")
    for name, function, text in (
        ("train", trainings.train, "Train a recipe here and now, and wait for its result."),
        ("submit", trainings.submit, "Queue a training for the background worker."),
        ("describe", trainings.describe, "Build a recipe's model and measure a training step."),
        ("script", trainings.script, "Write a recipe as a Keras script that runs by itself."),
    ):
        command = add(name, function, text)
        command.add_argument("recipe", help="name of a recipe, or a .json file of one")
        if name == "describe":
            command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")
            command.add_argument(
                "--classes", type=positive, metavar="N", help="if the data decides, how many"
            )
        elif name != "script":
            command.add_argument("--data", type=parse_path, required=True, metavar="FOLDER")
            command.set_defaults(datasets=("data",))
        if name == "submit":
            command.add_argument("--user", default="", metavar="NAME", help="users take turns")
            command.add_argument("--priority", type=int, default=0, help="higher goes first")
            command.add_argument("--gpus", type=positive, default=1, metavar="N", help="at once")
            command.add_argument(
                "--folds", type=int, default=0, metavar="N", help="cross-validate: N trainings"
            )
            command.add_argument(
                "--grid",
                action="append",
                default=[],
                metavar="KEY=VALUE,VALUE,…",
                help="one training for each value, and for each combination",
            )
            command.add_argument(
                "--seeds", type=positive, metavar="N", help="train with N random seeds, as a sweep"
            )
        command.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", help="change a field"
        )


def _add_queue_commands(add: Add) -> None:
    worker = add("worker", queue.work, "Train what is queued, as slots are free.")
    worker.add_argument("--slots", type=positive, metavar="N", help="as `queue --slots`")
    worker.add_argument("--stay", action="store_true", help="do not end when nothing is queued")
    worker.add_argument("--ray", metavar="ADDRESS", help="train on this Ray cluster")
    waiting = add(
        "queue", queue.show_queue, "Show who runs and who waits; change how many at once."
    )
    waiting.add_argument("--slots", type=number_or("auto"), metavar="N|auto", help="at once")
    waiting.add_argument("--per-user", type=number_or("all"), metavar="N|all", help="of one user")
    switch = waiting.add_mutually_exclusive_group()
    switch.add_argument("--pause", dest="paused", action="store_true", default=None)
    switch.add_argument("--unpause", dest="paused", action="store_false", default=None)
    waiting.add_argument(
        "--standby",
        action=argparse.BooleanOptionalAction,
        help="keep a process ready that has imported TensorFlow, or none",
    )
    for name, function, text in (
        ("stop", queue.stop, "Stop a run, queued or running."),
        ("resume", queue.resume, "Let a run go on that was stopped, failed or lost."),
        ("restart", queue.restart, "Queue the recipe of a run once more, from the beginning."),
        ("pause", queue.pause, "Pass over a run that waits."),
        ("unpause", queue.unpause, "Let a paused run wait for its turn again."),
        ("priority", queue.set_priority, "Change the priority of a run that waits."),
        ("move", queue.move, "Move a run that waits among those of its user and priority."),
    ):
        command = add(name, function, text)
        command.add_argument("run", help="name of a run")
        if name == "priority":
            command.add_argument("priority", type=int, help="higher goes first; -100 to 100")
        elif name == "move":
            command.add_argument("places", type=int, help="how far; negative is up")


def _add_run_commands(add: Add) -> None:
    add("runs", trainings.show_runs, "List the runs, newest first.")
    sweep = add("sweep", trainings.show_sweep, "Compare the runs that were submitted together.")
    sweep.add_argument("sweep", help="its name, as `submit` said it")
    run = add("run", trainings.run, "Train one queued run folder (the worker calls this).")
    run.add_argument("folder", type=Path)
    add(
        "standby",
        trainings.standby,
        "Wait, everything imported, for a training (the worker does this).",
    )
    add("answer", trainings.answer, "Answer the app's questions about networks (it starts this).")
    for name, function, text in (
        ("evaluate", external.evaluate, "Evaluate a finished run, also on another dataset."),
        ("split", trainings.show_split, "Count a run's subsets; write which image is in which."),
        ("check", checks.check, "Say what seems to go wrong in a training, in any state."),
        ("predict", trainings.predict, "Predict image files with a run's best weights."),
    ):
        command = add(name, function, text)
        command.add_argument("run", help="name of a run")
        if name == "evaluate":
            add_goals(command)
            add_external_options(command)
            command.add_argument(
                "--columns",
                action="store_true",
                help="compute what age, sex, view, site and image size alone tell, from the "
                "dataset, for a run that has it not yet",
            )
            opening.add_options(command)
        if name == "split":
            command.add_argument("--csv", type=Path, metavar="FILE", help="write a row an image")
        if name == "predict":
            command.add_argument("images", nargs="+", type=parse_path, metavar="IMAGE")
            command.add_argument(
                "--set",
                action="append",
                default=[],
                metavar="COLUMN=VALUE",
                help="what is known of the patient, e.g. age=57, for a network that takes it "
                "beside the image; may be repeated",
            )
