"""What the folders of images say: which level is the subset, the class, the patient, the study.

    covid/a.png                               the class
    train/covid/a.png  covid/test/a.png       subset and class, whichever comes first
    covid/patient001/study1/a.png             class, patient, study
    hospital a/covid/a.png                    a collection, where only the inner names are classes
    images/covid/a.png  part_1/covid/a.png    names that say nothing are passed over
    covid/a.png  augmented/covid/b.png        a collection inside which classes repeat
    train_covid/a.png  test_covid/b.png       subset and class in one name
    plots/a.png                               a folder of pictures that are none of the dataset

`xray_dataset.json` may say instead what each level is (`folders`).
"""

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xray_core.datasets.folder.branches import (
    Place,
    choose_level,
    divide_names,
    read_branch,
    set_collections_apart,
    settle_numbers,
)
from xray_core.datasets.folder.finding_names import replace_bars
from xray_core.datasets.folder.names import (
    CLASS,
    PATIENT,
    SITE,
    STUDY,
    SUBSET,
    is_label,
    unify_spelling,
)
from xray_core.tables.cells import parse_subset

MAX_CLASSES = 200  # more are not classes but, for instance, patients
NOTHING = ""
# What is added to the name of a class where its folder was copied, or filled anew by a program.
COPY = re.compile(
    r"(?P<name>.+?)[\s_-]*(\b|(?<=[\s_-]))"
    r"((copy|kopie|copia|copie)(\s*\(?\d+\)?)?|augmented|aug|resized|\(\d+\))\s*",
    re.IGNORECASE,
)
COUNTED = re.compile(r"(?P<start>[^\W\d]*)[\s_-]?\d{4,}")
LEVELS = (SUBSET, CLASS, PATIENT, STUDY, SITE, NOTHING)  # what a level of folders may be


@dataclass(frozen=True)
class Layout:
    """What all folders with images say.

    Attributes:
        places: folder, relative to the root -> what it says.
        classes: class -> its images; in the spelling that most images have.
        spellings: another spelling of a class -> (the class, its images).
        renamed: a class, as its folder is called -> without a bar.
        problem: why the folders give no labels, in a sentence; "" if they do.
        numbered: the classes are numbers, whose meaning nobody says.
        inner: folders inside the classes that were passed over, e.g. "covid/adult".
        maybe_patients: those of `inner` that may be patients: many, and none in two classes.
    """

    places: Mapping[str, Place]
    classes: Mapping[str, int] = field(default_factory=dict)
    spellings: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    numbered: bool = False
    inner: tuple[str, ...] = ()
    maybe_patients: tuple[str, ...] = ()


def read_layout(counts: Mapping[str, int], levels: Sequence[str] = ()) -> Layout:
    """Tell what the folders say.

    Args:
        counts: folder, relative to the root -> images directly in it, none of them masks.
        levels: what each level of folders is, of `LEVELS`; none: as their names have it.
    """
    if levels:
        return _settle({folder: _read_levels(folder, levels) for folder in counts}, counts, True)
    branches = {folder: read_branch(folder, n) for folder, n in counts.items()}
    numbered = settle_numbers(branches.values())
    divide_names(branches.values())
    places: dict[str, Place] = {}
    inner: dict[str, int] = {}
    ambiguous = set_collections_apart(branches.values())
    problem, class_level = choose_level([b.names for b in branches.values() if b.names])
    problem = ambiguous or problem
    for folder, branch in branches.items():
        names = branch.names
        # Where the class lies deeper, what lies only half as deep has none.
        label = names[class_level] if len(names) > class_level else ""
        site = branch.site or (names[0] if class_level and names else "")
        places[folder] = branch.place._replace(label=label, site=site)
        for name in names[class_level + 1 : class_level + 2]:
            key = f"{label}/{name}"
            inner[key] = inner.get(key, 0) + branch.n_images
    layout = _settle(_leave_out_strays(places), counts)
    if _are_datasets(places):
        sites = sorted({place.site for place in places.values() if place.site})
        problem = f"it holds several datasets side by side: {', '.join(sites[:3])}"
    if problem and not layout.problem:
        layout = replace(layout, problem=problem)
    return replace(
        layout,
        numbered=numbered,
        inner=tuple(inner),
        maybe_patients=tuple(inner) if _may_be_patients(inner) else (),
    )


def _read_levels(folder: str, levels: Sequence[str]) -> Place:
    values: dict[str, str] = {}
    steps = folder.split("/") if folder else []
    for depth, (name, level) in enumerate(zip(steps, levels, strict=False), start=1):
        if level == SUBSET:
            values["subset"] = parse_subset(name) or ""
        elif level == STUDY:
            values["study"] = "/".join(steps[:depth])
        elif level != NOTHING:
            values["label" if level == CLASS else level] = name
    return Place(**values)


def _leave_out_strays(places: dict[str, Place]) -> dict[str, Place]:
    """Take the class from folders beside the subsets that all other classes lie in.

    They are what a project keeps beside its data, unless they are called as classes are.
    """
    of_class: dict[str, set[str]] = defaultdict(set)
    for place in places.values():
        if place.label:
            of_class[unify_spelling(place.label)].add(place.subset)
    beside = {label for label, subsets in of_class.items() if subsets == {""}}
    within = [subsets for label, subsets in of_class.items() if label not in beside]
    if len(within) < 2 or any("" in subsets or len(subsets) < 2 for subsets in within):
        return places
    return {
        folder: place._replace(label="", site="")
        if unify_spelling(place.label) in beside and not is_label(place.label)
        else place
        for folder, place in places.items()
    }


def _are_datasets(places: Mapping[str, Place]) -> bool:
    """Whether collections have subsets of their own inside: then they are whole datasets."""
    return any(
        place.site and place.subset and folder.split("/")[0] == place.site
        for folder, place in places.items()
    )


def _settle(places: dict[str, Place], counts: Mapping[str, int], is_said: bool = False) -> Layout:
    """Count the classes, in one spelling each, and say where there are too few or too many.

    Args:
        places: folder -> what it says.
        counts: folder -> images in it.
        is_said: whether a person said which folders are classes, which is not doubted.
    """
    written: Counter[str] = Counter()
    for folder, place in places.items():
        if place.label:
            written[place.label] += counts[folder]
    chosen: dict[str, str] = {}  # what spellings share -> the most frequent of them
    for name, _ in sorted(written.items(), key=lambda item: (-item[1], item[0])):
        chosen.setdefault(unify_spelling(name), name)
    of_name = {name: chosen[unify_spelling(name)] for name in written}
    classes: Counter[str] = Counter()
    for name, n in written.items():
        classes[of_name[name]] += n
    return Layout(
        {
            f: place._replace(label=replace_bars(of_name.get(place.label, "")))
            for f, place in places.items()
        },
        {replace_bars(name): n for name, n in classes.items()},
        {
            name: (replace_bars(of_name[name]), n)
            for name, n in written.items()
            if of_name[name] != name
        },
        {name: new for name in classes if (new := replace_bars(name)) != name},
        _name_problem(list(classes), places.values()) or ("" if is_said else _doubt(classes)),
    )


def _name_problem(classes: Sequence[str], places: Iterable[Place]) -> str:
    if len(classes) >= 2 and len(classes) <= MAX_CLASSES:
        return ""
    if len(classes) > MAX_CLASSES:
        return (
            f"{len(classes):,} folders would be classes ({', '.join(sorted(classes)[:3])}, ...), "
            f"more than {MAX_CLASSES}: they may be patients or studies"
        )
    patients = sorted({place.patient for place in places if place.patient})
    if patients and not classes:
        return (
            f"the folders are patients ({', '.join(patients[:3])}"
            f"{', ...' if len(patients) > 3 else ''}), which are no classes"
        )
    if classes:
        return f"only a single class has images: {classes[0]}"
    return "no folder's name is a class"


def _doubt(classes: Collection[str]) -> str:
    """Return why several names are no classes: copies of a folder, or numbers of patients."""
    known = {unify_spelling(name) for name in classes}
    for name in sorted(classes):
        match = COPY.fullmatch(name)
        if match and unify_spelling(match["name"]) in known:
            return f"the folder {name!r} seems to be a copy of {match['name']!r}"
    starts = {match["start"] if (match := COUNTED.fullmatch(name)) else None for name in classes}
    if len(starts) == 1 and None not in starts and len(classes) > 2:
        shown = ", ".join(sorted(classes)[:3])
        return f"the folders are numbered as patients or studies are ({shown}), no classes"
    return ""


def _may_be_patients(inner: Mapping[str, int]) -> bool:
    """Whether folders inside the classes may be patients: several, and none in two classes."""
    holders: dict[str, set[str]] = defaultdict(set)
    for way in inner:
        label, name = posixpath.split(way)
        holders[name].add(label)
    n_labels = len({posixpath.dirname(way) for way in inner})
    return len(inner) >= 2 * max(n_labels, 2) and all(
        len(labels) == 1 for labels in holders.values()
    )
