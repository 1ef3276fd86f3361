"""Run folders that no training fills: written aside, then there as a whole or not at all."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from xray_core.errors import RunError
from xray_core.runs.folder import Run
from xray_core.workspace import Workspace

FOLDER = "drafts"  # in the cache
OLD_SECONDS = 24 * 3600  # after which a draft is one of a process that was killed
MOST_OF_A_SECOND = 1000


@contextmanager
def draft_run(workspace: Workspace) -> Iterator[Run]:
    """Give a folder to write a run into; what is not kept by `keep_run` is gone at the end.

    Raises:
        RunError: the disk refuses.
    """
    place = workspace.cache / FOLDER
    try:
        place.mkdir(parents=True, exist_ok=True)
        for left in place.iterdir():
            if time.time() - left.stat().st_mtime > OLD_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        draft = Run(place / uuid4().hex)
        draft.folder.mkdir()
    except OSError as error:
        raise RunError(f"No run could be made in {place}: {error.strerror}.") from error
    try:
        yield draft
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)


def keep_run(draft: Run, kind: str, workspace: Workspace) -> Run:
    """Move a draft, whole, to the runs, named by the present time and its kind; return it there.

    Raises:
        RunError: the disk refuses.
    """
    stem = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{kind}"
    try:
        workspace.runs.mkdir(parents=True, exist_ok=True)
        for number in range(1, MOST_OF_A_SECOND):
            folder = workspace.runs / (stem if number == 1 else f"{stem}-{number}")
            try:
                folder.mkdir()  # fails if another process was faster: one name, one run
            except FileExistsError:
                continue
            folder.rmdir()
            draft.folder.rename(folder)
            return Run(folder)
    except OSError as error:
        raise RunError(f"No run could be made in {workspace.runs}: {error.strerror}.") from error
    raise RunError(f"{workspace.runs} holds a thousand runs of this second. Try again.")
