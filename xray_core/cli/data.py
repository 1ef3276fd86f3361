"""Commands about data: read, count, audit, draw, unpack, download, unite.

Each imports what it needs: `datasets --json` must not wait for pandas.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Answer, save_answer, say_error
from xray_core.errors import DatasetError
from xray_core.workspace import Workspace

N_TABLE_ROWS = 5  # of a serious issue, in what a person reads


def show_datasets(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """List the dataset layouts that can be read."""
    from xray_core.datasets import READERS
    from xray_core.tasks import tasks_of

    answer = [
        {
            "name": name,
            "title": reader.title,
            "expects": reader.expects,
            "tasks": list(tasks_of(name)),
            "about": reader.about,
            "known_issues": list(reader.known_issues),
            "address": reader.address,
            "citation": reader.citation,
            "licence": reader.licence,
            "kaggle": reader.kaggle,
        }
        for name, reader in READERS.items()
    ]
    return answer, "\n".join(
        f"{dataset['name']:14} {dataset['title']}: {dataset['expects']}" for dataset in answer
    )


def show_catalog(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Read a dataset folder and count what is in it."""
    from xray_core.catalog import list_noted
    from xray_core.datasets import open_dataset
    from xray_core.eda import summarise_catalog

    catalog = open_dataset(options.folder, workspace.cache, reader=options.reader)
    if options.left_out:
        list_noted(catalog).to_csv(options.left_out, index=False)
    summary = summarise_catalog(catalog)
    lines = [
        f"{summary['dataset']}: {summary['images']:,} images, {summary['absent']:,} of them absent "
        f"and {summary['unlabelled']:,} unlabelled; {summary['boxes']:,} boxes, "
        f"{summary['masks']:,} masks, {summary['patients']:,} patients"
    ]
    published = {name: n for name, n in summary["subsets"].items() if n}
    for name, counts in {**summary["tasks"], "published split": published}.items():
        lines.append(f"{name}: " + (", ".join(f"{k} {n:,}" for k, n in counts.items()) or "none"))
    lines += [f"{name}: {reason}" for name, reason in summary["unanswered"].items()]
    lines += [f"note: {remark['message']}" for remark in summary["remarks"]]
    lines += [f"opened: {note}" for note in summary["notes"]]
    if options.left_out:
        lines.append(f"All that the notes count is listed in {options.left_out}.")
    return summary, "\n".join(lines)


def map_folder(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Guess how a folder is to be read, keep the guess as its mapping, and say what it gives."""
    from xray_core.datasets.folder.mapping import format_mapping
    from xray_core.datasets.guess import map_folder as write_guess

    levels = [level.strip() for level in options.levels.split(",")] if options.levels else []
    mapped = write_guess(options.folder, options.reader, levels, options.again)
    text, preview = format_mapping(mapped.mapping), mapped.preview
    answer: dict[str, Any] = {"file": str(mapped.file), "mapping": json.loads(text)}
    lines = [f"Written: {mapped.file}", text.rstrip()]
    if preview:
        names = ("rows", "rows_with_image", "labels", "unlabelled", "patients", "subsets", "boxes")
        answer |= {name: getattr(preview, name) for name in names}
        answer["remarks"] = [remark.message for remark in preview.remarks]
        labels = ", ".join(f"{name} {n:,}" for name, n in preview.labels.items()) or "none"
        lines += [
            f"{preview.rows_with_image:,} of {preview.rows:,} rows have their image; labels: "
            f"{labels}; {preview.patients:,} patients, {preview.boxes:,} boxes",
            *(f"note: {remark.message}" for remark in preview.remarks),
        ]
    lines.append("It is a guess: look at it, and edit the file where it is wrong.")
    return answer, "\n".join(lines)


def audit(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Look for leaks, copies, wrong labels and odd files."""
    from xray_core.audit import run_audit
    from xray_core.datasets import open_dataset
    from xray_core.jobs.background import note_progress
    from xray_core.splits import SplitSpec

    spec = SplitSpec(method=options.split, seed=options.seed) if options.split else None
    catalog = open_dataset(options.folder, workspace.cache)
    report_progress = note_progress(options.save) if options.save else _show_progress("files read")
    answer = run_audit(catalog, workspace.cache, options.task, spec, report_progress)
    save_answer(answer, options.save)
    counts = answer["counts"]
    lines = [
        f"{answer['source']}: {counts['present']:,} of {counts['images']:,} images are there, "
        f"{counts['patients']:,} patients; task {answer['task'] or 'none'}",
        f"split: {answer['split']}: "
        + (", ".join(f"{subset} {n:,}" for subset, n in counts["subsets"].items()) or "no subsets"),
    ]
    for issue in answer["issues"]:
        lines.append(f"{issue['severity'] + ':':14} {issue['title']}")
        if issue["advice"]:
            lines.append(f"{'':15}{issue['why']} {issue['advice']}")
        for row in issue["table"][:N_TABLE_ROWS] if issue["severity"] == "serious" else ():
            cells = (
                f"{name} {'unknown' if value is None else value}" for name, value in row.items()
            )
            lines.append(f"{'':15}- {', '.join(cells)}")
    return answer, "\n".join(lines)


def _show_progress(what: str) -> Callable[[int, int], None] | None:
    """Return a function that counts on one line of a terminal; None where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            end = "\n" if done == total else ""
            print(f"\r{done:,} of {total:,} {what}", end=end, file=sys.stderr, flush=True)

    return show


def draw_demo(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Draw a demo dataset of chest-like images."""
    from xray_core.filling import fill_alone
    from xray_core.synthetic.dataset import write_synthetic_dataset

    folder = options.folder.absolute()
    with fill_alone(folder, "drawing into"):  # the app sees by it that its demo data is on the way
        write_synthetic_dataset(folder, options.images, seed=options.seed)
    answer = {"folder": str(options.folder), "images": options.images, "seed": options.seed}
    return answer, f"Drew {options.images:,} images into {options.folder}."


def unpack(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Unpack the archives in the workspace's data folder."""
    from xray_core.archives.groups import find_group, list_archives
    from xray_core.archives.names import STILL_PACKED
    from xray_core.archives.unpacking import Unpacked, unpack_archives
    from xray_core.archives.writing import Progress
    from xray_core.files import format_bytes

    def show(now: Progress) -> None:
        if sys.stderr.isatty():
            read, total = format_bytes(now.read), format_bytes(now.total)
            words = f"{now.n_files:,} files, {read} of {total}"
            print(f"\r{words:40}", end="\n" * (now.read == now.total), file=sys.stderr, flush=True)

    groups = [find_group(workspace, name) for name in dict.fromkeys(options.names)]
    done, failed = list[Unpacked](), list[dict[str, str]]()
    for group in groups or [group for group in list_archives(workspace) if group.waiting]:
        try:
            done.append(unpack_archives(group, workspace, show))
        except DatasetError as error:
            failed.append({"name": group.name, "problem": str(error)})
    if failed and not done:
        for refused in failed[:-1]:
            say_error(refused["problem"])
        raise DatasetError(failed[-1]["problem"])
    failed += [
        {"name": unpacked.folder.name, "problem": f"{unpacked.folder}: {remark.message}"}
        for unpacked in done
        for remark in unpacked.remarks
        if remark.kind == STILL_PACKED
    ]
    folders = [_describe_folder(unpacked.folder) | unpacked.as_json() for unpacked in done]
    answer = {"folders": folders, "failed": failed}
    save_answer(answer, options.save)
    for refused in failed:
        say_error(refused["problem"])
    lines = [_folder_text(folder) for folder in folders]
    return answer, "\n".join(lines) or f"No archive in {workspace.data} waits to be unpacked."


def download(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Download a dataset from Kaggle."""
    from xray_core.downloads import download_dataset

    answer = _describe_folder(download_dataset(options.dataset, workspace))
    save_answer(answer, options.save)
    return answer, f"{answer['folder']} is a dataset now ({answer['dataset']})."


def _describe_folder(folder: Path) -> dict[str, Any]:
    from xray_core.datasets import detect_dataset

    try:
        return {"folder": str(folder), "dataset": detect_dataset(folder), "problem": ""}
    except DatasetError as error:
        return {"folder": str(folder), "dataset": None, "problem": str(error)}


def _folder_text(folder: dict[str, Any]) -> str:
    lines = [f"Unpacked {folder['files']:,} files into {folder['folder']}; the archive is kept."]
    lines += [f"note: {message}" for message in folder["left_out"]]
    lines += [f"note: {folder['problem']}"] if folder["problem"] else []
    return "\n".join(lines)


def make_union(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Make one dataset of SIIM and COVID-19 Radiography."""
    from xray_core.datasets.union import create_union

    members = create_union(options.folder, options.members)
    folders = {name: str(root) for name, root in members.items()}
    text = f"{options.folder} is now the union of {' and '.join(folders.values())}."
    return {"folder": str(options.folder), "members": folders}, text


def count_union(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Count the images of a union's subsets, beside the thesis' counts."""
    from xray_core.datasets import open_dataset
    from xray_core.target_domain import count_target_domain

    table = count_target_domain(open_dataset(options.folder, workspace.cache), options.seed)
    answer: list[Any] = json.loads(table.to_json(orient="records"))
    return answer, table.to_string(index=False)
