"""What the tests let children do."""

import ctypes
import importlib
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from xray_core.errors import RunError


def give_back(*values: Any) -> Any:
    return values


def square_and_pid(number: int) -> tuple[int, int]:
    return number**2, os.getpid()


def refuse(text: str) -> None:
    raise RunError(text)


def fail(number: int) -> float:
    return 1 / number


def look_around() -> list[str | None]:
    return [str(Path.cwd()), os.environ.get("XRAY_DATA_ROOTS")]


def import_late(name: str) -> str:
    return str(importlib.import_module(name).__file__)


def touch(path: str) -> None:
    Path(path).touch()
    time.sleep(0.001)


def misbehave(name: str) -> str:
    match name:
        case "loop":
            while True:
                pass
        case "memory":
            bytes(2_000_000_000)
        case "array":
            np.ones(400_000_000)
        case "crash":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(30)
    return name
