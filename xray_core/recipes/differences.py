"""In which settings several recipes differ, and how many they have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xray_core.recipes.changes import changeable_fields
from xray_core.recipes.schema import Recipe
from xray_core.recipes.titles import field_title, value_title

ABSENT = "–"  # of a setting that a recipe does not have


@dataclass(frozen=True)
class SettingRow:
    """One setting in which recipes differ.

    Attributes:
        field: its dotted name.
        title: for a person.
        values: of each recipe, for a person; `ABSENT` where it has no such setting.
    """

    field: str
    title: str
    values: tuple[str, ...]


def compare_settings(recipes: Sequence[Recipe | None]) -> tuple[list[SettingRow], int]:
    """Return the settings in which recipes differ, and how many are the same in all of them.

    Args:
        recipes: the network and the image size stand first, then what follows in a recipe. None
            where nothing was trained here, so that there are no settings to speak of: such a one
            differs in nothing and has nothing in common with the others.
    """
    every = [changeable_fields(recipe) if recipe else {} for recipe in recipes]
    settings = [setting for setting in every if setting]
    if not settings:
        return [], 0
    fields = dict.fromkeys(field for setting in settings for field in setting)
    differing = [
        field
        for field in fields
        if any(setting.get(field) != settings[0].get(field) for setting in settings)
    ]
    differing.sort(key=lambda field: FIRST.index(field) if field in FIRST else len(FIRST))
    rows = [
        SettingRow(field, field_title(field), tuple(_show(setting, field) for setting in every))
        for field in differing
    ]
    return rows, len(fields) - len(rows) if len(settings) > 1 else 0


FIRST = ("model", "preprocess.size", "weights")


def _show(setting: dict[str, Any], field: str) -> str:
    if field not in setting:
        return ABSENT
    value = setting[field]
    return "default" if value is None else value_title(field, value) or "none"
