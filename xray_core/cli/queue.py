"""Commands about the queue: who waits, in which order, how many at once; stop, resume, restart.

Each imports what it needs: `stop` must not wait for the libraries of a training.
"""

import argparse
import getpass
import json
import os
from dataclasses import asdict, replace
from typing import Any

from xray_core.cli.answer import Answer
from xray_core.workspace import Workspace


def show_queue(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Show who runs and who waits, and change how many may run at once."""
    from xray_core.jobs import ensure_worker, queue_view, read_settings, write_settings

    settings = read_settings(workspace)
    changes: dict[str, Any] = {}
    for name, word in (("slots", "auto"), ("per_user", "all")):
        value = getattr(options, name)
        if value is not None:
            changes[name] = None if value == word else int(value)
    for name in ("paused", "standby"):
        if (value := getattr(options, name)) is not None:
            changes[name] = value
    if changes:
        settings = replace(settings, **changes)
        write_settings(workspace, settings)
    table = queue_view(workspace)
    if changes and len(table):
        ensure_worker(workspace)
    rows = json.loads(table.to_json(orient="records"))
    lines = [table.to_string(index=False, na_rep="")] if len(table) else ["Nothing waits."]
    slots = "as many as there are GPUs, or one" if settings.slots is None else settings.slots
    per_user = "no limit" if settings.per_user is None else settings.per_user
    lines.append(f"At once: {slots}. Of one user: {per_user}.")
    if settings.paused:
        lines.append("The queue is paused: nothing new is started.")
    return {"settings": asdict(settings), "runs": rows}, "\n".join(lines)


def stop(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Stop a run, queued or running."""
    from xray_core.jobs import stop_run
    from xray_core.runs import find_run

    return _said(options, stop_run(find_run(workspace.runs, options.run), workspace, _me()))


def resume(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Queue a run again that was stopped, failed or lost; it goes on where it stood."""
    from xray_core.jobs import resume_run
    from xray_core.runs import find_run

    return _said(options, resume_run(find_run(workspace.runs, options.run), workspace, _me()))


def restart(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Queue the recipe of a run once more, from the beginning."""
    from xray_core.jobs import restart_run
    from xray_core.runs import find_run

    again = restart_run(find_run(workspace.runs, options.run), workspace)
    return {"run": again.name, "folder": str(again.folder)}, f"Queued {again.name}."


def pause(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Pass over a run that waits."""
    from xray_core.jobs import pause_run
    from xray_core.runs import find_run

    return _said(options, pause_run(find_run(workspace.runs, options.run), workspace, _me()))


def unpause(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Let a paused run wait for its turn again."""
    from xray_core.jobs import unpause_run
    from xray_core.runs import find_run

    return _said(options, unpause_run(find_run(workspace.runs, options.run), workspace, _me()))


def set_priority(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Change the priority of a run that waits."""
    from xray_core.jobs import set_priority
    from xray_core.runs import find_run

    run = find_run(workspace.runs, options.run)
    return _said(options, set_priority(run, workspace, options.priority, _me()))


def move(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Move a run that waits among those of its user and priority."""
    from xray_core.jobs import move_run
    from xray_core.runs import find_run

    return _said(
        options, move_run(find_run(workspace.runs, options.run), workspace, options.places, _me())
    )


def work(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Train what is queued, as slots are free."""
    from xray_core.jobs import read_settings, run_worker, write_settings
    from xray_core.jobs.launchers import RAY_ADDRESS

    if options.slots:
        write_settings(workspace, replace(read_settings(workspace), slots=options.slots))
    if options.ray:
        os.environ[RAY_ADDRESS] = options.ray
    served = run_worker(workspace, stay=options.stay)
    text = "Nothing left to do." if served else "Another worker serves this workspace."
    return {"served": served}, text


def _said(options: argparse.Namespace, text: str) -> Answer:
    return {"run": options.run, "message": text}, text


def _me() -> str:
    """Return who types here; empty where the system does not know."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such account, or not a system with accounts
        return ""
