"""What is asked of the threshold lab, as it stands in the address."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st

from pages.components.address import change_address
from xray_core.errors import RecipeError
from xray_core.evaluation.thresholds.guarantee import GUARANTEED_LEVELS
from xray_core.evaluation.thresholds.prevalence import N_PATIENTS
from xray_core.evaluation.thresholds.rules import BY_HAND, COST, GUARANTEED, RULES, Wish
from xray_core.evaluation.thresholds.scenarios import SCENARIOS

RULE, AT, COSTS, LEAST = "rule", "at", "cost", "sensitivity"
ILL, SCENARIO = "ill", "scenario"

CLASS = "class"  # of several, the one against the rest; the curves have it from there, too


@dataclass(frozen=True)
class Lab:
    """What is asked.

    Attributes:
        wish: the rule and its numbers.
        scenario: one of `SCENARIOS`; "" for none.
        moved: whether a rule, or a threshold by hand, is asked for; else the run's own counts.
    """

    wish: Wish
    scenario: str
    moved: bool

    @property
    def rule(self) -> str:
        """The rule that is asked for; "" for none."""
        return self.wish.rule if self.moved else ""


def read_lab() -> Lab:
    """Return what the address asks for; what is no number, or out of bounds, counts as absent."""
    rule = st.query_params.get(RULE, "")
    wish = Wish(rule=BY_HAND)
    for word, field in ((AT, "at"), (COSTS, "cost"), (LEAST, "sensitivity")):
        wish = _change(wish, field, _read_number(word))
    ill = _read_number(ILL)
    wish = _change(wish, "prevalence", None if ill is None else ill / N_PATIENTS)
    if rule in RULES:
        wish = set_rule(wish, rule)
    scenario = st.query_params.get(SCENARIO, "")
    moved = rule in RULES or _read_number(AT) is not None
    return Lab(wish, scenario if scenario in SCENARIOS else "", moved)


def set_rule(wish: Wish, rule: str) -> Wish:
    """Return the wish with another rule; a sensitivity that it does not know becomes the next."""
    if rule == GUARANTEED:
        nearest = min(GUARANTEED_LEVELS, key=lambda level: abs(level - wish.sensitivity))
        wish = replace(wish, sensitivity=nearest)
    return replace(wish, rule=rule)


def read_class(classes: Sequence[str], usual: str) -> str:
    """Return the class in the address; else the usual one."""
    wanted = st.query_params.get(CLASS, "")
    return wanted if wanted in classes else usual


def move_threshold(value: float) -> None:
    """Write a threshold by hand into the address."""
    change_address({RULE: BY_HAND, AT: f"{value:g}"})


def open_rule(rule: str) -> None:
    """Write a rule into the address; "" is the run's own threshold."""
    change_address({RULE: rule} if rule else {RULE: "", AT: ""})


def open_scenario(name: str) -> None:
    """Write a scenario with its numbers into the address; "" takes it and its prevalence out."""
    if not name:
        change_address({SCENARIO: "", ILL: ""})
        return
    scenario = SCENARIOS[name]
    change_address(
        {
            SCENARIO: name,
            RULE: COST,
            ILL: f"{N_PATIENTS * scenario.prevalence:g}",
            COSTS: f"{scenario.cost:g}",
        }
    )


def _change(wish: Wish, field: str, value: float | None) -> Wish:
    if value is not None:
        with suppress(RecipeError):  # somebody's own address: as if it said nothing
            return replace(wish, **{field: value})
    return wish


def _read_number(word: str) -> float | None:
    try:
        return float(st.query_params[word])
    except (KeyError, ValueError):
        return None
