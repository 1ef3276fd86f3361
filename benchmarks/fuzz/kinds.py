"""The kinds of input: how small good files are drawn, changed, and read."""

import functools
import json
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzz import seeds
from benchmarks.fuzz.mutations import (
    NUMBERS,
    TEXTS,
    Mutation,
    mutate_bytes,
    mutate_dicom,
    mutate_json,
    mutate_lines,
    mutate_png,
    mutate_table,
    mutate_text,
    mutate_zip,
)
from benchmarks.fuzz.pages import load_app, open_address
from tests.run_files import READERS
from xray_core.archives.groups import list_archives
from xray_core.archives.unpacking import unpack_archives
from xray_core.datasets import open_dataset
from xray_core.datasets.folder.mapping import MAPPING_FILE
from xray_core.datasets.guess import map_folder
from xray_core.errors import DatasetError, RunError, XrayError
from xray_core.imagefiles.images import read_image, read_size
from xray_core.jobs import JobQueue, queue_view
from xray_core.jobs.rebuild import find_jobs
from xray_core.preprocess.thumbnails import create_thumbnails
from xray_core.runs import Run, list_runs
from xray_core.runs.index import list_running, run_table
from xray_core.tables.sheet import WORKBOOK_SUFFIXES, read_sheet
from xray_core.tables.text import read_table
from xray_core.tables.workbooks import read_workbook
from xray_core.workspace import Workspace

READ, LEFT_OUT = "read", "left out"
BY_SUFFIX: dict[str, tuple[Mutation, ...]] = {
    ".json": (mutate_json, mutate_json, mutate_bytes),
    ".jsonl": (mutate_lines, mutate_lines, mutate_bytes),
    ".png": (mutate_png, mutate_png, mutate_bytes),
    ".dcm": (mutate_dicom, mutate_dicom, mutate_bytes),
    **dict.fromkeys((".csv", ".tsv"), (mutate_table, mutate_table, mutate_bytes)),
    **dict.fromkeys((".zip", ".xlsx", ".xlsm", ".keras"), (mutate_zip, mutate_zip, mutate_bytes)),
    **dict.fromkeys((".xml", ".yaml", ".yml", ".names", ".txt"), (mutate_text, mutate_bytes)),
}
SPLICED = 0.05  # of the inputs: the beginning of one file and the end of another


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        draw: writes the good files into an empty folder.
        read: reads a changed file in a folder of its own: (folder with the good files, its path
            relative to that, its content, an empty folder); returns `READ` or `LEFT_OUT`.
        suffixes: of the files that are changed; all if empty.
        load: what a process does before its first input; see `pool.run_inputs`.
    """

    draw: Callable[[Path], None]
    read: Callable[[Path, str, bytes, Path], str]
    suffixes: tuple[str, ...] = ()
    load: Callable[[], object] = lambda: None


@functools.cache  # they stay as they are while a process reads what is made of them
def list_seeds(suffixes: tuple[str, ...], folder: Path) -> list[str]:
    """Return the paths of the good files with `suffixes`, relative to `folder`; () for all."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and path.stat().st_size
        and not path.name.startswith(".")
        and (not suffixes or path.suffix.lower() in suffixes)
    )


def make_input(name: str, folder: Path, seed: int, index: int) -> tuple[str, bytes]:
    """Return the path of a good file of the kind `name`, and its content changed.

    Args:
        name: of `KINDS`.
        folder: of the good files.
        seed: of a run.
        index: of an input in it; each is made by itself.
    """
    rng = random.Random(f"{name} {seed} {index}")
    names = list_seeds(KINDS[name].suffixes, folder)
    path = rng.choice(names)
    content = (folder / path).read_bytes()
    if name != "pages" and rng.random() < SPLICED:
        other = (folder / rng.choice(names)).read_bytes()
        content = content[: rng.randrange(len(content))] + other[rng.randrange(len(other)) :]
    mutations = OF_KIND.get(name) or BY_SUFFIX.get(Path(path).suffix.lower(), (mutate_bytes,))
    content = rng.choice(mutations)(rng, content)
    if rng.random() < 0.1:
        content = rng.choice(mutations)(rng, content)
    return path, content


def mutate_queue(rng: random.Random, content: bytes) -> bytes:
    """Return a queue in which somebody has written a value that nobody here would."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "queue.db")
        path.write_bytes(content)
        try:
            with closing(sqlite3.connect(path)) as db:
                db.execute("PRAGMA journal_mode = DELETE")
                table = rng.choice(("jobs", "jobs", "jobs", "turns", "last_rank"))
                names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")] or ["rank"]
                value = rng.choice((*NUMBERS, *TEXTS[:16], b"\xff\xfe", None))
                values = value if not isinstance(value, int) or abs(value) < 2**63 else float(value)
                with suppress(sqlite3.Error, UnicodeEncodeError):
                    db.execute(f"UPDATE {table} SET {rng.choice(names)} = ?", (values,))
                if rng.random() < 0.2:
                    db.execute(rng.choice((f"DROP TABLE {table}", f"DELETE FROM {table}",
                                           "PRAGMA user_version = 7")))  # fmt: skip
                db.commit()
        except sqlite3.Error:
            return mutate_bytes(rng, content)
        return path.read_bytes()


def read_image_file(good: Path, name: str, content: bytes, work: Path) -> str:
    """Read an image by all doors; its size, where it can be read, is that of its pixels."""
    path = work / f"input{Path(name).suffix}"
    path.write_bytes(content)
    size = None
    with suppress(XrayError):
        size = read_size(path)
    create_thumbnails([path], 32, work / "thumbnails")
    pixels = read_image(path)
    if pixels.dtype != "uint8" or pixels.ndim != 2 or (size and size != pixels.shape[::-1]):
        raise AssertionError(f"{pixels.dtype} {pixels.shape}, where the header says {size}")
    return READ


def read_table_file(good: Path, name: str, content: bytes, work: Path) -> str:
    """Read a table by all doors, without the images that it names."""
    path = work / f"input{Path(name).suffix}"
    path.write_bytes(content)
    is_workbook = path.suffix.lower() in WORKBOOK_SUFFIXES
    with suppress(XrayError):
        read_workbook(path, ("file name",)) if is_workbook else read_table(path, ("image",))
    sheet = read_sheet(path)
    if sheet.rows.columns.has_duplicates or not len(sheet.rows.columns):
        raise AssertionError(f"its columns are {list(sheet.rows.columns)[:9]}")
    return LEFT_OUT if sheet.notes else READ


def read_dataset(good: Path, name: str, content: bytes, work: Path) -> str:
    """Open a dataset one file of which is changed."""
    top, _, inside = name.partition("/")
    folder = work / top
    shutil.copytree(good / top, folder, copy_function=os.link)
    (folder / inside).unlink()
    (folder / inside).write_bytes(content)
    if inside != MAPPING_FILE and top.startswith("kind"):
        with suppress(XrayError):  # not all folders need one, or can be guessed at
            map_folder(folder)
    catalog = open_dataset(folder, work / "cache")
    if not catalog.images["image_id"].is_unique or catalog.images["image_id"].isna().any():
        raise AssertionError("an id of an image is missing or comes twice")
    return LEFT_OUT if catalog.remarks else READ


def read_archive(good: Path, name: str, content: bytes, work: Path) -> str:
    """Unpack an archive; nothing may be written beside its folder."""
    workspace = Workspace(work / "home")
    workspace.data.mkdir(parents=True)
    (workspace.data / Path(name).name).write_bytes(content)
    try:
        left_out = [unpack_archives(group, workspace).remarks for group in list_archives(workspace)]
    finally:
        beside = {path.name for path in work.iterdir()} - {"home"}
        strays = [path.name for path in workspace.data.iterdir() if path.name.startswith("..")]
        links = [path for path in workspace.data.rglob("*") if path.is_symlink()]
        if beside or strays or links:
            raise AssertionError(f"it left {beside or strays or links}")
    return LEFT_OUT if any(left_out) else READ


def read_run(good: Path, name: str, content: bytes, work: Path) -> str:
    """Read a run one file of which is changed, alone and beside a whole one."""
    workspace = Workspace(work / "home")
    top, _, inside = name.partition("/")
    whole = "20260301-100000-demo_cnn"
    for run in (top, whole):
        shutil.copytree(good / top, workspace.runs / run, copy_function=os.link)
    (workspace.runs / top / inside).unlink()
    (workspace.runs / top / inside).write_bytes(content)
    damaged = Run(workspace.runs / top)
    n_refused = 0
    for read in READERS:
        try:
            read(damaged)
        except RunError:
            n_refused += 1
    table = run_table(workspace).set_index("name")
    if table.loc[whole, "state"] != "done" or len(table) != 2:
        raise AssertionError(f"the whole run suffers: {table['state'].to_dict()}")
    list_running(list_runs(workspace.runs))
    find_jobs(workspace.runs)
    JobQueue(workspace.queue).list_jobs()
    queue_view(workspace)
    return LEFT_OUT if n_refused else READ


def read_queue(good: Path, name: str, content: bytes, work: Path) -> str:
    """Use a queue whose file is changed; what is submitted then must be in it."""
    path = work / "queue.db"
    path.write_bytes(content)
    queue = JobQueue(path)
    before = queue.list_jobs()
    queue.submit("20260401-000000-demo_cnn")
    queue.set_priority("20260401-000000-demo_cnn", 1)
    queue.next_rank()
    queue.claim_next(9)
    if "20260401-000000-demo_cnn" not in {job.run for job in queue.list_jobs()}:
        raise AssertionError("what was submitted is not in the queue")
    return READ if before else LEFT_OUT


def load_keras() -> object:
    """Import what `read_weights` needs, once."""
    from xray_core.models import saved

    return saved


def read_weights(good: Path, name: str, content: bytes, work: Path) -> str:
    """Load a saved network that is changed."""
    from xray_core.models.saved import load_saved_model

    path = work / "input.keras"
    path.write_bytes(content)
    load_saved_model(path)
    return READ


def read_address(good: Path, name: str, content: bytes, work: Path) -> str:
    """Open a page at an address."""
    try:
        asked = json.loads(content)
    except (ValueError, RecursionError):
        raise DatasetError("an address is always text") from None
    return (
        READ
        if open_address(name.partition(".")[0], asked, good.with_name("pages-home"))
        else LEFT_OUT
    )


OF_KIND: dict[str, tuple[Mutation, ...]] = {
    "queue": (mutate_queue, mutate_queue, mutate_bytes),
    "pages": (mutate_json,),  # else it is no address
}
KINDS = {
    "images": Kind(seeds.draw_images, read_image_file),
    "dicom": Kind(seeds.draw_dicom, read_image_file),
    "sheets": Kind(seeds.draw_tables, read_table_file, seeds.TABLES),
    "tables": Kind(seeds.draw_tables, read_dataset, seeds.TABLES),
    "annotations": Kind(seeds.draw_annotations, read_dataset, seeds.ANNOTATIONS),
    "mappings": Kind(seeds.draw_mappings, read_dataset, (".json",)),
    "archives": Kind(seeds.draw_archives, read_archive),
    "runs": Kind(seeds.draw_run, read_run),
    "queue": Kind(seeds.draw_queue, read_queue),
    "weights": Kind(seeds.draw_weights, read_weights, load=load_keras),
    "pages": Kind(seeds.draw_addresses, read_address, load=load_app),
}
