"""How many small faults in the core the tests of its own room notice.

    pip install -r requirements-mutants.txt
    python benchmarks/mutants.py [--mutants 300] [--seed 0] [--only FILE.json] [--out FILE.json]

Cosmic Ray proposes the faults (another operator, number, condition, branch …). Some of their places
are drawn with the seed and one fault for each; faults in annotations and docstrings change nothing
and are left out. Each is written into a copy of the project, in which the tests of `ROOMS` run
until one fails. A test that runs five times as long as without faults counts as failing.
"""

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

PROJECT = Path(__file__).resolve().parents[1]
# What is changed, as patterns of files, and the tests that ought to notice.
ROOMS = {
    "xray_core/evaluation/**/*.py": ["tests/evaluation"],
    "xray_core/splits/*.py": ["tests/test_splits.py"],
    "xray_core/tasks/*.py": ["tests/test_tasks.py"],
    "xray_core/preprocess/augment.py": ["tests/preprocess/test_augment.py"],
    "xray_core/training/inputs.py": ["tests/training/test_inputs.py"],
}
WORKERS, PATIENCE, GRACE = 2, 5.0, 20.0  # processes at once; times the usual; seconds on top


@dataclass(frozen=True)
class Mutant:
    """One fault: `line` from 1, `diff` is what was changed, `outcome` what the tests said."""

    path: str
    line: int
    operator: str
    occurrence: int
    diff: str = ""
    outcome: str = ""


def propose(path: str, rng: random.Random) -> list[Mutant]:
    """Return one fault for each place of a file where there can be one."""
    code = (PROJECT / path).read_text(encoding="utf-8")
    tree, places = get_ast(code), defaultdict(list)
    for name in sorted(cosmic_ray.plugins.operator_names()):
        kind = cosmic_ray.plugins.get_operator(name)
        if kind.arguments():
            continue
        operator = kind()
        starts = (at for node in ast_nodes(tree) for at in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(starts):
            places[start].append(Mutant(path, start[0], name, occurrence))
    return [rng.choice(places[start]) for start in sorted(places)]


def apply(mutant: Mutant) -> str | None:
    """Return the file with the fault; None where it means the same as before."""
    code = (PROJECT / mutant.path).read_text(encoding="utf-8")
    changed = mutate_code(
        code, cosmic_ray.plugins.get_operator(mutant.operator)(), mutant.occurrence
    )
    try:
        same = changed is None or _meaning(changed) == _meaning(code)
    except SyntaxError:
        return None
    return None if same else changed


def _meaning(code: str) -> str:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            del body[0]  # a docstring
    return ast.dump(tree)


def run_tests(copy: Path, tests: list[str], limit: float) -> str:
    """Return "killed", "survived" or "killed by time"."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = subprocess.Popen(
        command,
        cwd=copy,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return "survived" if process.wait(timeout=limit) == 0 else "killed"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return "killed by time"


def main() -> None:
    """Draw the faults, try each, and print the table and the survivors."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--mutants", type=int, default=300)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument(
        "--only", type=Path, help="try the faults of this file that survived again"
    )
    options.add_argument("--out", type=Path, default=Path("mutants.json"))
    asked = options.parse_args()
    rng = random.Random(asked.seed)
    paths = {
        str(path.relative_to(PROJECT)): tests
        for pattern, tests in ROOMS.items()
        for path in sorted(PROJECT.glob(pattern))
    }
    if asked.only:
        before = [Mutant(**record) for record in json.loads(asked.only.read_text("utf-8"))]
        drawn = [mutant for mutant in before if mutant.outcome == "survived"]
    else:
        every = [mutant for path in paths for mutant in propose(path, rng) if apply(mutant)]
        drawn = rng.sample(every, min(asked.mutants, len(every)))
        print(f"{len(every)} places, {len(drawn)} drawn with seed {asked.seed}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        files = subprocess.check_output(["git", "ls-files"], cwd=PROJECT, text=True).splitlines()
        for number in range(WORKERS):
            copy = Path(folder) / str(number)
            for name in files:
                if name.endswith((".py", ".toml", ".js", ".css")):
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(PROJECT / name, copy / name)
            copies.put(copy)

        usual: dict[str, float] = {}
        for tests in ROOMS.values():
            began, copy = time.monotonic(), copies.get()
            assert run_tests(copy, tests, 600) == "survived", f"{tests} fail without any fault"
            usual[tests[0]] = time.monotonic() - began
            copies.put(copy)

        def attempt(mutant: Mutant) -> Mutant:
            copy, tests, changed = copies.get(), paths[mutant.path], apply(mutant)
            assert changed
            place, code = copy / mutant.path, (PROJECT / mutant.path).read_text("utf-8")
            lines = difflib.unified_diff(code.split("\n"), changed.split("\n"), n=0, lineterm="")
            diff = "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
            try:
                place.write_text(changed, encoding="utf-8")
                outcome = run_tests(copy, tests, PATIENCE * usual[tests[0]] + GRACE)
            finally:
                place.write_text(code, encoding="utf-8")
                copies.put(copy)
            done = Mutant(**(asdict(mutant) | {"diff": diff, "outcome": outcome}))
            if outcome == "survived":
                print(
                    f"survived: {mutant.path}:{mutant.line} {mutant.operator}\n{diff}", flush=True
                )
            return done

        with ThreadPoolExecutor(WORKERS) as pool:
            results = list(pool.map(attempt, drawn))
    asked.out.write_text(
        json.dumps([asdict(mutant) for mutant in results], indent=1), encoding="utf-8"
    )

    print("\n| files | faults | noticed | share |\n|---|---|---|---|")
    for pattern in [*ROOMS, None]:
        inside = (
            {str(p.relative_to(PROJECT)) for p in PROJECT.glob(pattern)} if pattern else set(paths)
        )
        these = [mutant for mutant in results if mutant.path in inside]
        noticed = sum(mutant.outcome != "survived" for mutant in these)
        if these:
            print(f"| {pattern or 'all'} | {len(these)} | {noticed} | {noticed / len(these):.0%} |")


if __name__ == "__main__":
    main()
