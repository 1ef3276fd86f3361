"""Map of images: what its figures come to, in sentences."""

from html import escape

from xray_core.evaluation.neighbours import LABEL, SIZE
from xray_core.runs.features import About, Alike
from xray_core.selection import name_column

CLEAR = 0.05  # by which a share must surpass chance, beyond its interval, to be spoken of
HOW_TO_READ = (
    "How to read it: images beside each other look alike to the network. Distances between groups, "
    "their sizes and directions mean little, and another random seed would lay them out otherwise."
)


def format_verdict(about: About, subset: str) -> str:
    """Return how often the nearest training image has the same label, as HTML; "" if unknown."""
    alike = about["alike"].get(LABEL, {}).get(subset)
    if not alike or alike["value"] is None or alike["chance"] is None:
        return ""
    more = "more often than by chance" if _surpasses(alike) else "hardly more often than by chance"
    words = (
        f"For {_per_hundred(alike['value'])} of 100 {subset} images the nearest training image has "
        f"the same label, {more} ({_per_hundred(alike['chance'])})"
    )
    return f'<p class="verdict">{escape(words)} <small>{escape(_format_ends(alike))}</small></p>'


def format_traits(about: About, subset: str) -> str:
    """Return what else the nearest training images share, a sentence each; "" for nothing."""
    sentences = []
    for column, shares in about["alike"].items():
        alike = shares.get(subset)
        if column == LABEL or not alike or alike["value"] is None or alike["chance"] is None:
            continue
        name = "size of the original" if column == SIZE else name_column(column).lower()
        figure = (
            f"{_per_hundred(alike['value'])} of 100 share the {name} "
            f"(by chance {_per_hundred(alike['chance'])}; {_format_ends(alike, with_n=False)})"
        )
        end = ": the network sees that, too. If it goes with the label, it is a confounder."
        sentences.append(figure + (end if _surpasses(alike) else "."))
    return " ".join(sentences)


def format_drawn(about: About, left_out: int) -> str:
    """Return how many images are on the map, and why not the others."""
    laid_out, words = about["map"], []
    if laid_out and laid_out["n"] < laid_out["n_all"]:
        words.append(
            f"On the map: {laid_out['n']:,} of {laid_out['n_all']:,} images, whole patients drawn "
            "at random."
        )
    if about["unreadable"]:
        words.append(f"{about['unreadable']:,} images could not be read and are left out.")
    if left_out:
        words.append(f"{left_out:,} test images are left out: the test set is closed.")
    return " ".join(words)


def format_unlike(about: About) -> str:
    """Return how far away an image must be to count as unlike; "" where nothing is known."""
    shares = about["called_unlike"]
    subset = "test" if "test" in shares else "validation"
    share = shares.get(subset)
    if not share or share["value"] is None or share["low"] is None or share["high"] is None:
        return ""
    return (
        "An image counts as unlike the training images where it lies further from them than 95% "
        f"of the validation images do. Of the {subset} images {share['value']:.1%} count so "
        f"({share['low']:.1%} to {share['high']:.1%}; n = {share['n']:,})."
    )


def _surpasses(alike: Alike) -> bool:
    low, chance = alike["low"], alike["chance"]
    return low is not None and chance is not None and low > chance + CLEAR


def _per_hundred(share: float) -> str:
    return f"{100 * share:.0f}"


def _format_ends(alike: Alike, with_n: bool = True) -> str:
    ends = f"{_per_hundred(alike['low'] or 0)} to {_per_hundred(alike['high'] or 0)}"
    return f"({ends}; n = {alike['n']:,})" if with_n else f"{ends}, n = {alike['n']:,}"
