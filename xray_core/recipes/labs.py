"""One recipe as several, to see what a network is right from, or what a leak is worth.

The shortcut lab shows the network less of each image, or asks it for something else; the leak lab
divides the images by image and by patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from xray_core.errors import RecipeError
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.recipes.changes import change_recipe
from xray_core.recipes.schema import Recipe
from xray_core.tasks import GUESSES, PROPERTIES

WHOLE, BORDER, WITHOUT_LUNGS = "whole", "border", "without_lungs"
BY_IMAGE, BY_PATIENT = "image", "patient"
PATIENT_METHODS = (BY_PATIENT, "clean")  # ways of splitting that keep patients together


@dataclass(frozen=True)
class Member:
    """One training of the shortcut lab.

    Attributes:
        key: its name in files and commands.
        title: what the network sees or is asked, in words.
        changes: of the recipe.
        column: of the catalog, that it guesses; "" where it answers the recipe's own question.
    """

    key: str
    title: str
    changes: Mapping[str, Any]
    column: str = ""


MEMBERS = {
    WHOLE: Member(WHOLE, "Whole images", {}),
    WITHOUT_LUNGS: Member(
        WITHOUT_LUNGS, "Lungs masked out", {"preprocess.region": "without_lungs"}
    ),
    BORDER: Member(BORDER, "Border only", {"preprocess.region": "border"}),
    **{
        name: Member(
            name,
            f"Guess the {PROPERTIES[task.column]}",
            {"task": name, "combined_labels": False},
            task.column,
        )
        for name, task in GUESSES.items()
    },
}


def member_recipe(recipe: Recipe, key: str) -> Recipe:
    """Return the recipe of one member of the shortcut lab.

    Args:
        recipe: any; what it shows of an image does not count.
        key: in `MEMBERS`.

    Raises:
        RecipeError: it cannot be made of this recipe; the message says why.
    """
    member, free = MEMBERS[key], unbind(recipe)
    plain = PreprocessSpec()
    whole = {"preprocess.region": plain.region, "preprocess.border": plain.border}
    if member.column and recipe.tabular:
        raise RecipeError(
            "Its network is given columns beside the image, and would read the answer there."
        )
    if member.column and recipe.split.method == "site" and member.column == "site":
        raise RecipeError("One site is tested apart, so that none of its images can train.")
    return change_recipe(free, whole | dict(member.changes))


def leak_recipe(recipe: Recipe, method: str, number: int) -> Recipe:
    """Return a recipe for the leak lab: divided by image or by patient, from seeds of its own.

    Each pair has a split of its own, too, so that the interval over pairs allows for who is tested.

    Args:
        recipe: any that divides the images itself.
        method: `BY_IMAGE`, or `BY_PATIENT`: a recipe that keeps copies together, too, goes on so.
        number: of the pair, from 0, which has the recipe's own seeds; the next have higher ones.

    Raises:
        RecipeError: the recipe is refused.
    """
    by_image = method == BY_IMAGE
    own = recipe.split.method if recipe.split.method in PATIENT_METHODS else BY_PATIENT
    changes = {
        "split.method": BY_IMAGE if by_image else own,
        "split.allow_leaks": by_image,
        "split.folds": 0,
        "split.fold": 1,
        "seed": recipe.seed + number,
        "split.seed": recipe.split.seed + number,
    }
    return change_recipe(unbind(recipe), changes)


def unbind(recipe: Recipe) -> Recipe:
    """Return a recipe without the folder and the classes of the dataset that it was bound to."""
    return replace(recipe, data_folder="", classes=())
