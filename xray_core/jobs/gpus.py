"""The NVIDIA GPUs of this machine, found without TensorFlow, which would take hold of them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import pynvml


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        index: as nvidia-smi counts, in the order of the PCI bus.
        name: its model.
        memory_mb: in all.
        uuid: "GPU-…", by which CUDA_VISIBLE_DEVICES may name it as well.
    """

    index: int
    name: str
    memory_mb: float
    uuid: str = ""


def find_gpus() -> list[Gpu]:
    """Return the GPUs that trainings may use; empty without any, or without a driver.

    Where CUDA_VISIBLE_DEVICES is set, only those that it names.
    """
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []  # no driver, so no GPU that could be used
    try:
        gpus = [_describe(index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []  # a driver that fails: CUDA would find none either
    finally:
        pynvml.nvmlShutdown()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return gpus if visible is None else _only(gpus, visible)


def pin_to(gpus: Sequence[int]) -> dict[str, str]:
    """Return the environment in which a training sees these GPUs and no other."""
    return {
        "CUDA_VISIBLE_DEVICES": ",".join(map(str, gpus)),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # CUDA by itself counts the fastest first
    }


def _describe(index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle).total / 2**20
    name, uuid = pynvml.nvmlDeviceGetName(handle), pynvml.nvmlDeviceGetUUID(handle)
    return Gpu(index, name, memory, uuid)


def _only(gpus: list[Gpu], visible: str) -> list[Gpu]:
    """Return those that `visible` names; as CUDA does, stop at the first that does not exist."""
    chosen: list[Gpu] = []
    for word in visible.split(","):
        word = word.strip()
        named = [
            gpu
            for gpu in gpus
            if word == str(gpu.index) or (word.startswith("GPU-") and gpu.uuid.startswith(word))
        ]
        if not named:
            break
        chosen += [gpu for gpu in named if gpu not in chosen]
    return chosen
