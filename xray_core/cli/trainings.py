"""Commands about trainings: recipes, runs, evaluating and predicting.

Each imports what it needs: `runs` must not wait for TensorFlow.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from xray_core.cli.answer import Answer, save_answer, write_csv
from xray_core.cli.checks import check_text
from xray_core.cli.goals import compare_goals
from xray_core.cli.opening import read_shown
from xray_core.cli.reports import format_report
from xray_core.errors import RecipeError
from xray_core.processes import lower_priority, quiet_import
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

ALL_SITES = "all"  # in a grid of split.site


def show_recipes(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """List the recipes."""
    from xray_core.recipes import PUBLISHED

    lines = [f"{recipe.name:24} {recipe.title}: {recipe.about}" for recipe in PUBLISHED.values()]
    return [asdict(recipe) for recipe in PUBLISHED.values()], "\n".join(lines)


def _recipe_of(options: argparse.Namespace) -> Any:
    from xray_core.recipes import change_recipe, find_recipe, read_recipe

    given = options.recipe
    path = parse_path(given)
    recipe = read_recipe(path) if path.suffix == ".json" else find_recipe(given)
    return change_recipe(recipe, dict(read_pairs("--set", options.set)))


def read_pairs(option: str, given: list[str]) -> Iterator[tuple[str, str]]:
    """Split what was given as key=value."""
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise RecipeError(f"{option} {pair!r} is not of the form key=value.")
        yield key.strip(), value.strip()


def train(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Train a recipe here and now, and wait for its result."""
    from xray_core.jobs.submit import check_recipe
    from xray_core.runs import create_run

    recipe = check_recipe(_recipe_of(options), options.data, workspace)
    _say_unusual([recipe])
    return _train_here(create_run(recipe, workspace.runs), workspace)


def _say_unusual(recipes: Sequence[Any]) -> None:
    """Say which values are outside of what is usual; standard output belongs to the answer."""
    from xray_core.recipes.usual import describe_unusual

    for words in dict.fromkeys(words for recipe in recipes for words in describe_unusual(recipe)):
        print(f"note: {words}", file=sys.stderr, flush=True)


def run(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Train one queued run folder, as the worker asks."""
    from xray_core.runs import find_run

    folder = options.folder.absolute()
    return _train_here(find_run(folder.parent, folder.name), workspace)


def standby(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Import what a training needs, then wait for one on standard input."""
    lower_priority()  # the import takes seconds, which nobody waits for
    with quiet_import():
        from xray_core.training.standby import wait_and_train

    state = wait_and_train()
    return {"state": state}, f"The training ended: {state}." if state else "No training came."


def answer(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Import what heat maps and predictions need, then answer questions from standard input."""
    with quiet_import():
        from xray_core.explain.service import serve
    n_answered = serve(workspace)
    return {"answered": n_answered}, f"{n_answered:,} questions were answered."


def _train_here(run: Any, workspace: Workspace) -> Answer:
    from xray_core.evaluation.diagnose import diagnose_run
    from xray_core.runs.always_open import read_always_open
    from xray_core.runs.opening import open_test

    with quiet_import():  # the log is for what a student can use
        from xray_core.training.runner import train_run

    print(f"run folder: {run.folder}", file=sys.stderr, flush=True)
    state = train_run(run, workspace)
    answer: dict[str, Any] = {
        "run": run.name,
        "folder": str(run.folder),
        "state": state,
        "message": run.read_status().message,
    }
    text = f"{run.name}: {state}. {answer['message']}"
    if state == "done":
        if read_always_open(workspace):
            open_test(run, workspace, how="always")
        answer["report"], fields, words = read_shown(run, workspace)
        answer |= fields
        advice = check_text(diagnose_run(run))
        text = "\n".join(filter(None, [text, format_report(answer["report"]), words, advice]))
    return answer, text


def submit(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Queue a training, or several that belong together, for the background worker."""
    from xray_core.jobs import submit_recipe, submit_sweep
    from xray_core.recipes.variants import SITE_FIELD, vary_recipe

    if options.folds or options.grid or options.seeds:
        if options.gpus > 1:
            raise RecipeError(
                "--gpus is for a single training; leave out --folds, --grid and --seeds."
            )
        grid = {key: values.split(",") for key, values in read_pairs("--grid", options.grid)}
        if options.seeds:
            first = _recipe_of(options).seed
            grid["seed"] = [str(first + number) for number in range(options.seeds)]
        if grid.get(SITE_FIELD) == [ALL_SITES]:
            grid[SITE_FIELD] = _find_sites(options, workspace)
        recipes = vary_recipe(_recipe_of(options), grid, options.folds)
        _say_unusual(recipes)
        runs = submit_sweep(recipes, options.data, workspace, options.user, options.priority)
        sweep, names = runs[0].read_submission().sweep, [run.name for run in runs]
        text = f"Queued {len(runs)} trainings: sweep {sweep}"
        return {"sweep": sweep, "runs": names}, "\n".join([text, *names])
    recipe = _recipe_of(options)
    _say_unusual([recipe])
    run = submit_recipe(
        recipe, options.data, workspace, options.user, options.priority, options.gpus
    )
    return {"run": run.name, "folder": str(run.folder)}, f"Queued {run.name}."


def _find_sites(options: argparse.Namespace, workspace: Workspace) -> list[str]:
    """Return the sites that can be tested, and say which cannot."""
    from xray_core.datasets import open_dataset
    from xray_core.recipes.sites import refuse_sites
    from xray_core.selection import find_doubtful, select_catalog

    recipe = _recipe_of(options)
    catalog = open_dataset(options.data, workspace.cache)
    doubtful = find_doubtful(catalog, recipe.selection, recipe.task, workspace)
    catalog = select_catalog(catalog, recipe.selection, recipe.task, doubtful)
    refusals = refuse_sites(recipe, catalog)
    for site, refusal in refusals.items():
        if refusal:
            print(f"note: {site} is left out of the sweep: {refusal}", file=sys.stderr, flush=True)
    sites = [site for site, refusal in refusals.items() if not refusal]
    if not sites:
        raise RecipeError(
            f"No site of {options.data} can be tested: "
            + ("; ".join(refusals.values()) or "none is known of any image.")
        )
    return sites


def script(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Write a recipe as a plain Keras script."""
    from xray_core.recipes.script import left_out, write_script

    recipe = _recipe_of(options)
    text = write_script(recipe)
    return {"script": text, "left_out": left_out(recipe)}, text


def describe(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Build a recipe's model and measure a training step."""
    recipe = _recipe_of(options)  # before Keras is waited for
    import psutil

    with quiet_import():
        from xray_core.training.describe import describe_recipe

    answer = describe_recipe(recipe, options.classes, psutil.Process().create_time())
    save_answer(answer, options.save)
    return answer, (
        f"{answer['parameters']:,} parameters in {len(answer['layers'])} layers; "
        f"{answer['images_per_second']:.1f} images/s on {answer['device']}, "
        f"{answer['memory_mb']:,.0f} MB"
    )


def show_runs(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """List the runs, newest first."""
    from xray_core.errors import RunError
    from xray_core.runs import Run, list_runs
    from xray_core.runs.index import FIGURES, read_state, run_table

    def read(run: Run) -> dict[str, Any]:
        try:
            return asdict(run.read_status())
        except RunError:  # damaged, or of another version: one such row hides no other
            return read_state(run)

    table = run_table(workspace).set_index("name")
    known = json.loads(table[["test_set", *FIGURES]].to_json(orient="index"))
    answer = [
        {"run": run.name, **read(run), **known.get(run.name, {})}
        for run in list_runs(workspace.runs)
    ]
    lines = [f"{row['state']:8} {row['run']}  {row['message']}" for row in answer]
    return answer, "\n".join(lines) or f"No runs in {workspace.runs} yet. Try: train demo_cnn"


def show_sweep(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Compare the runs of a sweep: mean and spread of each setting."""
    from xray_core.evaluation.sweeps import FIGURES, find_sweep, summarise_sweep

    summary = summarise_sweep(find_sweep(workspace, options.sweep))
    lines = []
    for row in summary.settings.to_dict("records"):
        lines.append(f"{row['setting']}: {row['done']} of {row['runs']} done")
        for name in (f for f in FIGURES if row["done"] and row[f] == row[f]):  # not NaN
            spread = f" ± {row[f'{name}_sd']:.3f}" if row["done"] > 1 else ""
            lines.append(f"  {name.replace('_', ' '):18} {row[name]:.3f}{spread}")
    for setting, report in summary.pooled.items():
        lines += [f"All folds of {setting} together", format_report(report)]
    if summary.averaged:
        lines += [
            f"The mean of the probabilities of {summary.n_networks} networks",
            format_report(summary.averaged),
        ]
    answer = {
        "sweep": options.sweep,
        "runs": json.loads(summary.runs.to_json(orient="records")),
        "settings": json.loads(summary.settings.to_json(orient="records")),
        "pooled": summary.pooled,
        "averaged": summary.averaged,
    }
    return answer, "\n".join(lines)


def evaluate(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Evaluate a finished run from its files."""
    from xray_core.evaluation import report_run
    from xray_core.evaluation.diagnose import diagnose_run
    from xray_core.runs import find_run
    from xray_core.runs.always_open import read_always_open
    from xray_core.runs.opening import open_test

    run = find_run(workspace.runs, options.run)
    report = report_run(run)
    if options.open_test:
        open_test(run, workspace, options.user, "command")
    elif read_always_open(workspace):
        open_test(run, workspace, options.user, "always")
    report, fields, words = read_shown(run, workspace, report)
    texts = [
        format_report(report),
        words,
        compare_goals(run, report, options),
        check_text(diagnose_run(run)),
    ]
    answer = report | fields
    save_answer(answer, options.save)
    return answer, "\n".join(filter(None, texts))


def show_split(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Count a run's subsets, and write which image is in which."""
    from xray_core.errors import RunError
    from xray_core.runs import find_run
    from xray_core.splits import count_subsets, format_leaks

    run = find_run(workspace.runs, options.run)
    split = run.read_split()
    classes = run.read_recipe().class_names
    answer: dict[str, Any] = {
        "run": run.name,
        "images": len(split),
        "groups": int(split["group"].nunique()),
        **count_subsets(split, classes),
    }
    if options.csv:
        write_csv(split, options.csv)
        answer["csv"] = str(options.csv)
    lines = [f"{run.name}: {len(split):,} images in {answer['groups']:,} groups"]
    for subset, counts in answer["subsets"].items():
        lines.append(f"{subset}: " + ", ".join(f"{name} {n:,}" for name, n in counts.items()))
    with suppress(RunError):  # a run of before leaks were counted by kind
        answer["leaks"] = run.read_data().get("leaks")
        if any((answer["leaks"] or {}).values()):
            lines.append(f"in several subsets: {format_leaks(answer['leaks'])}")
    return answer, "\n".join(lines)


# These compute with Keras: their process is started with the allocator set for that.
WITH_KERAS = (train, run, standby, describe)
