"""Makes a process believe that TensorFlow is not installed: `pytest -p` with this module's name."""

import sys


class NoTensorFlow:
    """Finds nothing, and says of TensorFlow what Python says of a package that is not there."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, NoTensorFlow())  # type: ignore[arg-type]
