"""The runs behind an average: its figures need none of them any more, its predictions all."""

from xray_core.errors import RunError
from xray_core.runs.collection import find_run
from xray_core.runs.folder import Run
from xray_core.runs.origin import Origin


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
