"""Runs in a workspace, made of their small files alone."""

from dataclasses import asdict, replace
from typing import Any

from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, Status
from xray_core.workspace import Workspace

NAME = "20260301-100000-demo_cnn"


def make_run(workspace: Workspace, name: str = NAME, state: str = "done", **status: Any) -> Run:
    run = Run(workspace.runs / name)
    recipe = replace(PUBLISHED["demo_cnn"], data_folder="/data/demo")
    run.write_json("recipe.json", asdict(recipe))
    fields = {"n_epochs": 8, "epoch": 5, "created_at": "2026-03-01T10:00:00.250+00:00"}
    run.write_status(Status(state, **{**fields, **status}))
    return run
