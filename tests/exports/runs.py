"""A finished run in a workspace of its own, to be exported, opened and changed."""

import shutil
from dataclasses import asdict
from pathlib import Path

from tests.training.tiny import Finished
from xray_core.runs import Run, Submission
from xray_core.runs.opening import OPENED
from xray_core.workspace import Workspace

HOSTILE = '<script src="https://bad.example/x.js"></script> *a* | [b](https://bad.example)'
NICKNAME = "<b>calm-fox</b>"


def copy_run(finished: Finished, folder: Path) -> tuple[Run, Workspace]:
    """Copy the shared run into a workspace in `folder`, with texts that are not ours."""
    workspace = Workspace(folder / "home")
    run = Run(workspace.runs / finished.run.name)
    shutil.copytree(finished.run.folder, run.folder)
    (run.folder / OPENED).unlink(missing_ok=True)  # each test opens it, or does not
    run.write_json("recipe.json", {**asdict(run.read_recipe()), "title": HOSTILE})
    run.write_submission(Submission("ann", nickname=NICKNAME))
    return run, workspace
