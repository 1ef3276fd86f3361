"""Names of classes: which are of the same class in another task.

Classes are the same if they are called the same, or by names of `SAME`. A class of images on which
nothing is seen fits any class of images without something; the other way round only where the
two tasks ask for the same otherwise, and so for names that say nothing by themselves (`VAGUE`).
Nothing is guessed from the order of classes, and an opacity is no pneumonia.
"""

import re
from collections.abc import Mapping, Sequence

# Names of one thing, as `plain_name` writes them -> why.
SAME: Mapping[frozenset[str], str] = {
    frozenset({"covid 19", "covid", "covid19"}): "both are names of the disease",
    frozenset({"tuberculosis", "tb"}): "one is short for the other",
    frozenset({"bacterial", "bacterial pneumonia"}): "both are pneumonia that bacteria cause",
    frozenset({"viral", "viral pneumonia"}): "both are pneumonia that a virus causes",
    frozenset({"effusion", "pleural effusion"}): "both are fluid around the lung",
}
# Of images on which nothing abnormal is seen.
NORMAL = frozenset({"normal", "no finding", "healthy"})
# Without what the task asks for, or all that is left: what that is, the other classes say.
VAGUE = frozenset({"negative", "other", "others"})
BY_NAME = "they are called the same"
SEES_NOTHING = "where nothing abnormal is seen, this is not seen either"
SEES_NOT_THIS = "the other classes are the same, so what is left is, too"


def match_names(
    given: Sequence[str], wanted: Sequence[str], *, multilabel: bool = False
) -> dict[str, tuple[str, str]]:
    """Return class of `given` -> that of `wanted` which it stands for, and why.

    Args:
        given: in their order.
        wanted: likewise.
        multilabel: whether an image may have several of both: then there is no class of what is
            left.

    >>> match_names(["Normal", "opacity"], ["no opacity", "opacity"])["Normal"][0]
    'no opacity'
    """
    identical = {*map(plain_name, given)} == {*map(plain_name, wanted)}
    same: dict[str, tuple[str, str]] = {}
    for name in given:
        for other in wanted:
            vague = plain_name(name) in VAGUE and not identical
            if name not in same and not vague and (why := _same(name, other)):
                same[name] = other, why
    classes = {name: other for name, (other, _) in same.items()}
    for name, other in ({} if multilabel else _match_rest(given, wanted, classes)).items():
        same[name] = other, SEES_NOTHING if plain_name(name) in NORMAL else SEES_NOT_THIS
    return {name: same[name] for name in given if name in same}


def plain_name(name: str) -> str:
    """Return a name of a class without what does not matter: capitals, blanks, - and _."""
    return re.sub(r"[\W_]+", " ", name).strip().casefold()


def _match_rest(
    given: Sequence[str], wanted: Sequence[str], classes: Mapping[str, str]
) -> dict[str, str]:
    """Match the class without anything, or of all that is left, of one task with the other's."""
    rest = [name for name in given if name not in classes and _is_rest(name)]
    others = [name for name in wanted if name not in {*classes.values()} and _is_rest(name)]
    if len(rest) != 1 or len(others) != 1:
        return {}
    alike = len(classes) + 1 == len(given) == len(wanted)
    sees_nothing = plain_name(rest[0]) in NORMAL and is_negative(others[0])
    return {rest[0]: others[0]} if alike or sees_nothing else {}


def _is_rest(name: str) -> bool:
    return is_negative(name) or plain_name(name) in VAGUE


def is_negative(name: str) -> bool:
    """Whether a class is of images without any finding, by its name."""
    plain = plain_name(name)
    return plain in NORMAL or plain == "negative" or plain.startswith(("no ", "non "))


def _same(name: str, other: str) -> str:
    """Return why two names are of the same class; "" if they are not."""
    plain = {plain_name(name), plain_name(other)}
    if len(plain) == 1:
        return BY_NAME
    return next((why for names, why in SAME.items() if plain <= names), "")
