"""The command line: everything that the app can do, for scripts and for the app's own jobs.

Exit status 0, or 2 with one clear line on a user's error, or 1 if a training failed.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xray_core.errors import DatasetError, RecipeError, XrayError
from xray_core.home import Home, find_home

N_TABLE_ROWS = 5  # of a serious finding, in what a person reads
Answer = tuple[dict[str, Any] | list[Any], str]  # for --json, for a person


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _build_parser().parse_args(arguments)
    try:
        answer, text = options.command(options, find_home())
    except XrayError as error:
        # Keras' own words, which some errors quote, run over many lines.
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    try:
        print(json.dumps(answer, indent=2) if options.json else text)
    except BrokenPipeError:
        # The reader (`| head`) left: that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if isinstance(answer, dict) and answer.get("state") == "failed" else 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m xray_core",
        description="X-ray Lab: explore chest X-ray datasets and train CNNs on them. "
        "For learning, never for diagnosis.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: Callable[..., Answer], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(command=function)
        return command

    add("datasets", _datasets, "List the dataset layouts that can be read.")
    catalog = add("catalog", _catalog, "Read a dataset folder and count what is in it.")
    catalog.add_argument("folder", type=Path)
    audit = add("audit", _audit, "Look for leaks, copies, wrong labels and odd files.")
    audit.add_argument("folder", type=Path)
    audit.add_argument("--view", metavar="NAME", help="label view to judge")
    audit.add_argument("--split", metavar="METHOD", help="split to check, instead of the authors'")
    audit.add_argument("--seed", type=int, default=0, metavar="N", help="of the split")
    audit.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")
    demo = add("demo", _demo, "Draw a demo dataset of chest-like films.")
    demo.add_argument("folder", type=Path)
    demo.add_argument("--images", type=_positive, default=600, metavar="N")
    demo.add_argument("--seed", type=int, default=0, metavar="S")

    unpack = add("unpack", _unpack, "Unpack the archives in the workspace's data folder.")
    unpack.add_argument("names", nargs="*", metavar="NAME", help="without names: all that wait")
    download = add("download", _download, "Download a dataset from Kaggle.")
    download.add_argument("dataset", help="its name, as `datasets` lists it")
    for command in (unpack, download):
        command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")

    union = add("union", _union, "Make one dataset of SIIM and COVID-19 Radiography.")
    union.add_argument("folder", type=Path, help="a new folder; no image is copied")
    union.add_argument("members", type=Path, nargs=2, metavar="MEMBER")
    counts = add("union-counts", _union_counts, "Count a union's parts, beside the thesis'.")
    counts.add_argument("folder", type=Path)
    counts.add_argument("--seed", type=int, default=0, metavar="N", help="of the split")

    add("recipes", _recipes, "List the recipes.")
    for name, function, text in (
        ("train", _train, "Train a recipe here and now, and wait for its result."),
        ("submit", _submit, "Queue a training for the background worker."),
        ("describe", _describe, "Build a recipe's model and measure a training step."),
    ):
        command = add(name, function, text)
        command.add_argument("recipe", help="name of a recipe")
        if name == "describe":
            command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")
        else:
            command.add_argument("--data", type=Path, required=True, metavar="FOLDER")
        command.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", help="change a field"
        )

    worker = add("worker", _worker, "Train what is queued, one run after the other.")
    worker.add_argument("--slots", type=_positive, default=1, help="trainings at once")
    add("runs", _runs, "List the runs, newest first.")
    run = add("run", _run, "Train one queued run folder (the worker calls this).")
    run.add_argument("folder", type=Path)
    for name, function, text in (
        ("stop", _stop, "Stop a run, queued or running."),
        ("evaluate", _evaluate, "Judge a finished run from its files."),
        ("predict", _predict, "Predict image files with a run's best weights."),
    ):
        command = add(name, function, text)
        command.add_argument("run", help="name of a run")
        if name == "predict":
            command.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    return parser


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


# Each command imports what it needs: `datasets --json` must not wait for TensorFlow.


def _datasets(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.datasets import READERS
    from xray_core.labels import views_of

    answer = [
        {
            "name": name,
            "title": reader.title,
            "expects": reader.expects,
            "label_views": list(views_of(name)),
            "citation": reader.citation,
            "licence": reader.licence,
        }
        for name, reader in READERS.items()
    ]
    return answer, "\n".join(f"{one['name']:14} {one['title']}: {one['expects']}" for one in answer)


def _catalog(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.datasets import open_dataset
    from xray_core.eda import summarise_catalog

    summary = summarise_catalog(open_dataset(options.folder, home.cache))
    lines = [
        f"{summary['source']}: {summary['images']:,} images, {summary['absent']:,} of them absent, "
        f"{summary['boxes']:,} boxes, {summary['patients']:,} patients"
    ]
    for name, counts in {**summary["label_views"], "published split": summary["parts"]}.items():
        lines.append(f"{name}: " + (", ".join(f"{k} {n:,}" for k, n in counts.items()) or "none"))
    lines += [f"note: {remark['message']}" for remark in summary["remarks"]]
    return summary, "\n".join(lines)


def _audit(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.audit import run_audit
    from xray_core.datasets import open_dataset
    from xray_core.jobs.tasks import note_progress
    from xray_core.splits import SplitSpec

    spec = SplitSpec(method=options.split, seed=options.seed) if options.split else None
    catalog = open_dataset(options.folder, home.cache)
    tell = note_progress(options.save) if options.save else _show_progress("files read")
    answer = run_audit(catalog, home.cache, options.view, spec, tell)
    _save(answer, options.save)
    counts = answer["counts"]
    lines = [
        f"{answer['source']}: {counts['present']:,} of {counts['images']:,} images are there, "
        f"{counts['patients']:,} patients; label view {answer['view'] or 'none'}",
        f"split: {answer['split']}: "
        + (", ".join(f"{part} {n:,}" for part, n in counts["parts"].items()) or "no parts"),
    ]
    for finding in answer["findings"]:
        lines.append(f"{finding['severity'] + ':':14} {finding['title']}")
        if finding["advice"]:
            lines.append(f"{'':15}{finding['why']} {finding['advice']}")
        for row in finding["table"][:N_TABLE_ROWS] if finding["severity"] == "serious" else ():
            cells = (
                f"{name} {'unknown' if value is None else value}" for name, value in row.items()
            )
            lines.append(f"{'':15}- {', '.join(cells)}")
    return answer, "\n".join(lines)


def _save(answer: dict[str, Any], path: Path | None) -> None:
    if path:
        from xray_core.runs import replaced_file

        with replaced_file(path) as partial:
            partial.write_text(json.dumps(answer, indent=2), encoding="utf-8")


def _show_progress(what: str) -> Callable[[int, int], None] | None:
    """Return a function that counts on one line of a terminal; None where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            end = "\n" if done == total else ""
            print(f"\r{done:,} of {total:,} {what}", end=end, file=sys.stderr, flush=True)

    return show


def _demo(options: argparse.Namespace, home: Home) -> Answer:
    from filelock import FileLock, Timeout

    from xray_core.datasets.phantom import write_phantom_dataset
    from xray_core.datasets.shelf import demo_lock

    folder = options.folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        # The app watches this lock to see that its demo data is on the way.
        with FileLock(demo_lock(folder), timeout=0):
            write_phantom_dataset(folder, options.images, seed=options.seed)
    except Timeout as error:
        raise DatasetError(f"Another process is drawing into {folder}. Wait for it.") from error
    answer = {"folder": str(options.folder), "images": options.images, "seed": options.seed}
    return answer, f"Drew {options.images:,} films into {options.folder}."


def _unpack(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.datasets.archives import find_group, list_archives
    from xray_core.datasets.unpacking import Progress, Unpacked, unpack_archives

    def show(now: Progress) -> None:
        if sys.stderr.isatty():
            words = f"{now.n_files:,} files, {now.read / 1e6:,.0f} of {now.total / 1e6:,.0f} MB"
            print(f"\r{words}", end="\n" * (now.read == now.total), file=sys.stderr, flush=True)

    groups = [find_group(home, name) for name in dict.fromkeys(options.names)]
    done: list[Unpacked] = []
    for group in groups or [one for one in list_archives(home) if one.waiting]:
        try:
            done.append(unpack_archives(group, home, show))
        except DatasetError as error:
            before = "".join(f"{one.folder} is unpacked. " for one in done)
            raise DatasetError(f"{before}{error}") from error
    answer = {"folders": [_describe_folder(one.folder) | one.as_json() for one in done]}
    _save(answer, options.save)
    lines = [_folder_text(one) for one in answer["folders"]]
    return answer, "\n".join(lines) or f"No archive in {home.data} waits to be unpacked."


def _download(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.datasets.kaggle import download_dataset

    answer = _describe_folder(download_dataset(options.dataset, home))
    _save(answer, options.save)
    return answer, f"{answer['folder']} is a dataset now ({answer['dataset']})."


def _describe_folder(folder: Path) -> dict[str, Any]:
    from xray_core.datasets import detect_dataset

    try:
        return {"folder": str(folder), "dataset": detect_dataset(folder), "trouble": ""}
    except DatasetError as error:
        return {"folder": str(folder), "dataset": None, "trouble": str(error)}


def _folder_text(one: dict[str, Any]) -> str:
    lines = [f"Unpacked {one['files']:,} files into {one['folder']}; the archive is kept."]
    lines += [f"note: {message}" for message in one["left_out"]]
    lines += [f"note: {one['trouble']}"] if one["trouble"] else []
    return "\n".join(lines)


def _union(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.datasets.union import create_union

    members = create_union(options.folder, options.members)
    folders = {name: str(root) for name, root in members.items()}
    text = f"{options.folder} is now the union of {' and '.join(folders.values())}."
    return {"folder": str(options.folder), "members": folders}, text


def _union_counts(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.datasets import open_dataset
    from xray_core.production import count_production

    table = count_production(open_dataset(options.folder, home.cache), options.seed)
    answer: list[Any] = json.loads(table.to_json(orient="records"))
    return answer, table.to_string(index=False)


def _recipes(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.recipes import PUBLISHED

    lines = [f"{recipe.name:24} {recipe.title}: {recipe.about}" for recipe in PUBLISHED.values()]
    return [asdict(recipe) for recipe in PUBLISHED.values()], "\n".join(lines)


def _recipe_of(options: argparse.Namespace) -> Any:
    from xray_core.recipes import change_recipe, find_recipe

    changes = {}
    for one in options.set:
        key, equals, value = one.partition("=")
        if not equals:
            raise RecipeError(f"--set {one!r} is not of the form key=value.")
        changes[key.strip()] = value.strip()
    return change_recipe(find_recipe(options.recipe), changes)


def _train(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.jobs.submit import check_recipe
    from xray_core.runs import create_run

    recipe = check_recipe(_recipe_of(options), options.data, home)
    return _train_here(create_run(recipe, home.runs), home)


def _run(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.runs import find_run

    folder = options.folder.absolute()
    return _train_here(find_run(folder.parent, folder.name), home)


def _train_here(run: Any, home: Home) -> Answer:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # the log is for what a student can use
    from xray_core.training.runner import train_run

    print(f"run folder: {run.folder}", file=sys.stderr, flush=True)
    state = train_run(run, home)
    answer: dict[str, Any] = {
        "run": run.name,
        "folder": str(run.folder),
        "state": state,
        "message": run.read_status().message,
    }
    text = f"{run.name}: {state}. {answer['message']}"
    if state == "done":
        answer["report"] = run.read_report()
        text += "\n" + _report_text(answer["report"])
    return answer, text


def _submit(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.jobs import submit_recipe

    run = submit_recipe(_recipe_of(options), options.data, home)
    return {"run": run.name, "folder": str(run.folder)}, f"Queued {run.name}."


def _describe(options: argparse.Namespace, home: Home) -> Answer:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    recipe = _recipe_of(options)  # before Keras is waited for
    from xray_core.training.describe import describe_recipe

    answer = describe_recipe(recipe)
    _save(answer, options.save)
    return answer, (
        f"{answer['parameters']:,} parameters in {len(answer['layers'])} layers; "
        f"{answer['images_per_second']:.1f} images/s on {answer['device']}, "
        f"{answer['memory_mb']:,.0f} MB"
    )


def _worker(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.jobs import run_worker

    served = run_worker(home, options.slots)
    text = "Nothing left to do." if served else "Another worker serves this workspace."
    return {"served": served}, text


def _runs(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.runs import list_runs

    answer = [{"run": run.name, **asdict(run.read_status())} for run in list_runs(home.runs)]
    lines = [f"{one['state']:8} {one['run']}  {one['message']}" for one in answer]
    return answer, "\n".join(lines) or f"No runs in {home.runs} yet. Try: train demo_cnn"


def _stop(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.jobs import stop_run
    from xray_core.runs import find_run

    text = stop_run(find_run(home.runs, options.run), home)
    return {"run": options.run, "message": text}, text


def _evaluate(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.evaluation import report_run
    from xray_core.runs import find_run

    report = report_run(find_run(home.runs, options.run))
    return report, _report_text(report)


def _predict(options: argparse.Namespace, home: Home) -> Answer:
    from xray_core.runs import find_run
    from xray_core.training.predict import predict_images

    table = predict_images(find_run(home.runs, options.run), options.images)
    answer = json.loads(table.to_json(orient="records"))
    if table["error"].notna().all():
        raise RecipeError(f"No image could be read. {table['error'].iloc[0]}")
    return answer, table.to_string(index=False) + "\nFor learning, never for diagnosis."


def _report_text(report: dict[str, Any]) -> str:
    def figure(one: dict[str, float | None]) -> str:
        if one["value"] is None:
            return "cannot be computed"
        return f"{one['value']:.3f} (95% interval {one['low']:.3f} to {one['high']:.3f})"

    majority = report["majority"]
    lines = [
        f"Judged on the {report['part']} part: {report['n']:,} images of "
        f"{report['n_patients']:,} patients or groups; {len(report['left_out'])} left out."
    ]
    lines += [f"  {name:18} {figure(one)}" for name, one in report["metrics"].items()]
    lines += [f"  {'always ' + majority['class']:18} {majority['accuracy']:.3f} accuracy"]
    lines += ["Confusion matrix (rows true, columns predicted):"]
    width = max(map(len, report["classes"]))
    for one, row in zip(report["per_class"], report["confusion"], strict=True):
        counts = " ".join(f"{n:6}" for n in row)
        lines.append(f"  {one['class']:{width}} {counts}   recall {figure(one['recall'])}")
    return "\n".join(lines)
