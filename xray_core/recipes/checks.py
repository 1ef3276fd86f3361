"""Checks of single fields of a recipe; each refusal names the field, the value and the choices."""

from collections.abc import Iterable

from xray_core.errors import RecipeError


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raise RecipeError if `value` of the field `name` is none of `choices`."""
    if value not in choices:
        raise RecipeError(f"{name} is {value!r}. Choose one of: {', '.join(choices)}.")


def check_range(name: str, value: float, low: float, high: float, *, below: bool = False) -> None:
    """Raise RecipeError if `value` is outside [`low`, `high`], or [`low`, `high`) if `below`."""
    if not low <= value <= high or (below and value == high):
        raise RecipeError(f"{name} is {value}; choose {low:g} to {'below ' * below}{high:g}.")
