"""GPUs are found by the driver alone, and only those that we may use."""

from types import SimpleNamespace

import pynvml
import pytest

from xray_core.jobs.gpus import Gpu, find_gpus, pin_to

THREE = [Gpu(n, f"GPU number {n}", 1024.0, f"GPU-{n}{n}aa") for n in range(3)]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that knows three GPUs."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    answers = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: len(THREE),
        "nvmlDeviceGetHandleByIndex": lambda index: THREE[index],
        "nvmlDeviceGetMemoryInfo": lambda gpu: SimpleNamespace(total=gpu.memory_mb * 2**20),
        "nvmlDeviceGetName": lambda gpu: gpu.name,
        "nvmlDeviceGetUUID": lambda gpu: gpu.uuid,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, answer)


def test_every_gpu_is_found(driver: None) -> None:
    assert find_gpus() == THREE


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("2", [2]),
        ("2,0", [2, 0]),
        (" 1 , 1 ", [1]),
        ("GPU-11aa,GPU-2", [1, 2]),
        ("0,7,1", [0]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
    ],
)
def test_only_those_that_the_environment_leaves_visible(
    visible: str, expected: list[int], driver: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    assert [gpu.index for gpu in find_gpus()] == expected


@pytest.mark.parametrize("fails", ["nvmlInit", "nvmlDeviceGetCount"])
def test_without_a_driver_that_works_there_is_no_gpu(
    fails: str, driver: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, fails, fail)

    assert find_gpus() == []


def test_a_training_is_pinned_by_its_environment() -> None:
    assert pin_to([2, 0]) == {"CUDA_VISIBLE_DEVICES": "2,0", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
