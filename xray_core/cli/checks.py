"""The command `check`: what seems to go wrong in a training, and what to try next."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from xray_core.audit.issue import count_of
from xray_core.cli.answer import Answer
from xray_core.workspace import Workspace

if TYPE_CHECKING:
    from xray_core.evaluation.training_checks.history import CheckResult


def check(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Say what seems to go wrong in a training, in any state."""
    from xray_core.evaluation.diagnose import LOOKED_FOR, MIN_EPOCHS, diagnose_run
    from xray_core.evaluation.next_runs import suggest_runs
    from xray_core.runs import find_run
    from xray_core.runs.origin import read_origin

    run = find_run(workspace.runs, options.run)
    n_epochs = len(run.read_epochs())
    results = diagnose_run(run)
    runs = suggest_runs(run, results)
    answer = {
        "run": run.name,
        "epochs": n_epochs,
        "results": [asdict(result) for result in results],
        "next_runs": [asdict(suggested) for suggested in runs],
    }
    if origin := read_origin(run):
        return answer, f"{origin.words}. No training to check."
    nothing = (
        f"Nothing suspicious in {count_of(n_epochs, 'epoch')}. Looked for: {', '.join(LOOKED_FOR)}."
    )
    if n_epochs < MIN_EPOCHS:
        nothing = f"Too few epochs ({n_epochs}) to evaluate how the training goes."
    lines = [check_text(results) or nothing]
    if runs:
        lines.append("Next runs to try, each of which changes one thing:")
    for suggested in runs:
        setting = " ".join(f"--set {field}={value}" for field, value in suggested.changes.items())
        lines.append(f"  {setting}\n    {suggested.why}")
    return answer, "\n".join(lines)


def check_text(results: Sequence["CheckResult"]) -> str:
    """Return what training checks say, a paragraph each."""
    return "\n".join(
        f"{result.severity}: {result.title}\n  {result.evidence}\n  Next: {result.advice}"
        for result in results
    )
