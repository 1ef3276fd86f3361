"""What a comparison says in words: is one run better, and is it more than another seed moves it."""

from collections.abc import Callable, Sequence

from xray_core.evaluation.compare import Comparison
from xray_core.evaluation.noise import NoiseFloor
from xray_core.evaluation.paired import Difference

SHARES = ("accuracy", "balanced_accuracy")  # told in points of a hundred images
FIGURE_WORDS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
    "brier": "Brier score",
}
BETTER = {
    "accuracy": "is right more often than",
    "balanced_accuracy": "has a higher balanced accuracy than",
    "auc": "has a higher AUC than",
    "brier": "has a lower Brier score than",
}
Call = Callable[[int], str]


def find_floor(comparison: Comparison, figure: str, noise: NoiseFloor | None) -> float | None:
    """Return the noise floor that holds for the gain of the best run; None where none does.

    It was measured on whole validation sets: of fewer images the seed moves a figure by more. And
    it is that of a recipe, which what was made elsewhere has not.

    Args:
        comparison: of the runs.
        figure: by which is compared.
        noise: of the best run's recipe, or of the nearest one.
    """
    gain = comparison.find_gain(figure)
    if noise is None or gain is None or not comparison.whole:
        return None
    if comparison.elsewhere & set(gain[:2]):
        return None
    spread = noise.spreads.get(figure)
    return spread.floor if spread else None


def format_verdict(
    comparison: Comparison, figure: str, call: Call, noise: NoiseFloor | None = None
) -> str:
    """Return in a sentence whether the best run is better than the others.

    A difference that the images bear out, but that another seed alone may make, is said to be so.

    Args:
        comparison: of the runs.
        figure: by which; one of `comparison.figures`.
        call: place of a run -> what it is called in the sentence.
        noise: of the best run's recipe, or of the nearest one.
    """
    best = comparison.find_best(figure)
    if best is None:
        return f"No {FIGURE_WORDS[figure]} can be computed on these images."
    others = [place for place in range(len(comparison.names)) if place != best]
    differences = {place: comparison.find_pair(best, place).differences[figure] for place in others}
    known = [place for place in others if differences[place].value is not None]
    clear = [place for place in known if comparison.find_pair(best, place).differs(figure)]
    alike = [p for p in known if p not in clear and _is_nothing(differences[p])]
    luck = [place for place in known if place not in clear and place not in alike]
    floor = find_floor(comparison, figure, noise)
    inside = [
        place
        for place in clear
        if floor is not None
        and place not in comparison.elsewhere
        and abs(differences[place].value or 0) <= floor
    ]
    parts = []
    mean = figure == "auc" and comparison.answers.multilabel
    words = BETTER[figure].replace("AUC", "mean AUC") if mean else BETTER[figure]
    if clear and comparison.seeds_alone:
        parts.append(
            f"{call(best)} {words} {_join(clear, call)}, but by the seed alone: it is no better "
            "recipe"
        )
    else:
        if beyond := [place for place in clear if place not in inside]:
            parts.append(f"{call(best)} {words} {_join(beyond, call)}")
        if inside:
            parts.append(
                f"{call(best)} {words} {_join(inside, call)}, but by no more than another seed "
                "may move it"
            )
    if alike:
        parts.append(f"{_join(sorted([best, *alike]), call)} answer the same")
    if luck and not clear:
        several = "s" * (len(luck) > 1)
        parts.append(
            f"between {_join(sorted([best, *luck]), call)} the difference{several} may be luck"
        )
    elif luck:
        parts.append(f"between {call(best)} and {_join(luck, call)} the difference may be luck")
    sentence = "; ".join(parts)
    # What `call` returns may be markup: only our own words begin with a capital.
    return (f"B{sentence[1:]}" if sentence.startswith("between") else sentence) + "."


def describe_gain(comparison: Comparison, figure: str, call: Call, noise: NoiseFloor | None) -> str:
    """Say whether the gain of the best run over the next one is more than the seed makes.

    Args:
        comparison: of the runs.
        figure: by which is compared.
        call: place of a run -> what it is called, in plain words.
        noise: of the best run's recipe, or of the nearest one.

    Returns:
        A sentence or two; "" where there is no gain, or where a noise floor could be had but is
        not known.
    """
    gain = comparison.find_gain(figure)
    if gain is None:
        return _describe_seeds(comparison, figure, noise)
    best, second, value = gain
    share = figure in SHARES
    amount = f"The gain of {call(best)} over {call(second)}, {_amount(value, share)},"
    if elsewhere := sorted(comparison.elsewhere & {best, second}):
        has = "has" if len(elsewhere) == 1 else "have"
        return (
            f"No noise floor is known for {_join(elsewhere, call)}, which {has} no recipe that was "
            "trained here: how far the seed alone moves the gain of "
            f"{call(best)} over {call(second)}, {_amount(value, share)}, is not known."
        )
    if comparison.seeds_alone:
        return _describe_seeds(comparison, figure, noise)
    if noise and not comparison.whole:
        return (
            f"{amount} is held against no noise floor: that is known of whole validation sets, and "
            "on these fewer images the seed alone moves results by more."
        )
    floor = find_floor(comparison, figure, noise)
    if noise is None or floor is None:
        return ""
    if value <= floor:
        side = "lies inside the noise floor"
    elif comparison.find_pair(best, second).differs(figure):
        side = "lies outside the noise floor"
    else:
        side = "is more than the noise floor, yet may be luck of these images"
    return f"{amount} {side}: {_describe_floor(noise, figure, floor)}"


def _describe_seeds(comparison: Comparison, figure: str, noise: NoiseFloor | None) -> str:
    if not comparison.seeds_alone:
        return ""
    words = (
        "These runs are one recipe with other seeds: what differs between them is the luck of the "
        "seed, and none of them is a better recipe."
    )
    spread = noise.spreads.get(figure) if noise else None
    if noise is None or spread is None or not comparison.whole:
        return words
    floor = _describe_floor(noise, figure, spread.floor)
    return f"{words} {floor[0].upper()}{floor[1:]}"


def _describe_floor(noise: NoiseFloor, figure: str, floor: float) -> str:
    whose, apart = "this recipe", ""
    if noise.other_settings:
        whose = "the nearest recipe"
        apart = f", {noise.title}, which differs in {', '.join(noise.other_settings)}"
    return (
        f"two runs of {whose} that differ in the seed alone are up to "
        f"{_amount(floor, figure in SHARES)} apart in 95 of 100 cases ({len(noise.seeds)} seeds, "
        f"on the validation set{apart})."
    )


def _amount(value: float, share: bool) -> str:
    return f"{100 * value:.1f} points" if share else f"{value:.3f}"


def _is_nothing(difference: Difference) -> bool:
    return difference.value == difference.low == difference.high == 0


def _join(places: Sequence[int], call: Call) -> str:
    *first, last = [call(place) for place in places]
    return f"{', '.join(first)} and {last}" if first else last
