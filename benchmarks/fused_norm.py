"""How fast a network with batch normalisation trains on a CPU: Keras' layers against the kernel.

    python benchmarks/fused_norm.py

One step is a batch of 32 noise images of 224 px through MobileNetV2 0.35; both sides take turns,
and each keeps its median round.
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from xray_core.models import build_model
from xray_core.training.fused_norm import fuse_batch_norm

BATCH, SIZE, ROUNDS, STEPS = 32, 224, 5, 4


def build(fused: bool) -> Any:
    """Return a compiled MobileNetV2 0.35 with random weights."""
    keras.utils.set_random_seed(0)
    model = build_model("mobilenet_v2", 2, SIZE, "random", alpha=0.35, dropout=0.0)
    if fused:
        fuse_batch_norm(model)
    model.compile("adam", "categorical_crossentropy", jit_compile=False)
    return model


def main() -> None:
    """Print images per second of both sides and their ratio."""
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (BATCH, SIZE, SIZE, 1)).astype("float32")
    targets = np.eye(2, dtype="float32")[rng.integers(0, 2, BATCH)]
    models = {"Keras' layers": build(False), "fused kernel (ours)": build(True)}
    speeds: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(ROUNDS + 1):
        for name, model in models.items():
            began = time.perf_counter()
            for _ in range(STEPS):
                model.train_on_batch(images, targets)
            if turn:  # the first builds the graph
                speeds[name].append(BATCH * STEPS / (time.perf_counter() - began))
    print("| batch normalisation | images/s, median (least to most) |\n|---|---|")
    for name, rates in speeds.items():
        print(f"| {name} | {statistics.median(rates):.1f} ({min(rates):.1f} to {max(rates):.1f}) |")
    plain, fused = speeds.values()
    print(f"\nratio {statistics.median(fused) / statistics.median(plain):.2f}")


if __name__ == "__main__":
    main()
