"""The runs behind an average: its figures need none of them any more, its predictions all."""

from xray_core.errors import RunError
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.runs.collection import find_run
from xray_core.runs.folder import Run
from xray_core.runs.origin import AVERAGE, Origin, read_origin


def find_members(run: Run, origin: Origin) -> list[Run]:
    """Return the runs that an average is of, each with a network.

    Raises:
        RunError: some are gone, in the trash, or have no network; the message names each.
    """
    members, missing = [], []
    for name in origin.members:
        try:
            member = find_run(run.folder.parent, name)
        except RunError as error:
            missing.append(str(error))
            continue
        if member.best_checkpoint.is_file():
            members.append(member)
        else:
            missing.append(f"{member.read_nickname()} has predictions, but no network.")
    if missing:
        raise RunError(
            f"{run.read_nickname()} is an average of {len(origin.members)} runs and predicts with "
            f"the networks of all. {' '.join(missing)} Its figures stay as they are."
        )
    return members


def list_specs(run: Run) -> list[PreprocessSpec]:
    """Return the ways in which a run's networks want images prepared, each once.

    One of an ordinary run; of an average there may be several.

    Raises:
        RunError: see `find_members`.
    """
    origin = read_origin(run)
    members = find_members(run, origin) if origin and origin.kind == AVERAGE else [run]
    return list(dict.fromkeys(member.read_recipe().preprocess for member in members))
