"""How fast folders are listed, the files of rows matched, and datasets opened.

Run it from the project folder:

    python -m benchmarks.opening
    python -m benchmarks.opening --against CLONE FOLDER …

The first lists 100,000 files and maps a table of 20,000 rows. The second opens each dataset here
and in another clone, in turns, each time in a process of its own, and compares times and counts:
the first opening with an empty cache, then a later one in a new process and in the same.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

N_FILES, N_FOLDERS, N_ROWS, N_ROUNDS = 100_000, 400, 20_000, 3
CHILD = """
import json, sys, time
from pathlib import Path
from xray_core.datasets import open_dataset
start = time.perf_counter()
catalog = open_dataset(Path(sys.argv[1]), Path(sys.argv[2]))
first = time.perf_counter() - start
start = time.perf_counter()
open_dataset(Path(sys.argv[1]), Path(sys.argv[2]))
again = time.perf_counter() - start
images = catalog.images
columns = [c for c in images.columns if c not in ("width", "height")]
counts = {c: int(images[c].notna().sum()) for c in columns}
counts |= {"rows": len(images), "boxes": len(catalog.boxes), "reader": catalog.source}
counts |= {"patients": int(images["patient_id"].nunique())}
counts |= {"findings": images["findings"].value_counts().to_dict()}
counts |= {"subsets": images["published_split"].value_counts().to_dict()}
print(json.dumps({"first": first, "again": again, "counts": counts}))
"""

LISTING = """
import resource, sys, time
from pathlib import Path
from xray_core.datasets.folder.files import sort_files
from xray_core.datasets.inventory import take_inventory
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
files = sort_files(take_inventory(Path(sys.argv[1])))
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(seconds, peak / 1024, len(files.images))
"""


def grow_files(root: Path) -> None:
    """Write `N_FILES` empty images, over folders of patients in two classes."""
    for number in range(N_FILES):
        place = root / ("normal", "covid")[number % 2] / f"patient{number % N_FOLDERS:05}"
        if number < 2 * N_FOLDERS:
            place.mkdir(parents=True, exist_ok=True)
        (place / f"view{number:06}.png").touch()


def measure_inventory(root: Path) -> tuple[float, float, int]:
    """Return s, peak MB of the process above its start, and files, of one inventory."""
    done = subprocess.run(
        [sys.executable, "-c", LISTING, str(root)], capture_output=True, text=True, check=True
    )
    seconds, megabytes, n_files = done.stdout.split()
    return float(seconds), float(megabytes), int(n_files)


def measure_rows(root: Path) -> tuple[float, int]:
    """Return rows per second of a table whose files are all matched, and how many were."""
    from xray_core.datasets.folder.files import sort_files
    from xray_core.datasets.folder.mapping import FolderMapping, MappedTable
    from xray_core.datasets.folder.rows import FolderTables
    from xray_core.datasets.folder.table import preview_mapping
    from xray_core.datasets.inventory import take_inventory

    paths = [f"train/patient{n // 2:05}/study1/view{n % 2 + 1}_frontal.jpg" for n in range(N_ROWS)]
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    rows = [f"Set-v1.0/{path},{n % 5},p{n // 2}" for n, path in enumerate(paths)]
    (root / "train.csv").write_text("\n".join(["Path,label,patient", *rows]), "utf-8")
    table = MappedTable("train.csv", {"path": "Path", "label": "label", "patient": "patient"})
    files = sort_files(take_inventory(root))
    start = perf_counter()
    tables = FolderTables(root, files.images)
    preview = preview_mapping(files, tables, FolderMapping(tables=(table,)))
    return N_ROWS / (perf_counter() - start), preview.rows_with_image


def open_in(clone: Path, folder: Path, home: Path) -> dict[str, object]:
    """Open a dataset with the code of a clone; return times and counts."""
    env = {**os.environ, "PYTHONPATH": str(clone), "XRAY_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(home / "cache")],
        cwd=clone,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def compare(other: Path, folders: list[Path]) -> None:
    """Print the times of both clones for each folder, and whether their counts agree."""
    clones = {"before": other, "now": Path.cwd()}
    print(f"{'dataset':<28}{'step':<14}{'before, s':>10}{'now, s':>10}{'ratio':>8}")
    for folder in folders:
        times: dict[tuple[str, str], list[float]] = {}
        counts: dict[str, object] = {}
        for _ in range(N_ROUNDS):
            for name, clone in clones.items():
                with tempfile.TemporaryDirectory() as home:
                    first = open_in(clone, folder, Path(home))
                    later = open_in(clone, folder, Path(home))
                for step, seconds in (
                    ("first", first["first"]),
                    ("new process", later["first"]),
                    ("again", later["again"]),
                ):
                    times.setdefault((step, name), []).append(float(str(seconds)))
                counts[name] = later["counts"]
        for step in ("first", "new process", "again"):
            before, now = (median(times[step, name]) for name in clones)
            row = f"{folder.name:<28}{step:<14}{before:>10.3f}{now:>10.3f}{now / before:>8.2f}"
            print(row, flush=True)
        print(f"{folder.name:<28}counts equal: {counts['before'] == counts['now']}", flush=True)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description="How fast folders are listed and opened.")
    parser.add_argument("--against", type=Path, metavar="CLONE")
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    if options.against:
        compare(options.against.resolve(), [folder.resolve() for folder in options.folders])
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        grow_files(root / "many")
        seconds, megabytes, n_files = measure_inventory(root / "many")
        print(f"inventory of {n_files:,} files: {seconds:.2f} s, {megabytes:.0f} MB more")
        per_second, n_found = measure_rows(root / "table")
        print(f"table of {N_ROWS:,} rows, {n_found:,} files matched: {per_second:,.0f} rows/s")


if __name__ == "__main__":
    main()
