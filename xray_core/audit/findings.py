"""Findings that contradict each other, are unknown for most images, or are never present."""

import re
from dataclasses import replace

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of, with_absent
from xray_core.catalog import Catalog
from xray_core.tasks import PRESENT, SEPARATOR, UNKNOWN, align_states, count_states

# What datasets call an image on which nothing is seen; small letters, words with one blank between.
NOTHING = {
    *("no finding", "no findings", "no significant finding", "no significant findings", "none"),
    *("no abnormality", "no abnormalities", "normal", "negative", "healthy", "nothing", "clear"),
}
# With them CheXpert and MIMIC-CXR call an image No Finding, as tubes and wires are no disease.
DEVICES = {"support devices"}
MOST = 0.5  # share of the images


def check_findings(catalog: Catalog) -> list[DataIssue]:
    """Check what the dataset says is present, absent and unknown, image by image.

    Counted are the images that are here. Nothing is checked where an image has one finding at
    most.
    """
    issues = _check_contradictions(catalog.images)
    catalog = replace(catalog, images=catalog.present)
    counts = count_states(catalog)
    if counts.empty:
        return issues
    issues += [*_check_unknown(counts), *_check_present(counts)]
    return [*issues, *_check_named(catalog)]


def _check_contradictions(images: pd.DataFrame) -> list[DataIssue]:
    combinations = [text for text in images["findings"].dropna().unique() if SEPARATOR in str(text)]
    if not combinations:
        return []
    wrong = [text for text in combinations if contradicts(text.split(SEPARATOR))]
    rows = images[images["findings"].isin(wrong) & images["path"].notna()]
    n_all = int(images["findings"].isin(wrong).sum())
    if rows.empty:
        return [passed("contradicted_finding", "No image with a finding is also called normal.")]
    table = rows["findings"].value_counts().rename("images").rename_axis("findings").reset_index()
    return [
        DataIssue(
            code="contradicted_finding",
            severity="serious",
            title=f"{count_of(len(rows), 'image')} with a finding {_be(len(rows))} also said to "
            f"show none{with_absent(len(rows), n_all)}.",
            count=len(rows),
            why="One of the labels must be wrong.",
            advice="Look at them, then correct the table or leave them out.",
            examples=first_of(rows["image_id"]),
            table=rows_of(table),
        )
    ]


def contradicts(findings: list[str]) -> bool:
    """Whether findings of one image exclude each other.

    >>> contradicts(["No_Finding", "Mass"]), contradicts(["Mass", "no mass"])
    (True, True)
    >>> contradicts(["Normal", "no finding"]), contradicts(["Mass", "Nodule"])
    (False, False)
    >>> contradicts(["No Finding", "Support Devices"])
    False
    """
    names = set(map(_simplify, findings))
    others = {name for name in names - NOTHING - DEVICES if not name.startswith("no ")}
    return bool(others and names & NOTHING) or any(f"no {name}" in names for name in others)


def _simplify(name: str) -> str:
    """Return a finding's name in small letters, with one blank between its words.

    >>> _simplify("No_Finding ")
    'no finding'
    """
    return " ".join(re.findall(r"\w+", name.casefold().replace("_", " ")))


def _check_named(catalog: Catalog) -> list[DataIssue]:
    """Find images that are said not to be normal, and of which every finding is absent."""
    states = align_states(catalog)
    nothing = [name for name in states.columns if _simplify(name) in NOTHING]
    others = states.columns.difference(nothing)
    if not nothing or others.empty:
        return []
    all_absent = states.eq(0).fillna(False).all(axis=1)
    wrong = catalog.images.loc[all_absent.to_numpy(bool), "image_id"]
    names = " or ".join(map(repr, nothing))
    if wrong.empty:
        return [passed("unnamed_finding", f"Each image that is not {names} shows some finding.")]
    return [
        DataIssue(
            code="unnamed_finding",
            severity="warning",
            title=f"{count_of(len(wrong), 'image')} {_be(len(wrong))} not {names}, and no finding "
            "is present.",
            count=len(wrong),
            why="They may show what the table has no column for, or be normal: their class is a "
            "guess.",
            advice="Compare with the dataset's own description, or leave them out.",
            examples=first_of(wrong),
        )
    ]


def _check_unknown(counts: pd.DataFrame) -> list[DataIssue]:
    often = counts[counts[f"share {UNKNOWN}"] > MOST]
    if often.empty:
        return [passed("mostly_unknown", "Of every finding it is known for most images.")]
    return [
        DataIssue(
            code="mostly_unknown",
            severity="warning",
            title=f"{count_of(len(often), 'finding')} {_be(len(often))} unknown for most images: "
            f"{', '.join(often['finding'])}.",
            count=len(often),
            why="A task on several findings at once leaves out an image of which a single one is "
            "unknown, so few may be left.",
            advice="If an empty cell means that nothing was seen, say so when the columns are "
            "mapped; otherwise choose a task of a single class.",
            table=rows_of(often),
        )
    ]


def _check_present(counts: pd.DataFrame) -> list[DataIssue]:
    never = counts[counts[PRESENT] == 0]
    if never.empty:
        return [passed("never_present", "Every finding is present on some image.")]
    return [
        DataIssue(
            code="never_present",
            severity="warning",
            title=f"{count_of(len(never), 'finding')} {_be(len(never))} present on no image: "
            f"{', '.join(never['finding'])}.",
            count=len(never),
            why="Nothing can be learnt about them, so they are no class of a task.",
            advice="Compare with the dataset's own description: a column may be read wrongly.",
            table=rows_of(never),
        )
    ]


def _be(number: int) -> str:
    return "is" if number == 1 else "are"
