"""Several devices for one training: the same loss as one device with the same batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
