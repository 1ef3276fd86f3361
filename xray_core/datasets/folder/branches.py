"""The names on the way to each folder of images, and which of them may be classes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xray_core.datasets.folder.names import (
    CLASS,
    NUMBER,
    OTHER,
    PATIENT,
    SITE,
    STUDY,
    SUBSET,
    is_label,
    read_name,
    read_number,
    unify_spelling,
)
from xray_core.tables.cells import parse_subset

MAX_NUMBERS = 10  # numbered folders are classes up to here


class Place(NamedTuple):
    """What the folders around an image say; "" for what they leave open.

    A study is the way to its folder, for many are called study1.
    """

    subset: str = ""
    label: str = ""
    patient: str = ""
    study: str = ""
    site: str = ""


@dataclass
class Branch:
    """The names on the way to a folder with images, by kind."""

    n_images: int
    place: Place
    names: list[str]  # of the kinds CLASS and NUMBER, outermost first
    site: str = ""


def read_branch(folder: str, n_images: int) -> Branch:
    """Return what the names on the way to a folder say, each by itself.

    Args:
        folder: relative to the root, with forward slashes.
        n_images: images directly in it.
    """
    place, names, site = Place(), list[str](), ""
    steps = folder.split("/") if folder else []
    for depth, name in enumerate(steps, start=1):
        kind = read_name(name)
        if kind == OTHER:
            return Branch(n_images, Place(), [])
        if kind == SUBSET and not place.subset:
            place = place._replace(subset=parse_subset(name) or "")
        elif kind == PATIENT:  # the innermost: p10/p10000032
            place = place._replace(patient=name)
        elif kind == STUDY and not place.study:  # "study1" of another patient is another one
            place = place._replace(study="/".join(steps[:depth]))
        elif kind == SITE and not names:
            site = name
        elif kind in (CLASS, NUMBER, SITE) and not (names and is_same(names[-1], name)):
            names.append(name)  # "COVID/COVID", as archives are unpacked, is one
    return Branch(n_images, place, names, site)


def settle_numbers(branches: Iterable[Branch]) -> bool:
    """Drop names that are numbers, unless they are classes; return whether they are.

    They are where nothing else could be, and they count from 0 or 1 up to a few. "images/000" and
    "1234" are stores.
    """
    every = list(branches)
    firsts = [branch.names[0] for branch in every if branch.names]
    numbers = {read_number(name) for name in firsts}
    known = sorted(number for number in numbers if number is not None)
    counts_up = known[:1] in ([0], [1]) and known == list(range(known[0], known[0] + len(known)))
    if firsts and None not in numbers and counts_up and 2 <= len(known) <= MAX_NUMBERS:
        return True
    for branch in every:
        branch.names = [name for name in branch.names if read_name(name) != NUMBER]
    return False


def is_same(name: str, other: str) -> bool:
    """Whether two names are spellings of one class."""
    return unify_spelling(name) == unify_spelling(other)


def divide_names(branches: Iterable[Branch]) -> None:
    """Divide names such as "train_covid" into subset and class, where they are named throughout so.

    They are where a class has several subsets, or where each lies in the folder of its own subset.
    """
    single = [branch for branch in branches if len(branch.names) == 1]
    divided = [(branch, *_divide_name(branch.names[0])) for branch in single]
    divided = [each for each in divided if each[1]]
    subsets: dict[str, set[str]] = defaultdict(set)
    for _, subset, label in divided:
        subsets[unify_spelling(label)].add(subset)
    within = bool(divided) and all(branch.place.subset == subset for branch, subset, _ in divided)
    if not within and not any(len(several) > 1 for several in subsets.values()):
        return
    for branch, subset, label in divided:
        if branch.place.subset in ("", subset):
            branch.place, branch.names = branch.place._replace(subset=subset), [label]


def _divide_name(name: str) -> tuple[str, str]:
    """Return (subset, class) of "train_covid" or "CovidTest"; ("", "") of any other name."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.strip())
    words = re.split(r"([\s_.-]+)", spaced)  # every other of them is what stands between two
    places = [place for place, word in enumerate(words) if parse_subset(word)]
    if len(places) != 1 or len(words) == 1:
        return "", ""
    place = places[0]
    before, after = "".join(words[: max(place - 1, 0)]), "".join(words[place + 2 :])
    between = words[place - 1] if before and after else ""
    return parse_subset(words[place]) or "", f"{before}{between}{after}"


def set_collections_apart(branches: Iterable[Branch]) -> str:
    """Take folders inside which other folders' classes repeat for collections, not for classes.

    Returns:
        Why it cannot be told, if such a folder is called as classes are; "" if it can.
    """
    every = [branch for branch in branches if branch.names]
    classes = {unify_spelling(branch.names[0]) for branch in every if len(branch.names) == 1}
    inner: dict[str, set[str]] = defaultdict(set)
    for branch in every:
        inner[branch.names[0]].add(unify_spelling(branch.names[1]) if branch.names[1:] else "")
    collections = {name for name, names in inner.items() if names and names <= classes}
    if named := sorted(filter(is_label, collections)):
        within = next(b.names[1] for b in every if b.names[0] == named[0])
        return (
            f"classes repeat: {within} is a folder beside {named[0]} and inside it, so that either "
            "level may be the classes"
        )
    for branch in every:
        if branch.names[0] in collections:
            branch.site, branch.names = branch.names[0], branch.names[1:]
    return ""


def choose_level(ways: Sequence[Sequence[str]]) -> tuple[str, int]:
    """Return (why it cannot be told, which of two levels of names holds the classes)."""
    firsts = {way[0] for way in ways}
    seconds: dict[str, set[str]] = defaultdict(set)
    for way in ways:
        for name in way[1:2]:
            seconds[unify_spelling(name)].add(way[0])
    names = {way[1] for way in ways if len(way) > 1}
    outer, inner = any(map(is_label, firsts)), any(map(is_label, names))
    if len(names) < 2 or (outer and not inner):
        return "", 0
    if len(firsts) == 1 or (inner and not outer):
        return "", 1
    repeated = [way[1] for way in ways if len(way) > 1 and len(seconds[unify_spelling(way[1])]) > 1]
    if repeated:
        shown = ", ".join(sorted(firsts)[:3])
        return (
            f"classes repeat a subfolder: {repeated[0]!r} lies in several of {shown}, so that "
            "either level may be the classes"
        ), 0
    return "", 0
