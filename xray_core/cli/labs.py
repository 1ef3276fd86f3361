"""Commands of the two labs: what a network is right from, and what a leak is worth."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xray_core.cli.answer import Add, Answer
from xray_core.cli.options import positive
from xray_core.errors import RecipeError
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

if TYPE_CHECKING:
    from xray_core.jobs.labs import Plan
    from xray_core.recipes import Recipe
    from xray_core.runs import Run


TITLES = {"auc": "AUC", "accuracy": "Accuracy"}


def add_commands(add: Add) -> None:
    """Add the commands of this module."""
    shortcuts = add(
        "shortcuts",
        show_shortcuts,
        "Say what a network is right from: whole images, without lungs, the border.",
    )
    leaks = add("leak-lab", show_leaks, "Say by how much a split by image flatters one by patient.")
    for command in (shortcuts, leaks):
        several = command is leaks
        command.add_argument(
            "start",
            metavar="RUN|RECIPE",
            nargs="?" if several else None,
            help="a run, or the name or .json file of a recipe",
        )
        command.add_argument(
            "--data", type=parse_path, metavar="FOLDER", help="of a run: not needed"
        )
        command.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", help="change a field"
        )
        command.add_argument(
            "--queue", action="store_true", help="queue the trainings that are missing"
        )
        command.add_argument("--user", default="", metavar="NAME", help="users take turns")
        command.set_defaults(datasets=("data",))
    leaks.add_argument(
        "--seeds", type=positive, default=3, metavar="N", help="pairs of runs; 3 by default"
    )
    leaks.add_argument(
        "--runs",
        default="",
        metavar="A,B,…",
        help="instead: finished runs of one recipe, by image and by patient",
    )


def _find_start(options: argparse.Namespace, workspace: Workspace) -> "tuple[Recipe, Run | None]":
    """Return the recipe bound to its dataset, and the run that it is of, if it is one's."""
    from xray_core.cli.trainings import read_pairs
    from xray_core.datasets import open_dataset
    from xray_core.jobs.labs import find_base
    from xray_core.recipes import bind_recipe, change_recipe, find_recipe, read_recipe
    from xray_core.runs import find_run

    changes = dict(read_pairs("--set", options.set))
    path = parse_path(options.start)
    is_run = (workspace.runs / options.start).is_dir()
    run = find_run(workspace.runs, options.start) if is_run else None
    if run is not None:
        recipe = find_base(run)
    else:
        recipe = read_recipe(path) if path.suffix == ".json" else find_recipe(options.start)
    folder = options.data or (Path(recipe.data_folder) if recipe.data_folder else None)
    if folder is None:
        raise RecipeError("A recipe is trained on a dataset: name its folder with --data.")
    options.data = folder
    recipe = bind_recipe(change_recipe(recipe, changes), open_dataset(folder, workspace.cache))
    return recipe, None if changes else run


def show_shortcuts(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Read the shortcut lab of a recipe; with --queue, queue what is missing."""
    from xray_core.datasets import open_dataset
    from xray_core.evaluation.shortcuts import read_shortcuts, tabulate
    from xray_core.jobs.labs import plan_shortcuts, submit_shortcuts

    recipe, run = _find_start(options, workspace)
    queued: list[Any] = []
    if options.queue:
        plans, queued = submit_shortcuts(recipe, options.data, workspace, options.user, run)
    catalog = open_dataset(options.data, workspace.cache)
    if not options.queue:
        plans = plan_shortcuts(recipe, catalog, workspace, run)
    lab = read_shortcuts(recipe, workspace, catalog, run)
    table = tabulate(lab)
    for name in ("images", "patients"):
        table[name] = table[name].astype("string").fillna("")
    lines = [table.to_string(index=False, na_rep="", float_format="{:.3f}".format)]
    lines += [sight.sentence for sight in lab.sights if sight.sentence]
    if lab.n_done:
        lines.append(f"All figures are of the {lab.subset} sets{_say_closed(lab.closed)}.")
    return _finish(lab.to_dict(), lines, plans, queued, options.queue)


def show_leaks(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Read the leak lab of a recipe, or of named runs; with --queue, queue what is missing."""
    from xray_core.datasets import open_dataset
    from xray_core.evaluation.leak_lab import read_leak_lab
    from xray_core.evaluation.leak_pairs import find_leak_runs, pick_leak_runs
    from xray_core.jobs.labs import plan_leaks, submit_leaks
    from xray_core.runs import find_run

    plans: list[Plan] = []
    queued: list[Any] = []
    if options.runs:
        if options.start or options.queue:
            raise RecipeError("--runs names runs that are there: leave out the recipe and --queue.")
        names = [name.strip() for name in options.runs.split(",") if name.strip()]
        runs = pick_leak_runs([find_run(workspace.runs, name) for name in names], workspace)
    elif not options.start:
        raise RecipeError("Name a run or a recipe, or finished runs with --runs A,B,…")
    else:
        recipe, _ = _find_start(options, workspace)
        if options.queue:
            plans, queued = submit_leaks(
                recipe, options.data, workspace, options.user, options.seeds
            )
        else:
            catalog = open_dataset(options.data, workspace.cache)
            plans = plan_leaks(recipe, catalog, workspace, options.seeds)
        runs = find_leak_runs(recipe, workspace)
    lab = read_leak_lab(runs, workspace)
    lines = [
        f"seed {pair.seed}, split {pair.split_seed}: by image {pair.states[0] or 'not trained'}, "
        f"by patient {pair.states[1] or 'not trained'}"
        for pair in lab.pairs
    ]
    lines += [
        f"{TITLES[inflation.name]}: by image {inflation.by_image:.3f}, "
        f"by patient {inflation.by_patient:.3f}, "
        f"difference {inflation.value:+.3f} ({inflation.low:+.3f} to {inflation.high:+.3f})"
        for inflation in lab.inflations
        if inflation.value == inflation.value  # a number
    ]
    lines += filter(None, [lab.verdict, lab.covers])
    if lab.n_done:
        lines.append(f"All figures are of the {lab.subset} sets{_say_closed(lab.closed)}.")
    return _finish(lab.to_dict(), lines, plans, queued, options.queue)


def _say_closed(closed: tuple[str, ...]) -> str:
    if not closed:
        return ""
    which = "set of {} is" if len(closed) == 1 else "sets of {} are"
    return f": the test {which.format(', '.join(closed))} closed"


def _finish(
    answer: dict[str, Any], lines: list[str], plans: "list[Plan]", queued: list[Any], asked: bool
) -> Answer:
    """Return the answer with what is missing, what cannot be trained, and what was queued."""
    from xray_core.audit.issue import count_of

    missing = [plan.title for plan in plans if plan.is_missing]
    refused = {plan.title: plan.reason for plan in plans if plan.recipe is None}
    notes = {plan.title: plan.note for plan in plans if plan.note}
    lines += [f"not possible: {title}. {reason}" for title, reason in refused.items()]
    lines += [f"note: {title}: {note}" for title, note in notes.items()]
    if queued:
        lines.append(
            f"Queued {count_of(len(queued), 'training')}: {', '.join(run.name for run in queued)}"
        )
    elif asked:
        lines.append("Nothing is missing that can be trained.")
    elif missing:
        lines.append(f"Not trained yet: {', '.join(missing)}. Add --queue to train them.")
    return answer | {
        "missing": [] if queued else missing,
        "not_possible": refused,
        "notes": notes,
        "queued": [run.name for run in queued],
    }, "\n".join(lines)
