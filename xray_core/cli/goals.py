"""The errors that a run is measured against, given on the command line."""

import argparse
from dataclasses import asdict
from typing import Any


def add_goals(command: argparse.ArgumentParser) -> None:
    """Add the options that `compare_goals` reads."""
    for error, of in (("target", "that is aimed at"), ("human", "of people at this task")):
        command.add_argument(
            f"--{error}-error",
            type=float,
            metavar="SHARE",
            help=f"error {of}, 0 to 1, to compare with; kept with the run",
        )


def compare_goals(run: Any, report: dict[str, Any], options: argparse.Namespace) -> str:
    """Keep the errors that were given, and say how the run stands to them; adds to the report."""
    from xray_core.evaluation.error_steps import complete_analysis
    from xray_core.runs.goals import Goals, read_goals, write_goals

    given = {
        name: getattr(options, name)
        for name in ("target_error", "human_error")
        if getattr(options, name) is not None
    }
    goals = Goals(**{**asdict(read_goals(run)), **given})
    if given:
        write_goals(run, goals)
    if not report.get("error_analysis"):
        return ""
    complete = complete_analysis(report["error_analysis"], goals, run.read_split())
    if goals != Goals():
        report["error_steps"] = complete
    representative = complete["representative"]
    verdict = complete["verdict"] if goals != Goals() else ""  # else it stands above
    return "\n".join(
        filter(
            None, [verdict, complete["target"], representative["words"] if representative else ""]
        )
    )
