"""What the answer for an image means, in sentences and as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from pages.predict.predicted import Predicted
from xray_core.evaluation.conformal import COVERAGE, Conformal, Coverage
from xray_core.evaluation.findings import DEFAULT_THRESHOLD
from xray_core.evaluation.shares import ShareFigure
from xray_core.figures.colors import class_color, color_classes

SURER = 0.02  # by which a number lies further from one half, to be called too sure


@dataclass(frozen=True)
class Basis:
    """On what a run's numbers rest.

    Attributes:
        is_calibrated: whether its probabilities are fitted to the validation set.
        n: images of that set with a prediction; 0 where nobody knows.
        prevalence: class -> its share of them.
        conformal: what its conformal sets go by; None where it has none.
        coverage: how these do on the test set; None where that is closed.
    """

    is_calibrated: bool
    n: int
    prevalence: Mapping[str, float]
    conformal: Conformal | None = None
    coverage: Coverage | None = None


def format_answer(predicted: Predicted, place: int, basis: Basis) -> str:
    """Return the answer for an image with its numbers, as HTML.

    Args:
        predicted: all of the images.
        place: of the image, which could be read.
        basis: of the run.
    """
    names, row = list(predicted.recipe.class_names), predicted.rows[place]
    values = [float(value) for value in predicted.probabilities[row]]
    answer = predicted.name_answer(place)
    color = class_color(answer, names)
    title = f'<span style="color:{color}">{escape(answer[:1].upper() + answer[1:])}</span>'
    if not predicted.recipe.multilabel:
        title += f" <small>{values[names.index(answer)]:.0%}</small>"
    big = f'<div class="big">{title}</div>'
    remarks = predicted.uploads[place].remarks
    if predicted.recipe.multilabel:
        return big + _format_findings(predicted, row, remarks)
    facts = _list_facts(predicted, row, basis)
    if len(names) == 2:
        middle = _format_frequency(names[1], values[1], basis) + _format_scale(
            names, values[1], predicted.limits.values.get(names[1])
        )
    else:
        best = values.index(max(values))
        middle = _format_frequency(names[best], values[best], basis) + _format_bars(names, values)
    return big + middle + _format_facts(facts) + format_remarks(remarks)


def _format_frequency(name: str, value: float, basis: Basis) -> str:
    """Return a probability as a natural frequency; where it is not calibrated, that it is none."""
    if not basis.is_calibrated:
        return (
            '<div class="muted">These are the network’s own numbers. Nobody fitted them to what '
            "was true (not calibrated), so they may be far too sure.</div>"
        )
    share = basis.prevalence.get(name)
    among = (
        f"where {100 * share:.0f} of 100 have it, as there"
        if share is not None
        else "where it is as frequent as there"
    )
    return (
        f"<div>Of 100 images with such a score, <b>{_per_hundred(value)}</b> have “{escape(name)}”"
        f'<span class="muted"> (calibrated on the validation set, n = {basis.n:,}; true only '
        f"{among}).</span></div>"
    )


def _format_scale(names: Sequence[str], value: float, threshold: float | None) -> str:
    colors = color_classes(names)
    paint = f"linear-gradient(90deg,{colors[names[0]]},#8a979e 50%,{colors[names[1]]})"
    limit = DEFAULT_THRESHOLD if threshold is None else threshold
    return (
        f'<div class="scale" style="background:{paint}" role="img" '
        f'aria-label="{escape(names[1])}: {value:.0%}, threshold {limit:.0%}">'
        f'<u style="left:calc({100 * limit:.1f}% - 1px)"></u>'
        f'<i style="left:calc({100 * value:.1f}% - 3px)"></i></div>'
    )


def _format_bars(
    names: Sequence[str], values: Sequence[float], notes: Mapping[str, str] | None = None
) -> str:
    """Return a bar for each class, the most probable first."""
    colors, notes = color_classes(names), notes or {}
    order = sorted(range(len(names)), key=lambda n: -values[n])
    rows = "".join(
        f'<tr><th scope="row">{escape(names[n])}</th><td class="stripe"><i style="width:'
        f'{100 * values[n]:.1f}%;background:{colors[names[n]]}"></i></td><td>{values[n]:.0%}</td>'
        f"<td>{escape(notes.get(names[n], ''))}</td></tr>"
        for n in order
    )
    return f'<table class="facts bars">{rows}</table>'


def _format_findings(predicted: Predicted, row: int, remarks: Sequence[str]) -> str:
    names = list(predicted.recipe.class_names)
    values = [float(value) for value in predicted.probabilities[row]]
    limits = predicted.limits.values
    called = predicted.called[row]
    notes = {
        name: f"{'yes' if is_called else 'no'}, from {limits.get(name, DEFAULT_THRESHOLD):.0%}"
        for name, is_called in zip(names, called, strict=True)
    }
    words = "Each finding has a threshold of its own. Not calibrated: the network’s own numbers."
    kept = sorted({words for name, words in predicted.limits.words.items() if name in names})
    how = f" {kept[0]}" if len(kept) == 1 else ""
    return (
        f'<div class="muted">{escape(words + how)}</div>{_format_bars(names, values, notes)}'
        f"{format_remarks(remarks)}"
    )


def _list_facts(predicted: Predicted, row: int, basis: Basis) -> dict[str, str]:
    names = list(predicted.recipe.class_names)
    facts = {}
    if basis.is_calibrated and len(names) == 2:
        raw, value = float(predicted.answer["raw"][row][1]), float(predicted.probabilities[row, 1])
        sure = abs(raw - 0.5) - abs(value - 0.5)
        doubt = (
            "too sure" if sure > SURER else "not sure enough" if sure < -SURER else "about right"
        )
        facts["Network’s own number"] = f"{raw:.0%} {names[1]}: {doubt}"
    if limits := predicted.limits.values:
        facts["Threshold"] = f"{limits[names[1]]:.4g}. {predicted.limits.words[names[1]]}"
    else:
        half = "0.50: the more probable class" if len(names) == 2 else "the most probable class"
        facts["Threshold"] = f"{half} is the answer. None is kept."
    return facts | _list_set(predicted, row, basis)


def _list_set(predicted: Predicted, row: int, basis: Basis) -> dict[str, str]:
    """Return which classes cannot be excluded, and how often that is right; of none nothing."""
    conformal, sets = basis.conformal, predicted.answer.get("sets")
    if not sets or conformal is None:
        return {}
    members = [str(name) for name in sets[row]]
    words = f"Cannot exclude: {', '.join(members)}." if members else "No class fits the image well."
    if len(members) == len(predicted.recipe.class_names):
        words += " That is, it does not know."
    words += (
        f" For {100 * COVERAGE:.0f} of 100 new patients like the {conformal.n_patients:,} of the "
        f"{conformal.chosen_on} set, the true class is among these"
    )
    if basis.coverage and (figure := basis.coverage.covered)["value"] is not None:
        words += f"; so it was for {_format_share(figure)} of the {basis.coverage.subset} images"
    return {"Conformal set": f"{words}."}


def format_remarks(remarks: Sequence[str]) -> str:
    """Return what is odd about an image, as HTML; "" for nothing."""
    return "".join(f'<div class="muted">{escape(words)}</div>' for words in remarks)


def format_alarm(share: float | None, alarms: ShareFigure | None, subset: str) -> str:
    """Return the warning that an image is unlike the training images, plain text.

    Args:
        share: of the validation images that lie nearer to them; None where nobody knows.
        alarms: the share of images of the subset that the same is said of.
        subset: which.
    """
    words = "Unlike the training images: do not rely on this answer."
    if share is not None:
        others = "any" if share == 1 else f"{100 * share:.0f} of 100"
        words += f" It lies farther from them than {others} of the validation images."
    if alarms and alarms["value"] is not None:
        words += (
            f" The warning may be wrong: {_format_share(alarms)} of the {subset} images, which are "
            "like them, get it as well."
        )
    return words


def format_like(share: float) -> str:
    """Return that an image is like the training images, as HTML; `share`: see `format_alarm`."""
    return (
        '<div class="muted">Like the training images: nearer to them than '
        f"{100 * (1 - share):.0f} of 100 validation images are.</div>"
    )


def _format_share(figure: ShareFigure) -> str:
    ends = f"{figure['low'] or 0:.1%} to {figure['high'] or 0:.1%}"
    return f"{figure['value'] or 0:.1%} ({ends}; n = {figure['n']:,})"


def _per_hundred(value: float) -> str:
    number = round(100 * value)
    if number == 0:
        return "fewer than 1"
    return "more than 99" if number == 100 else f"{number}"


def _format_facts(facts: Mapping[str, str]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in facts.items()
    )
    return f'<table class="facts">{rows}</table>' if rows else ""
