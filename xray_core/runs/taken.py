"""Which columns of a catalog networks take beside the image, as `training.tabular` keeps them."""

from xray_core.errors import RunError
from xray_core.files import read_json
from xray_core.runs.folder import Run
from xray_core.runs.members import find_members
from xray_core.runs.origin import AVERAGE, read_origin

FILE = "tabular.json"  # in the run folder
WORD = "word"


def list_taken(run: Run) -> dict[str, list[str]]:
    """Return column -> the words of it that were known in training, none of a number.

    Of an average those that any of its members takes; empty where images are taken alone.

    Raises:
        RunError: a file is damaged or missing, or a member of an average is gone.
    """
    origin = read_origin(run)
    members = find_members(run, origin) if origin and origin.kind == AVERAGE else [run]
    taken: dict[str, list[str]] = {}
    for member in members:
        if not member.read_recipe().tabular:
            continue
        try:
            features = read_json(member.folder / FILE)["features"]
            for feature in features:
                words = taken.setdefault(str(feature["column"]), [])
                if feature["kind"] == WORD and feature["word"] not in words:
                    words.append(str(feature["word"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{member.folder / FILE} is missing or damaged: {error}. Restart the run."
            ) from error
    return taken
