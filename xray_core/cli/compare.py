"""Commands that compare runs: on the same images, and with the same recipe's other seeds."""

import argparse
from dataclasses import asdict
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from xray_core.cli.answer import Add, Answer
from xray_core.cli.options import positive

if TYPE_CHECKING:
    from xray_core.evaluation.compare import Comparison, PairedTest, RunPair
    from xray_core.evaluation.noise import NoiseFloor
    from xray_core.runs import Run


def add_commands(add: Add) -> None:
    """Add `compare` and `noise`."""
    compare = add("compare", compare_named, "Compare 2 to 8 finished runs on the same images.")
    compare.add_argument("runs", nargs="+", metavar="RUN", help="name of a run")
    compare.add_argument(
        "--common",
        action="store_true",
        help="where the runs test different images, compare on those that all of them test",
    )
    noise = add("noise", show_noise, "Say by how much the seed alone moves a run's result.")
    noise.add_argument("run", help="name of a run")
    noise.add_argument(
        "--train", action="store_true", help="queue its recipe with the seeds that are missing"
    )
    noise.add_argument(
        "--seeds", type=positive, default=5, metavar="N", help="how many there are to be"
    )
    noise.add_argument("--user", default="", metavar="NAME", help="users take turns")


def compare_named(options: argparse.Namespace, workspace: Any) -> Answer:
    """Compare finished runs on the same images."""
    from xray_core.errors import RunError
    from xray_core.evaluation.common_images import OtherImagesError
    from xray_core.evaluation.compare import compare_runs
    from xray_core.evaluation.noise import find_noise
    from xray_core.evaluation.verdict import describe_gain
    from xray_core.recipes.differences import compare_settings
    from xray_core.runs import find_run
    from xray_core.runs.origin import read_origin

    runs = [find_run(workspace.runs, name) for name in options.runs]
    try:
        comparison = compare_runs(runs, workspace, common=options.common)
    except OtherImagesError as error:
        raise RunError(f"{error} Add --common to compare on them.") from error
    origins = [read_origin(run) for run in runs]
    settings, n_same = compare_settings(
        [None if origin else run.read_recipe() for run, origin in zip(runs, origins, strict=True)]
    )
    best = comparison.find_best(comparison.deciding)
    noise = find_noise(runs[best or 0], workspace)
    gains = {
        figure: words
        for figure in comparison.figures
        if (words := describe_gain(comparison, figure, _call, noise))
    }
    answer = {
        **_as_fields(comparison),
        "made_elsewhere": {
            run.name: origin.words for run, origin in zip(runs, origins, strict=True) if origin
        },
        "settings": [asdict(row) for row in settings],
        "n_same_settings": n_same,
        "noise_floor": asdict(noise) if noise else None,
        "inside_noise": gains,
    }
    text = _format(comparison, [run.read_nickname() for run in runs], noise)
    lines = [words for words in [gains.get(comparison.deciding)] if words]
    lines += [] if comparison.elsewhere else filter(None, [_format_unknown(noise, runs)])
    lines += [
        f"{run.read_nickname()} has no settings of a training: {origin.words}."
        for run, origin in zip(runs, origins, strict=True)
        if origin
    ]
    if origins.count(None) > 1:
        lines.append(f"Settings that differ ({n_same} are the same):")
    lines += [f"{row.title}: {', '.join(row.values)}" for row in settings]
    return answer, "\n".join([text, *lines])


def show_noise(options: argparse.Namespace, workspace: Any) -> Answer:
    """Say by how much the seed alone moves the result of a run's recipe."""
    from xray_core.evaluation.noise import find_noise, find_seeds
    from xray_core.runs import find_run

    run = find_run(workspace.runs, options.run)
    queued = []
    if options.train:
        from xray_core.jobs.seeds import train_seeds

        queued = [made.name for made in train_seeds(run, workspace, options.user, options.seeds)]
    seeds, noise = find_seeds(run, workspace), find_noise(run, workspace)
    lines = [f"Seeds of this recipe that are done: {_join(sorted(seeds.done))}."]
    if seeds.under_way:
        lines.append(f"Waiting or being trained: {_join(sorted(seeds.under_way))}.")
    if options.train:
        lines += [f"Queued {len(queued)} trainings.", *queued]
    lines += _format_noise(noise) if noise else [_format_unknown(noise, [run])]
    answer = {
        "run": run.name,
        "seeds": sorted(seeds.done),
        "under_way": sorted(seeds.under_way),
        "queued": queued,
        "noise_floor": asdict(noise) if noise else None,
    }
    return answer, "\n".join(lines)


def _join(seeds: list[int]) -> str:
    return ", ".join(map(str, seeds)) or "none"


def _format_unknown(noise: "NoiseFloor | None", runs: list["Run"]) -> str:
    from xray_core.runs.origin import read_origin

    if noise:
        return ""
    words = "How far the seed alone moves results of this kind is not known"
    if all(read_origin(run) for run in runs):
        return (
            f"{words}, nor can it be found out from what was not trained here: it takes the same "
            "recipe trained with several seeds."
        )
    return f"{words}: `python -m xray_core noise RUN --train` trains the recipe with five seeds."


def _format_noise(noise: "NoiseFloor") -> list[str]:
    of = f"{noise.title}, seeds {_join(list(noise.seeds))}, on the validation set"
    if noise.other_settings:
        of += f"; it differs in {', '.join(noise.other_settings)}"
    lines = [f"Noise floor of {of}:"]
    for name, spread in noise.spreads.items():
        lines.append(
            f"  {name.replace('_', ' '):18} {spread.mean:.3f} ± {spread.deviation:.3f}, "
            f"{min(spread.values):.3f} to {max(spread.values):.3f}; two runs differ by up to "
            f"{spread.floor:.3f}"
        )
    return lines


def _as_fields(comparison: "Comparison") -> dict[str, Any]:
    """Return a comparison as plain data, without the answers themselves."""
    images = comparison.answers.image_ids
    return {
        "runs": comparison.names,
        "subset": comparison.subset,
        "n": len(images),
        "n_patients": comparison.answers.n_patients,
        "classes": comparison.answers.classes,
        "figures": comparison.figures,
        "pairs": [asdict(pair) for pair in comparison.pairs],
        "only_right": {
            name: [images[number] for number in comparison.list_sole(place)]
            for place, name in enumerate(comparison.names)
        },
        "notes": [*comparison.notes, *comparison.cautions],
    }


def _format(comparison: "Comparison", calls: list[str], noise: "NoiseFloor | None") -> str:
    from xray_core.cli.reports import format_figure
    from xray_core.evaluation.verdict import format_verdict

    lines = [f"{_call(place)}: {words}" for place, words in enumerate(calls)]
    lines.append(format_verdict(comparison, comparison.deciding, _call, noise))
    lines.append(
        f"On the {comparison.subset} set: {len(comparison.answers.image_ids):,} images of "
        f"{comparison.answers.n_patients:,} patients or groups."
    )
    for name, figures in comparison.figures.items():
        lines.append(f"{name.replace('_', ' ')}:")
        lines += [
            f"  {_call(place):18} {format_figure(**figure)}" for place, figure in enumerate(figures)
        ]
        lines += [_format_pair(pair, name) for pair in comparison.pairs]
    lines += [_format_tests(pair) for pair in comparison.pairs]
    return "\n".join([*lines, *comparison.notes, *comparison.cautions])


def _call(place: int) -> str:
    return ascii_uppercase[place]


def _format_pair(pair: "RunPair", name: str) -> str:
    difference, adjusted = pair.differences[name], pair.adjusted[name]
    title = f"{_call(pair.first)} - {_call(pair.second)}"
    if difference.value is None:
        return f"  {title:18} cannot be computed"
    words = f"  {title:18} {difference.value:+.3f} (95% interval {difference.low:+.3f} to "
    words += f"{difference.high:+.3f})"
    return words if adjusted is None else f"{words}, p {adjusted:.3g} after Holm"


def _format_tests(pair: "RunPair") -> str:
    words = (
        f"{_call(pair.first)} and {_call(pair.second)}: only {_call(pair.first)} right on "
        f"{pair.n_only_first:,} images, only {_call(pair.second)} on {pair.n_only_second:,}"
    )
    for title, test in (("McNemar", pair.mcnemar), ("DeLong", pair.delong)):
        words += _format_test(title, test)
    return words


def _format_test(title: str, test: "PairedTest | None") -> str:
    if test is None or test.p is None:
        return ""
    return f"; {title} p {test.p:.3g}, {test.adjusted:.3g} after Holm"
