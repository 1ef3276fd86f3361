"""X-ray Lab's library: chest X-ray datasets in, honest CNN experiments out.

Everything the dashboard does is done here; the same functions serve a notebook and the
command line (`python -m xray_core`). For learning, never for diagnosis.

The names below are imported when they are first used: `import xray_core` itself takes no time.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xray_core.api import (
        RECIPES,
        TASKS,
        Catalog,
        Recipe,
        Run,
        Status,
        Task,
        XrayError,
        change_recipe,
        decode_image,
        evaluate,
        open_dataset,
        read_image,
        train,
        write_synthetic_dataset,
    )

__version__ = "0.1.0"

__all__ = [
    "RECIPES",
    "TASKS",
    "Catalog",
    "Recipe",
    "Run",
    "Status",
    "Task",
    "XrayError",
    "change_recipe",
    "decode_image",
    "evaluate",
    "open_dataset",
    "read_image",
    "train",
    "write_synthetic_dataset",
]

if not TYPE_CHECKING:  # a checker of types would take any name for one that is found here

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from xray_core import api

        return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
