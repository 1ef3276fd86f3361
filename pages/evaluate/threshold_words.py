"""What a threshold means, in words: of 1,000 patients, in figures, and in a scenario."""

from html import escape

from pages.evaluate.scores import format_figure, format_value
from xray_core.evaluation.thresholds.choice import Asked
from xray_core.evaluation.thresholds.measured import FIGURES, Operating
from xray_core.evaluation.thresholds.prevalence import Thousand
from xray_core.evaluation.thresholds.rules import COST, Wish
from xray_core.evaluation.thresholds.scenarios import Scenario

TITLES = {
    "sensitivity": "Recall (sensitivity)",
    "specificity": "Specificity",
    "ppv": "Precision (PPV)",
    "npv": "NPV",
}


def format_thousand(people: Thousand, operating: Operating, name: str, wish: Wish) -> str:
    """Return what becomes of 1,000 patients, as HTML.

    Args:
        people: of 1,000 patients.
        operating: the threshold.
        name: of the class.
        wish: the rule; of least cost, what the errors come to.
    """
    called = escape(name)
    hits, misses, alarms, clears = (
        f"<b>{number:,} {what}</b>"
        for number, what in (
            (people.hits, "found"),
            (people.missed, "missed"),
            (people.alarmed, "wrongly alarmed"),
            (people.cleared, "rightly cleared"),
        )
    )
    words = (
        f"<b>Of 1,000 patients</b>, {people.ill:,} have {called}: {hits}, {misses}. "
        f"Of the others {alarms}, {clears}."
    )
    if people.called:
        words += (
            f" Of about {people.called:,} called “{called}”, about {people.hits:,} have it: "
            f"PPV {format_figure('ppv', operating.ppv)}, before the counts are rounded."
        )
    if wish.rule == COST:
        total = wish.cost * people.missed + people.alarmed
        words += (
            f" The errors cost {wish.cost:g} × {people.missed:,} + {people.alarmed:,} = {total:,g}."
        )
    return f"<div>{words}</div>"


def format_key(name: str, ill: str, healthy: str) -> str:
    """Return what the dots mean, as HTML."""

    def dot(color: str, *, hollow: bool) -> str:
        paint = f"box-shadow:inset 0 0 0 2px {color}" if hollow else f"background:{color}"
        return f'<i class="dot" style="{paint}"></i>'

    entries = (
        (ill, False, f"{name}, found"),
        (ill, True, "missed"),
        (healthy, True, "wrongly alarmed"),
        (healthy, False, "rightly cleared"),
    )
    cells = "".join(
        f"<span>{dot(color, hollow=hollow)}{escape(words)}</span>"
        for color, hollow, words in entries
    )
    return f'<div class="key">{cells}</div>'


def format_operating(shown: Operating, beside: Operating | None, asked: Asked) -> str:
    """Return the figures at the threshold as an HTML table; beside them where it was chosen.

    Args:
        shown: on the images that are shown.
        beside: on `asked.beside`.
        asked: the class.
    """
    columns = [_head(asked.shown.subset, len(asked.shown.scores))]
    if asked.beside:
        columns.append(_head(asked.chosen_on.subset, len(asked.chosen_on.scores)))
    heads = "".join(f'<th scope="col">{words}</th>' for words in columns)
    rows = ""
    for name in FIGURES:
        cells = f"<td>{format_figure(name, getattr(shown, name))}</td>"
        if beside:
            cells += f"<td>{format_value(name, getattr(beside, name)['value'])}</td>"
        rows += f'<tr><th scope="row">{TITLES[name]}</th>{cells}</tr>'
    return f'<table class="facts rows"><tr><td></td>{heads}</tr>{rows}</table>'


def _head(subset: str, n_images: int) -> str:
    return f"{escape(subset)} set, n = {n_images:,}"


def format_scenario(scenario: Scenario) -> str:
    """Return a scenario with what each error costs, as HTML."""
    ill = round(1000 * scenario.prevalence)
    cells = "".join(
        f"<div><b>{title}</b><br>{escape(words)}</div>"
        for title, words in (
            (scenario.title, scenario.situation),
            ("A missed patient", scenario.missed),
            ("A wrongly alarmed one", scenario.alarmed),
            (
                f"The example: {ill} of 1,000 ill, {scenario.cost:g} to 1",
                scenario.reason,
            ),
        )
    )
    return (
        '<div class="notes" style="display:grid;gap:0.6rem 1.2rem;'
        f'grid-template-columns:repeat(auto-fit,minmax(220px,1fr))">{cells}</div>'
        '<div class="muted" style="margin-top:0.4rem">An example for learning; its numbers are '
        "nobody's guideline. Move them, and see what changes.</div>"
    )


def describe_subset(asked: Asked, *, is_closed: bool) -> str:
    """Return on which images the figures are, and whether they are too good; plain text."""
    if is_closed:
        return (
            "The test set is closed: these are the figures of the validation set, on which the "
            "threshold is chosen as well, so that they are too good."
        )
    if asked.same:
        return (
            f"Thresholds are chosen on the {asked.shown.subset} set, which is also shown: the "
            "figures are too good."
        )
    if asked.obstacle:
        return (
            "In brackets 95% intervals, by patient. There is no validation set on which a rule "
            f"could choose: a threshold by hand is chosen on the {asked.shown.subset} set, whose "
            "figures it makes look better."
        )
    return (
        f"In brackets 95% intervals, by patient. Rules choose on the {asked.chosen_on.subset} set; "
        f"the picture and the curve are of the {asked.shown.subset} set."
    )
