"""The hardware that Keras computes on. The one place that talks to a backend by name."""

import os
from typing import Any

import keras


def prepare_device() -> str:
    """Let GPU memory grow with need, where there is a GPU; return the device in words."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
        names = [tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in gpus]
    elif keras.backend.backend() == "jax":
        import jax

        # JAX takes memory as it needs it once this is set, which must be before its first use.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        names = [d.device_kind for d in jax.devices() if d.platform == "gpu"]
    else:
        names = []
    return ", ".join(names) or f"CPU, {os.cpu_count()} cores"


def read_gpu_use() -> dict[str, Any]:
    """Return `gpu_percent` and `gpu_memory_mb` of the first NVIDIA GPU; empty without one."""
    import pynvml

    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(0)
        return {
            "gpu_percent": float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu),
            "gpu_memory_mb": pynvml.nvmlDeviceGetMemoryInfo(handle).used / 2**20,
        }
    except pynvml.NVMLError:
        return {}  # no NVIDIA driver here: nothing to report
