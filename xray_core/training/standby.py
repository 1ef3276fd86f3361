"""A standby process: it has imported Keras already and waits for a training to be handed to it.

Importing TensorFlow or JAX takes seconds, and tracing its first step some more; here both happen
while nobody waits. One line of JSON on standard input says what to train; an end of the input
instead (the worker ended or was killed) ends the standby process as well.
"""

import json
import os
import sys
from pathlib import Path

import keras
import numpy as np

from xray_core.jobs.gpus import find_gpus
from xray_core.models import build_model
from xray_core.runs import Run
from xray_core.training.devices import choose_compiler, prepare_device
from xray_core.training.runner import train_run
from xray_core.workspace import Workspace

READY = "ready"  # the one line written to the standard output, once it may be handed a run


def wait_and_train() -> str:
    """Import everything, wait for an order, train; return the state of the run, "" if none came.

    The order is {"run": folder, "home": folder, "log": file, "environment": {…}}.
    """
    if not find_gpus():  # a step would bind this process to one before it is told which
        _rehearse()
    print(READY, flush=True)
    line = sys.stdin.readline()
    if not line:
        return ""
    order = json.loads(line)
    # From here on it is like any training: its log is its own, and the worker may end.
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    os.environ.update(order["environment"])
    run = Run(Path(order["run"]))
    print(f"run folder: {run.folder}", file=sys.stderr, flush=True)
    return train_run(run, Workspace(Path(order["home"])))


def _rehearse() -> None:
    """Train and predict a small network on noise, which loads what Keras loads only then."""
    prepare_device()
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (32, 32, 32, 1)).astype("float32")
    targets = np.eye(2, dtype="float32")[np.arange(32) % 2]
    model = build_model("demo_cnn", 2, 32)
    compiler = choose_compiler(on_gpu=False)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=compiler)
    model.fit(images, targets, 16, verbose=0)
    model.predict(images, verbose=0)
    keras.backend.clear_session()
