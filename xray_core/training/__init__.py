"""Training: recipe in, run folder out. Only `models`, `training` and `explain` import Keras."""

import os
from importlib.util import find_spec

from xray_core.errors import RunError


def _check_backend() -> None:
    """Raise RunError where the backend that Keras is told to use is not there.

    Keras' own words would be those of a failed import.
    """
    backend = os.environ.get("KERAS_BACKEND")
    if backend and find_spec(backend) is None:
        raise RunError(
            f"KERAS_BACKEND is {backend!r}, but no package {backend} is installed. Unset it to "
            "train on TensorFlow. For jax: pip install -r requirements-jax.txt"
        )


_check_backend()
