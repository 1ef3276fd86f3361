"""Why a run predicts nothing, in words."""

from xray_core.recipes import Recipe
from xray_core.runs import Run
from xray_core.runs.members import find_members
from xray_core.runs.origin import AVERAGE, PREDICTIONS, read_origin

LUNGS = "lungs"  # task of the runs that draw masks


def find_obstacle(run: Run, recipe: Recipe) -> str:
    """Return why a run cannot predict an image, plain text; "" where it can.

    Raises:
        RunError: a file of it is damaged, or a member of an average is gone.
    """
    origin = read_origin(run)
    if recipe.task == LUNGS:
        return "This run draws masks of lungs and names no class. Choose another run."
    if origin is not None and origin.kind == PREDICTIONS:
        return (
            "This is a table of predictions without a network, so it says nothing of other images. "
            "Choose a run that was trained."
        )
    if origin is not None and origin.kind == AVERAGE:
        find_members(run, origin)
        return ""
    if not run.best_checkpoint.is_file():
        return "The network of this run was deleted, so it predicts nothing more. Choose another."
    return ""
