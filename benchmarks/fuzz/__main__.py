"""Broken and hostile inputs at random: each is read, or refused in words, and nothing else.

    python -m benchmarks.fuzz KIND ... [--seed 7] [--n 2000] [--seconds 60]
    python -m benchmarks.fuzz KIND --only 7:123        one of them again, in this process

Small good files are drawn, changed and read in a process with limits of time and memory. A result,
an XrayError and a remark on what was left out are right; whatever else comes out, a crash, a hang
or a gigabyte is a finding, named by its seed and index, from which `--only` makes it again.
"""

import argparse
import faulthandler
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

from benchmarks.fuzz.kinds import KINDS, make_input
from benchmarks.fuzz.pool import FORK, run_inputs

SHOWN = 3  # inputs of each finding


def draw_seeds(name: str, folder: Path) -> Path:
    """Draw the good files of a kind, in another process, whose threads do not stay here."""
    good = folder / name
    good.mkdir(parents=True)
    process = FORK.Process(target=KINDS[name].draw, args=(good,))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"The good files of the kind {name} cannot be drawn.")
    return good


def feed_input(name: str, good: Path, seed: int, index: int) -> str:
    """Make one input, read it in a folder of its own, and return what came of it."""
    path, content = make_input(name, good, seed, index)
    work = Path(tempfile.mkdtemp(dir=good.parent))
    os.environ["XRAY_HOME"] = str(work / "home")
    try:
        return KINDS[name].read(good, path, content, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def fuzz(
    name: str, folder: Path, seed: int, n: int, seconds: float | None = None
) -> tuple[Counter[str], dict[str, list[int]]]:
    """Read `n` changed inputs of a kind.

    Args:
        name: of `KINDS`.
        folder: empty; all is written there.
        seed: of all that is random.
        n: inputs.
        seconds: after which no further one is begun; None for no end.

    Returns:
        Outcome -> inputs, and finding -> the indices of its inputs.
    """
    good = draw_seeds(name, folder)
    counts: Counter[str] = Counter()
    findings: dict[str, list[int]] = {}
    feed = partial(feed_input, name, good, seed)
    for outcome in run_inputs(feed, range(n), seconds, KINDS[name].load):
        counts[outcome.kind if not outcome.is_finding else "finding"] += 1
        if outcome.is_finding:
            findings.setdefault(f"{outcome.kind} at {outcome.place}", []).append(outcome.index)
    return counts, findings


def _repeat(name: str, only: str) -> None:
    """Write one input to a file and read it here, to be looked at with a debugger."""
    seed, index = map(int, only.split(":"))
    with tempfile.TemporaryDirectory() as folder:
        good = draw_seeds(name, Path(folder))
        path, content = make_input(name, good, seed, index)
        kept = Path(f"fuzz-{name}-{seed}-{index}{Path(path).suffix}")
        kept.write_bytes(content)
        print(f"{path} changed: {kept}, {len(content):,} bytes", flush=True)
        faulthandler.dump_traceback_later(15, exit=True)
        print(feed_input(name, good, seed, index))


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="+", choices=KINDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--seconds", type=float, help="for each kind")
    parser.add_argument("--only", metavar="SEED:INDEX")
    options = parser.parse_args()
    if options.only:
        _repeat(options.kinds[0], options.only)
        return
    print("| kind | seed | inputs | read | left out | refused | findings | s |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    any_finding = False
    for name in options.kinds:
        with tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            counts, findings = fuzz(name, Path(folder), options.seed, options.n, options.seconds)
            seconds = time.monotonic() - begun
        others = (counts["read"], counts["left out"], counts["finding"])
        cells = (*others[:2], sum(counts.values()) - sum(others), others[2])
        shown = " | ".join(f"{n:,}" for n in (sum(counts.values()), *cells))
        print(f"| {name} | {options.seed} | {shown} | {seconds:.0f} |", flush=True)
        for place, indices in sorted(findings.items(), key=lambda item: -len(item[1])):
            again = ", ".join(f"{options.seed}:{index}" for index in indices[:SHOWN])
            print(f"    {len(indices):,} x {place}  ({again})", file=sys.stderr, flush=True)
        any_finding |= bool(findings)
    sys.exit(any_finding)


if __name__ == "__main__":
    main()
