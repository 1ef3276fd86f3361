"""The hardware that Keras computes on. The one place that talks to a backend by name."""

import os
from contextlib import AbstractContextManager, nullcontext
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
        first = jax.devices()[0]  # where all is computed, however many there are
        names = [] if first.platform == "cpu" else [first.device_kind]
    else:
        names = []
    return ", ".join(names) or f"CPU, {os.cpu_count()} cores"


def choose_compiler(*, on_gpu: bool) -> str | bool:
    """Return what Keras' `compile` takes as `jit_compile`: whether XLA compiles the steps.

    Args:
        on_gpu: whether the steps are computed on a GPU.
    """
    if on_gpu or keras.backend.backend() == "jax":
        return "auto"  # JAX without XLA computes one operation at a time, two to three times slower
    return False  # XLA slows these networks on a CPU (measured: 0.67 to 0.84 of the speed)


def parallel_devices() -> list[str]:
    """Return the GPUs that one training shares, if there are several; TensorFlow only.

    A training sees only the GPUs that it was given, by CUDA_VISIBLE_DEVICES.
    """
    if keras.backend.backend() != "tensorflow":
        return []
    import tensorflow as tf

    gpus = [f"GPU:{number}" for number in range(len(tf.config.list_physical_devices("GPU")))]
    return gpus if len(gpus) > 1 else []


def share_batches(devices: list[str]) -> AbstractContextManager[Any]:
    """Return the context in which a model is built and compiled to train on several devices.

    Each batch is divided among them and the gradients are added up, so the loss is that of one
    device with the same batch; batch normalisation alone sees each device's share by itself.

    Args:
        devices: as `parallel_devices` returns them; empty changes nothing.
    """
    if not devices:
        return nullcontext()
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy(devices)
    scope: AbstractContextManager[Any] = strategy.scope()
    return scope


def read_gpu_use() -> dict[str, Any]:
    """Return the use of the NVIDIA GPU that this process computes on; empty without one.

    Returns:
        gpu_percent and gpu_memory_mb. The memory is that of all its processes, since inside a
        container a process cannot tell its own.
    """
    import pynvml

    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
    try:
        pynvml.nvmlInit()
        if first.startswith("GPU-"):
            handle = pynvml.nvmlDeviceGetHandleByUUID(first)
        else:
            handle = pynvml.nvmlDeviceGetHandleByIndex(int(first) if first.isdigit() else 0)
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        return {
            "gpu_percent": float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu),
            "gpu_memory_mb": memory.used / 2**20,
        }
    except pynvml.NVMLError:
        return {}  # no NVIDIA driver here: nothing to report
