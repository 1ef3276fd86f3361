"""What can be chosen in the threshold lab: scenario, rule, its number, threshold, prevalence."""

from collections.abc import Sequence

import streamlit as st

from pages.components.address import change_address
from pages.evaluate.threshold_state import (
    CLASS,
    COSTS,
    ILL,
    LEAST,
    RULE,
    Lab,
    move_threshold,
    open_rule,
    open_scenario,
)
from xray_core.evaluation.thresholds.guarantee import GUARANTEED_LEVELS
from xray_core.evaluation.thresholds.prevalence import N_PATIENTS
from xray_core.evaluation.thresholds.rules import (
    BY_HAND,
    COST,
    GUARANTEED,
    SENSITIVITY,
    YOUDEN,
)
from xray_core.evaluation.thresholds.scenarios import SCENARIOS
from xray_core.glossary import explain

RULE_TITLES = {
    YOUDEN: "Youden's index",
    COST: "Least cost of errors",
    SENSITIVITY: "Sensitivity at least …",
    GUARANTEED: "Guaranteed sensitivity",
    BY_HAND: "By hand",
}
COSTS_OFFERED = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
LEVELS_OFFERED = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
NO_SCENARIO = "No scenario"
KEYS = {name: f"threshold_{name}" for name in (RULE, COSTS, LEAST, ILL, CLASS, "at", "scenario")}


def choose_class(classes: Sequence[str], chosen: str) -> None:
    """Let one class be chosen, which is then asked for against the rest."""
    key = KEYS[CLASS]
    st.session_state[key] = chosen
    st.selectbox(
        "Class, against the rest",
        classes,
        key=key,
        on_change=lambda: change_address({CLASS: st.session_state[key]}),
    )


def choose_scenario(lab: Lab) -> None:
    """Let a scenario be chosen, which sets prevalence and cost."""
    key = KEYS["scenario"]
    st.session_state[key] = lab.scenario
    st.selectbox(
        "Scenario",
        ["", *SCENARIOS],
        format_func=lambda name: SCENARIOS[name].title if name else NO_SCENARIO,
        key=key,
        on_change=lambda: open_scenario(st.session_state[key]),
        help=explain("scenario"),
    )


def choose_rule(lab: Lab, own: str) -> None:
    """Let the rule be chosen, and its number.

    Args:
        lab: what is asked.
        own: how the run's own threshold is called.
    """
    key = KEYS[RULE]
    st.session_state[key] = lab.rule
    titles = {"": own, **RULE_TITLES}
    st.selectbox(
        "Threshold chosen by",
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        on_change=lambda: open_rule(st.session_state[key]),
        help="Rules choose on the validation set; what comes of it is shown beside.",
    )
    if lab.rule == COST:
        _choose_number(
            COSTS,
            "A missed patient costs as much as … wrongly alarmed",
            COSTS_OFFERED,
            lab.wish.cost,
            "{:g}",
        )
    elif lab.rule in (SENSITIVITY, GUARANTEED):
        offered = GUARANTEED_LEVELS if lab.rule == GUARANTEED else LEVELS_OFFERED
        _choose_number(LEAST, "Sensitivity at least", offered, lab.wish.sensitivity, "{:.0%}")


def _choose_number(
    word: str, label: str, offered: Sequence[float], chosen: float, shown: str
) -> None:
    key = KEYS[word]
    st.session_state[key] = chosen
    st.select_slider(
        label,
        sorted({*offered, chosen}),
        format_func=shown.format,
        key=key,
        on_change=lambda: change_address({word: f"{st.session_state[key]:g}"}),
    )


def move_slider(threshold: float) -> None:
    """Let the threshold be moved, which then is by hand."""
    key = KEYS["at"]
    st.session_state[key] = round(threshold, 3)
    st.slider(
        "Threshold",
        0.0,
        1.0,
        step=0.001,
        format="%.3f",
        key=key,
        on_change=lambda: move_threshold(st.session_state[key]),
        help=explain("threshold"),
    )


def choose_prevalence(prevalence: float, own: float, subset: str) -> None:
    """Let be chosen how frequent the class is.

    Args:
        prevalence: as it stands, in [0, 1].
        own: of the images that are shown.
        subset: they are of.
    """
    key = KEYS[ILL]
    st.session_state[key] = min(N_PATIENTS - 1, max(1, round(N_PATIENTS * prevalence)))
    st.slider(
        "Prevalence, of 1,000 patients",
        1,
        N_PATIENTS - 1,
        key=key,
        on_change=lambda: change_address({ILL: str(st.session_state[key])}),
        help=f"{explain('prevalence')} In the {subset} set it is {N_PATIENTS * own:.0f} of 1,000.",
    )
