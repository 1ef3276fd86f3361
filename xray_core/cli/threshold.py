"""The command `threshold`: choose one on the validation set, show what it gives, keep it."""

import argparse
from typing import Any

from xray_core.cli.answer import Add, Answer, save_answer
from xray_core.errors import RunError
from xray_core.workspace import Workspace


def add_commands(add: Add) -> None:
    """Add the command with its options: the rule, and its numbers."""
    command = add("threshold", threshold, "Choose from which probability on a class is called.")
    command.add_argument("run", help="name of a run")
    command.add_argument(
        "--rule",
        choices=("youden", "cost", "sensitivity", "guaranteed"),
        help="how it is chosen on the validation set (default: youden)",
    )
    command.add_argument(
        "--cost",
        type=float,
        metavar="N",
        help="a missed patient costs as much as N wrongly alarmed ones (default: 10)",
    )
    command.add_argument(
        "--sensitivity", type=float, metavar="S", help="the least, e.g. 0.9 (the default)"
    )
    command.add_argument(
        "--prevalence", type=float, metavar="P", help="of the patients in question, e.g. 0.1"
    )
    command.add_argument("--at", type=float, metavar="T", help="this threshold, by no rule")
    command.add_argument(
        "--class", dest="name", default="", metavar="NAME", help="of several classes or findings"
    )
    command.add_argument("--keep", action="store_true", help="keep it with the run, for `predict`")
    command.add_argument("--user", default="", metavar="NAME", help="who keeps it")
    command.add_argument("--save", metavar="FILE", help="write the JSON there")


def threshold(options: argparse.Namespace, workspace: Workspace) -> Answer:
    """Choose a threshold of a finished run, and say what it gives."""
    from pathlib import Path

    from xray_core.evaluation.shown import shown_report
    from xray_core.evaluation.thresholds.choice import ask_class, choose
    from xray_core.evaluation.thresholds.guarantee import read_guaranteed, write_guaranteed
    from xray_core.evaluation.thresholds.kept import keep_threshold
    from xray_core.evaluation.thresholds.measured import measure_at
    from xray_core.evaluation.thresholds.rules import GUARANTEED
    from xray_core.runs import find_run

    run, wish = find_run(workspace.runs, options.run), _read_wish(options)
    recipe, report = run.read_recipe(), shown_report(run, workspace).report
    watched = bool(report.get("watched"))
    asked = ask_class(run.read_predictions(), report["subset"], options.name, watched=watched)
    guaranteed = None
    if wish.rule == GUARANTEED and not asked.obstacle:
        guaranteed = read_guaranteed(run) or write_guaranteed(run)
    choice = choose(asked, wish, guaranteed)
    answer: dict[str, Any] = {
        "run": run.name,
        "class": asked.name,
        "rule": choice.rule,
        "threshold": choice.threshold,
        "words": choice.words,
        "chosen_on": choice.chosen_on,
        "kept": False,
    }
    lines = [f"{asked.name}: {_format_threshold(choice.threshold)}", choice.words]
    if choice.threshold is not None:
        for images in filter(None, (asked.beside, asked.shown)):
            answer[images.subset] = _plain(measure_at(images, choice.threshold, options.prevalence))
            lines += _format_subset(images, answer[images.subset])
    if options.keep:
        if choice.threshold is None:
            raise RunError(f"There is nothing to keep. {choice.words}")
        keep_threshold(run, recipe, asked.name, choice.keep(options.user))
        answer["kept"] = True
        lines.append(f"Kept with {run.name}; `predict` goes by it.")
    save_answer(answer, Path(options.save) if options.save else None)
    return answer, "\n".join(lines)


def _read_wish(options: argparse.Namespace) -> Any:
    """Return the rule with its numbers; options of another rule are refused."""
    from xray_core.errors import RecipeError
    from xray_core.evaluation.thresholds.rules import BY_HAND, COST, SENSITIVITY, YOUDEN, Wish

    numbers = {
        name: value
        for name in ("cost", "sensitivity", "prevalence", "at")
        if (value := getattr(options, name)) is not None
    }
    if options.at is not None and options.rule:
        raise RecipeError(f"--at {options.at:g} is by no rule. Leave out --rule {options.rule}.")
    if options.cost is not None and options.rule in ("youden", "sensitivity", "guaranteed"):
        raise RecipeError(f"--cost has no bearing on {options.rule}. Choose --rule cost.")
    implied = COST if "cost" in numbers else SENSITIVITY if "sensitivity" in numbers else YOUDEN
    rule = BY_HAND if options.at is not None else options.rule or implied
    return Wish(rule=rule, **numbers)


def _plain(operating: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(operating)


def _format_threshold(value: float | None) -> str:
    return "no threshold" if value is None else f"called from a probability of {value:.4g} on"


def _format_subset(images: Any, figures: dict[str, Any]) -> list[str]:
    from xray_core.cli.reports import format_figure

    lines = [
        f"On the {images.subset} set, {images.n_positive:,} images with {images.name} and "
        f"{images.n_negative:,} without; PPV and NPV at a prevalence of "
        f"{figures['prevalence']:.3g}:"
    ]
    for name, title in (
        ("sensitivity", "sensitivity"),
        ("specificity", "specificity"),
        ("ppv", "PPV"),
        ("npv", "NPV"),
    ):
        lines.append(f"  {title:18} {format_figure(**figures[name])}")
    if people := figures["thousand"]:
        lines.append(
            f"  of 1,000 patients  {people['hits']} found, {people['missed']} missed, "
            f"{people['alarmed']} wrongly alarmed, {people['cleared']} rightly cleared"
        )
    return lines


def describe_kept(run: Any) -> str:
    """Return by which threshold a run predicts; "" where it keeps none."""
    from xray_core.evaluation.thresholds import read_threshold

    kept = read_threshold(run)
    if kept is None:
        return ""
    name = run.read_recipe().class_names[1]
    by = f" Kept by {kept.by}." if kept.by else ""
    return f"{name} is called from a probability of {kept.value:.4g} on. {kept.words}{by}"
