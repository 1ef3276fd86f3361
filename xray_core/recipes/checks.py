"""Checks of single fields of a recipe; each refusal names the field, the value and the choices."""

from collections.abc import Iterable, Mapping
from typing import Any

from xray_core.errors import RecipeError


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raise RecipeError if `value` of the field `name` is none of `choices`."""
    if value not in choices:
        raise RecipeError(f"{name} is {value!r}. Choose one of: {', '.join(choices)}.")


def check_range(name: str, value: float, low: float, high: float, *, below: bool = False) -> None:
    """Raise RecipeError if `value` is outside [`low`, `high`], or [`low`, `high`) if `below`."""
    if not low <= value <= high or (below and value == high):
        raise RecipeError(f"{name} is {value}; choose {low:g} to {'below ' * below}{high:g}.")


def check_several(task: str, combined_labels: bool, calibrate: bool, sampling: str) -> None:
    """Raise RecipeError if a multi-label `task` is asked for what needs one class an image."""
    for name, value, off, why in (
        ("combined_labels", combined_labels, False, "combinations need one class an image"),
        ("calibrate", calibrate, False, "it fits probabilities that sum to 1"),
        ("sampling", sampling, "shuffle", "images are drawn by the one class that each has"),
    ):
        if value != off:
            raise RecipeError(
                f"{name} is {str(value).lower()}, but with task {task!r} an image may have several "
                f"classes at once: {why}. Set {name}={str(off).lower()}"
                + (" and class_weights=balanced." if name == "sampling" else ".")
            )


def check_masks(task: str, settings: Mapping[str, tuple[Any, Any]]) -> None:
    """Raise RecipeError if a `task` that asks for masks meets a setting that is about classes.

    Args:
        task: its name.
        settings: name -> its value, and the one that it must have.
    """
    for name, (value, needed) in settings.items():
        if value != needed:
            raise RecipeError(
                f"{name} is {_spell(value)}, but task {task!r} asks for masks, of which that says "
                f"nothing. Set {name}={_spell(needed)}."
            )


def _spell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
