"""Makes a process believe that TensorFlow is not installed: `pytest -p` with this module's name."""

import sys

import pytest


class NoTensorFlow:
    """Finds nothing, and says of TensorFlow what Python says of a package that is not there."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Begin before anything else is imported; to import this module alone changes nothing."""
    sys.meta_path.insert(0, NoTensorFlow())  # type: ignore[arg-type]
