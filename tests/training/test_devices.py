"""Several devices for one training: the same loss as one device with the same batch."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import pytest

from xray_core import training
from xray_core.errors import RunError
from xray_core.training.devices import choose_compiler, parallel_devices, prepare_device

# Logical devices can only be made before TensorFlow first computes: hence a process of its own.
SCRIPT = """
import json, sys
import numpy as np
import keras
import tensorflow as tf
from xray_core.models import build_model
from xray_core.training.devices import share_batches

cpu = tf.config.list_physical_devices("CPU")[0]
share = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [share, share])
rng = np.random.default_rng(0)
images = rng.uniform(0, 255, (48, 32, 32, 1)).astype("float32")
targets = np.eye(2, dtype="float32")[rng.integers(0, 2, 48)]
weights = rng.uniform(0.5, 2, 48).astype("float32")
answer = {}
for devices in ([], ["CPU:0", "CPU:1"]):
    keras.utils.set_random_seed(0)
    with share_batches(devices):
        model = build_model("cnn9", 2, 32)
        for layer in model.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0  # each device draws its own
        model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        fitted = model.fit(
            images, targets, 16, epochs=2, sample_weight=weights, shuffle=False, verbose=0
        )
        answer[replicas] = fitted.history["loss"]
print(json.dumps(answer))
"""


@pytest.mark.parametrize(
    ("platforms", "device"),
    [
        (["cpu"], f"CPU, {os.cpu_count()} cores"),
        (["gpu", "gpu"], "gpu number 0"),  # it computes on the first, and on that alone
    ],
)
def test_with_jax_the_device_is_the_one_that_jax_computes_on(
    platforms: list[str], device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        SimpleNamespace(platform=platform, device_kind=f"{platform} number {number}")
        for number, platform in enumerate(platforms)
    ]
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(devices=lambda: found))
    monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "")  # restored after the test
    monkeypatch.delenv("XLA_PYTHON_CLIENT_PREALLOCATE")

    assert prepare_device() == device
    assert os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert parallel_devices() == []
    assert choose_compiler(on_gpu=platforms != ["cpu"]) == "auto"


@pytest.mark.parametrize(("on_gpu", "compiler"), [(False, False), (True, "auto")])
def test_with_tensorflow_xla_is_for_gpus(
    on_gpu: bool, compiler: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")

    assert choose_compiler(on_gpu=on_gpu) == compiler


def test_a_backend_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "no_such_backend")

    with pytest.raises(RunError, match=r"'no_such_backend', but no package .*requirements-jax"):
        training._check_backend()


def test_two_devices_have_the_loss_of_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    losses = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(losses) == {"1", "2"}
    assert losses["2"] == pytest.approx(losses["1"], rel=1e-4)
    assert losses["1"][0] != losses["1"][1]
