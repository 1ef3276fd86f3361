"""How fast a processor trains with glibc's allocator as it is, and as our trainings set it.

    python benchmarks/allocator.py                 # all of it, about an hour on two idle cores
    python benchmarks/allocator.py --rounds 2 --steps 6 --only demo_cnn pneumonia_cnn

A process trains the network of a recipe from random weights with Keras' `fit` on noise images,
augmented and in batches as the recipe says; the first steps, in which graph and heap grow, are left
out. Both sides take turns, each time in a fresh process, for the allocator reads its variables when
a process starts; in every second round the other side goes first. All of it is done with each of
TensorFlow's two sets of kernels: oneDNN's, its own choice on processors with VNNI, BF16 or AMX,
which keep a pool of memory, and Eigen's, its choice on all others, which do not. Processor time is
that of all threads; it suffers less than images/s where others use the machine. Linux with glibc
only.
"""

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.machine import ALLOCATOR, allocator_variables
from xray_core.recipes import find_recipe

# Recipe → steps in a process, so that each takes 10 to 30 s on two idle cores.
STEPS = {
    "demo_cnn": 400,
    "pneumonia_cnn": 40,
    "corona_vgg_mini": 10,
    "siim_6_1_cnn9": 10,
    "siim_mobilenet_opacity": 16,
    "tang2020_densenet121_scratch": 8,
}
LEFT_OUT = 3  # steps at the beginning
KERNELS = {"oneDNN": "1", "Eigen": "0"}  # TF_ENABLE_ONEDNN_OPTS
SIDES = ("glibc's own", "ours")
SHOWN = {  # key → title, digits
    "speed": ("images/s", 1),
    "work": ("processor time, ms an image", 1),
    "faults": ("page faults an image", 0),
    "memory": ("peak memory, MB", 0),
}


def measure(name: str, steps: int) -> dict[str, Any]:
    """Train `steps` steps of a recipe's network in this process; return what they took."""
    import resource  # not on Windows

    import keras

    from xray_core.models import build_model
    from xray_core.training.devices import choose_compiler
    from xray_core.training.fused_norm import fuse_batch_norm
    from xray_core.training.inputs import TrainingBatches
    from xray_core.training.optimizers import build_optimizer

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        """Notes after each step: the time, processor time (both s), page faults; all so far."""

        def __init__(self) -> None:
            super().__init__()
            self.notes: list[tuple[float, float, int]] = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            used = resource.getrusage(resource.RUSAGE_SELF)
            work = used.ru_utime + used.ru_stime
            self.notes.append((time.perf_counter(), work, used.ru_minflt))

    keras.utils.set_random_seed(0)
    recipe = find_recipe(name)
    size, batch = recipe.preprocess.size, recipe.batch_size
    n_classes, n_images = max(2, len(recipe.class_names)), batch * steps
    rng = np.random.default_rng(0)
    n_drawn = min(n_images, 256)
    pixels = rng.integers(0, 256, (n_drawn, size, size), dtype=np.uint8)
    training = TrainingBatches(
        SimpleNamespace(pixels=pixels),  # all that it reads of an image cache
        rng.integers(0, n_drawn, n_images),
        np.eye(n_classes, dtype=np.float32)[np.arange(n_images) % n_classes],
        np.ones(n_classes, np.float32),
        batch,
        recipe.augment,
        seed=0,
    )
    model = build_model(recipe.model, n_classes, size, "random", **recipe.model_options)
    fuse_batch_norm(model)
    model.compile(
        optimizer=build_optimizer(recipe.phases[-1], training.n_batches),
        loss="categorical_crossentropy",
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
        jit_compile=choose_compiler(on_gpu=False),
    )
    model.optimizer.build(model.trainable_variables)
    clock = Clock()
    model.fit(training, shuffle=False, verbose=0, callbacks=[clock])
    began, ended = clock.notes[LEFT_OUT - 1], clock.notes[-1]
    seconds, work, faults = (last - first for first, last in zip(began, ended, strict=True))
    n_timed = (steps - LEFT_OUT) * batch
    weights = b"".join(np.ascontiguousarray(weight).tobytes() for weight in model.get_weights())
    return {
        "speed": n_timed / seconds,
        "work": 1000 * work / n_timed,
        "faults": faults / n_timed,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "weights": hashlib.sha256(weights).hexdigest()[:12],
        "about": f"{recipe.model}, {size} px, batch {batch}",
    }


def measure_apart(name: str, steps: int, kernels: str, side: str) -> dict[str, Any]:
    """Return what `measure` finds in a fresh process."""
    inherited = {key: value for key, value in os.environ.items() if key not in ALLOCATOR}
    printed = subprocess.run(
        [sys.executable, __file__, "--measure", name, "--steps", str(steps)],
        env={
            **inherited,
            **(allocator_variables({}) if side == "ours" else {}),
            "TF_ENABLE_ONEDNN_OPTS": KERNELS[kernels],
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return figures


def row_of(name: str, kernels: str, measured: dict[str, list[dict[str, Any]]]) -> str:
    """Return the row of the table that compares what was found on both sides."""
    own, ours = (measured[side] for side in SIDES)
    cells = [f"{name}: {own[0]['about']}", kernels]
    for key, (_, digits) in SHOWN.items():
        halves = [statistics.median(run[key] for run in side) for side in (own, ours)]
        cells.append(" → ".join(f"{half:,.{digits}f}" for half in halves))
    for key, faster in (("speed", 1), ("work", -1)):
        ratios = [(b[key] / a[key]) ** faster for a, b in zip(own, ours, strict=True)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        cells.append(f"{statistics.median(ratios):.2f} ({spread})")
    n_weights = len({run["weights"] for run in own + ours})
    cells.append("the same" if n_weights == 1 else f"{n_weights} different")
    return f"| {' | '.join(cells)} |"


def name_processor() -> str:
    """Return the number of cores and the processor's name, as the system tells it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    about = {
        key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)
    }
    keys = ("model name", "cpu family", "model")
    names = ", ".join(f"{key} {about[key]}" for key in keys if key in about)
    return f"{os.cpu_count()} cores; {names or platform.processor()}"


def main() -> None:
    """Print the table, or measure one side of one row."""
    parser = argparse.ArgumentParser(description="Train with and without the allocator set.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, help="in each process, instead of the usual number")
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS), metavar="RECIPE")
    parser.add_argument("--kernels", nargs="+", choices=KERNELS, default=list(KERNELS))
    parser.add_argument("--measure", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps is not None and options.steps <= LEFT_OUT:
        parser.error(f"--steps must be above {LEFT_OUT}: so many are left out.")
    if options.measure:
        print(json.dumps(measure(options.measure, options.steps or STEPS[options.measure])))
        return
    if not allocator_variables({}):
        sys.exit("Nothing to compare: the allocator is set on Linux with glibc only.")
    rows = [(name, kernels) for name in options.only for kernels in options.kernels]
    measured: dict[Any, dict[str, list[dict[str, Any]]]] = {
        row: {side: [] for side in SIDES} for row in rows
    }
    loads = []
    for turn in range(options.rounds):
        for name, kernels in rows:
            for side in SIDES if turn % 2 == 0 else SIDES[::-1]:
                run = measure_apart(name, options.steps or STEPS[name], kernels, side)
                measured[name, kernels][side].append(run)
                loads.append(os.getloadavg()[0])
                print(json.dumps([name, kernels, side, run]), file=sys.stderr, flush=True)
    titles = ["recipe", "kernels", *(title for title, _ in SHOWN.values())]
    titles += ["times the images/s (spread)", "times the work per processor time", "final weights"]
    print(
        f"{name_processor()}; {' '.join(platform.libc_ver())}; {options.rounds} rounds; load "
        f"average {statistics.median(loads):.1f} ({min(loads):.1f} to {max(loads):.1f})\n"
    )
    print(f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|")
    print("\n".join(row_of(*row, measured[row]) for row in rows))


if __name__ == "__main__":
    main()
