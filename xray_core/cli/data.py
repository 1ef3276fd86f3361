"""Commands about data: read, count, audit, draw, unite.

Each imports what it needs: `datasets --json` must not wait for pandas.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from xray_core.cli import arrivals
from xray_core.cli.answer import Add, Answer, save_answer, show_progress
from xray_core.cli.options import add_map, positive
from xray_core.typed_paths import parse_path
from xray_core.workspace import Workspace

N_COMBINATIONS = 5  # of labels, in what a person reads
N_TABLE_ROWS = 5  # of a serious issue, in what a person reads


def add_commands(add: Add) -> None:
    """Add those about data, and those that bring data in."""
    add("datasets", show_datasets, "List the dataset layouts that can be read.")
    catalog = add("catalog", show_catalog, "Read a dataset folder and count what is in it.")
    catalog.add_argument("folder", type=parse_path)
    catalog.add_argument(
        "--reader", default="", metavar="NAME", help="read it as this; `datasets` lists them"
    )
    catalog.add_argument(
        "--left-out", type=Path, metavar="FILE", help="write all names that the notes count as CSV"
    )
    catalog.set_defaults(datasets=("folder",))
    mapped = add("map", map_folder, "Guess how a folder's tables are to be read; keep it.")
    mapped.add_argument("folder", type=parse_path)
    mapped.add_argument("--reader", default="", metavar="NAME", help="read it as this dataset")
    mapped.add_argument(
        "--levels",
        default="",
        metavar="LEVELS",
        help="what each level of folders is, e.g. subset,class,patient",
    )
    mapped.add_argument("--again", action="store_true", help="replace the mapping that is there")
    mapped.set_defaults(datasets=("folder",))
    audited = add("audit", audit, "Look for leaks, copies, wrong labels and odd files.")
    audited.add_argument("folder", type=parse_path)
    audited.set_defaults(datasets=("folder",))
    audited.add_argument("--task", metavar="NAME", help="task to evaluate")
    audited.add_argument(
        "--split", metavar="METHOD", help="split to check, instead of the authors'"
    )
    audited.add_argument("--seed", type=int, default=0, metavar="N", help="of the split")
    audited.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")
    demo = add("demo", draw_demo, "Draw a demo dataset of chest-like images.")
    demo.add_argument("folder", type=Path)
    demo.add_argument("--images", type=positive, default=600, metavar="N")
    demo.add_argument("--seed", type=int, default=0, metavar="S")
    demo.add_argument(
        "--marker",
        action="store_true",
        help="with a letter in the corner of most images that show an opacity: a known shortcut",
    )

    unpack = add("unpack", arrivals.unpack, "Unpack the archives in the workspace's data folder.")
    unpack.add_argument("names", nargs="*", metavar="NAME", help="without names: all that wait")
    download = add("download", arrivals.download, "Download a dataset from Kaggle or its authors.")
    download.add_argument("dataset", help="its name, as `datasets` lists it")
    download.add_argument(
        "--archives",
        metavar="NAMES",
        help="from its authors instead of Kaggle: which of their archives, such as 1, 1,3-4, "
        "images_001 or all; unpacked at once",
    )
    for command in (unpack, download):
        command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")

    union = add("union", make_union, "Make one dataset of two with a common task.")
    union.add_argument("folder", type=Path, help="a new folder; no image is copied")
    union.add_argument("members", type=parse_path, nargs=2, metavar="MEMBER")
    union.add_argument(
        "--tasks",
        nargs=2,
        default=[],
        metavar="NAME",
        help="one of each; without, those that fit best (of SIIM and COVID-19 Radiography: the "
        "union of the thesis)",
    )
    add_map(union, "which class of the second stands for which of the first")
    union.set_defaults(datasets=("members",))
    counts = add("union-counts", count_union, "Count a union's subsets, beside the thesis'.")
    counts.add_argument("folder", type=parse_path)
    counts.set_defaults(datasets=("folder",))
    counts.add_argument(
        "--split",
        choices=("thesis", "target_domain"),
        default="thesis",
        help="the thesis' test set, or a hold-out by patient",
    )
    counts.add_argument("--seed", type=int, default=0, metavar="N", help="of a hold-out")


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
            "archives": [
                {"name": file.name, "bytes": file.n_bytes, "holds": file.holds}
                for file in reader.files
                if not file.is_table
            ],
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
    if combinations := summary["label_combinations"]:
        first = list(combinations.items())[:N_COMBINATIONS]
        shown = ", ".join(f"{labels} {n:,}" for labels, n in first)
        more = ", …" if len(combinations) > len(first) else ""
        lines.append(f"{len(combinations):,} label combinations: {shown}{more}")
    lines += [f"{name}: {reason}" for name, reason in summary["unanswered"].items()]
    lines += [f"{name}: {said}" for name, words in summary["no_class"].items() for said in words]
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
    report_progress = note_progress(options.save) if options.save else show_progress("files read")
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


def draw_demo(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Draw a demo dataset of chest-like images."""
    from xray_core.filling import fill_alone
    from xray_core.synthetic.dataset import write_synthetic_dataset

    folder = options.folder.absolute()
    with fill_alone(folder, "drawing into"):  # the app sees by it that its demo data is on the way
        write_synthetic_dataset(folder, options.images, seed=options.seed, marker=options.marker)
    answer = {
        "folder": str(options.folder),
        "images": options.images,
        "seed": options.seed,
        "marker": options.marker,
    }
    words = ", with a marker that gives the label away" * options.marker
    return answer, f"Drew {options.images:,} images into {options.folder}{words}."


def make_union(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Make one dataset of two."""
    from xray_core.datasets import open_dataset
    from xray_core.datasets.union import create_union
    from xray_core.tasks import joined_counts, joining, joining_pairs
    from xray_core.tasks.matching import parse_mapping

    by_hand = parse_mapping(options.map)
    first, second = (open_dataset(member, workspace.cache) for member in options.members)
    if joining.is_thesis_pair(first, second) and not (options.tasks or by_hand):
        members = create_union(options.folder, options.members)
        folders = {name: str(root) for name, root in members.items()}
        text = f"{options.folder} is now the union of {' and '.join(folders.values())}."
        return {"folder": str(options.folder), "members": folders}, text
    pair = joining_pairs.find_pair(first, second, options.tasks, by_hand)
    joining.join_datasets(options.folder, first, second, pair)
    counts = joined_counts.count_joined(first, second, pair)
    known = joined_counts.count_known(first, second, pair)
    warning = joined_counts.warn_of_sources(counts, known)
    losing = joined_counts.count_losing(first, second, pair)
    answer = {
        "folder": str(options.folder),
        "members": dict(zip(counts.columns, (str(first.root), str(second.root)), strict=True)),
        "tasks": [pair.task, pair.match.task],
        "classes": dict(pair.match.classes),
        "left_out": list(pair.match.left_out),
        "task": "union_findings" if pair.match.multilabel else "union_class",
        "counts": counts.to_dict("index"),
        "losing": losing,
        "warning": warning,
    }
    lines = [f"{options.folder} is now the union of {first.root} and {second.root}."]
    lines += [f"  {name} counts as {meant}" for name, meant in pair.match.classes.items()]
    lines += [f"  {name} is left out" for name in (*pair.match.absent, *pair.match.left_out)]
    lines.append(f"Its task is {answer['task']}. Images of each class:")
    lines.append(counts.rename_axis(None).to_string())
    lines += filter(None, [joined_counts.describe_losing(losing), warning])
    return answer, "\n".join(lines)


def count_union(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Count the images of a union's subsets, beside the thesis' counts."""
    from xray_core.datasets import open_dataset
    from xray_core.target_domain import count_target_domain

    catalog = open_dataset(options.folder, workspace.cache)
    table = count_target_domain(catalog, options.seed, options.split)
    answer: list[Any] = json.loads(table.to_json(orient="records"))
    return answer, table.to_string(index=False)
