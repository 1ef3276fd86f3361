"""Commands that bring data into the workspace: unpack, download."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xray_core.cli.answer import Answer, save_answer, say_error
from xray_core.errors import DatasetError
from xray_core.workspace import Workspace


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
    """Download a dataset from Kaggle, or archives of it from its authors."""
    if options.archives is not None:
        return _download_archives(options, workspace)
    from xray_core.downloads.kaggle import download_dataset

    answer = _describe_folder(download_dataset(options.dataset, workspace))
    save_answer(answer, options.save)
    return answer, f"{answer['folder']} is a dataset now ({answer['dataset']})."


def _download_archives(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Download archives of a dataset from its authors, and unpack them."""
    from xray_core.archives.groups import find_group, list_unpacked
    from xray_core.archives.unpacking import unpack_archives
    from xray_core.downloads.authors import choose_archives, fetch_archives
    from xray_core.downloads.kaggle import find_reader
    from xray_core.files import format_bytes
    from xray_core.jobs.background import note_progress

    chosen = choose_archives(find_reader(options.dataset), options.archives)
    there = list_unpacked(workspace, [file.name for file in chosen])
    archives = [file for file in chosen if file.name not in there]
    if not archives:
        raise DatasetError(
            f"All of that is unpacked already: {', '.join(there)}. To have it again, delete or "
            f"rename the folder in {workspace.data}."
        )
    report = note_progress(options.save) if options.save else _show_bytes()
    fetched = fetch_archives(options.dataset, workspace, archives, report)
    unpacked = unpack_archives(find_group(workspace, archives[0].name), workspace)
    answer = _describe_folder(unpacked.folder) | unpacked.as_json()
    answer["left_out"] = [*fetched.notes, *answer["left_out"]]
    save_answer(answer, options.save)
    size = format_bytes(sum(file.n_bytes for file in archives))
    return answer, f"{_folder_text(answer)}\nDelete it when you like: {size}."


def _show_bytes() -> Callable[[int, int], None] | None:
    """Return a function that shows bytes on one line of a terminal; None where nobody watches."""
    from xray_core.files import format_bytes

    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        words = f"{format_bytes(done)} of {format_bytes(total)}"
        print(f"\r{words:30}", end="\n" * (done == total), file=sys.stderr, flush=True)

    return show


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
