"""Confounding: what tells the label without a look at the lungs, such as the hospital."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_core.audit.bit_depths import name_depths
from xray_core.audit.burnt_in import has_text
from xray_core.audit.issue import DataIssue, count_of, passed, rows_of

# Only an effect of some size is worth a person's time: with thousands of images, anything
# is "significant".
WEAK, STRONG = 0.2, 0.5  # Cramér's V
GAIN, LARGE_GAIN = 0.1, 0.2  # of the best guess over always answering the largest class
N_NEEDED = 100  # images; with fewer, an association may well be chance
MIN_Z = 4.0  # standard deviations from what chance gives
FEW = 20  # images; rarer values are merged, lest chance looks like knowledge
N_BINS = 5
UNKNOWN, RARE = "unknown", "rarer ones"


@dataclass(frozen=True)
class Association:
    """How far one thing tells another.

    Attributes:
        n: images that both are known of.
        z: how surprising it is if nothing lies behind it, in standard deviations.
        cramers_v: 0 (tells nothing) to 1 (tells all), corrected for chance.
        majority: share of the largest class, in (0, 1].
        best_guess: share that is right who knows the value, at least `majority`.
    """

    n: int
    z: float
    cramers_v: float
    majority: float
    best_guess: float

    @property
    def gain(self) -> float:
        return self.best_guess - self.majority

    @property
    def is_real(self) -> bool:
        """Whether it is large enough to matter, and too large for chance."""
        matters = self.cramers_v >= WEAK or self.gain >= GAIN
        return matters and self.n >= N_NEEDED and self.z >= MIN_Z


def measure_association(labels: pd.Series, values: pd.Series) -> Association:
    """Return how far `values` tell `labels`, both of n >= 1 images and without <NA>.

    Sources: Bergsma, J Korean Stat Soc 42 (2013), doi:10.1016/j.jkss.2012.10.002, for V; Wilson
    and Hilferty, PNAS 17 (1931), doi:10.1073/pnas.17.12.684, for z.
    """
    table: NDArray[np.float64] = pd.crosstab(labels, values).to_numpy(float)
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi_squared = float(((table - expected) ** 2 / expected).sum() / n)
    rows, columns = table.shape
    squared, z = 0.0, 0.0
    if n > 1 and min(rows, columns) > 1:
        freedom = (rows - 1) * (columns - 1)
        spread = 2 / (9 * freedom)
        z = float(((phi_squared * n / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5)
        chance = (rows - 1) * (columns - 1) / (n - 1)
        rows_left = rows - (rows - 1) ** 2 / (n - 1)
        columns_left = columns - (columns - 1) ** 2 / (n - 1)
        squared = max(0.0, phi_squared - chance) / max(1e-9, min(rows_left, columns_left) - 1)
    return Association(
        n=int(n),
        z=z,
        cramers_v=min(1.0, squared**0.5),
        majority=float(table.sum(axis=1).max() / n),
        best_guess=float(table.max(axis=0).sum() / n),
    )


def check_confounding(images: pd.DataFrame) -> list[DataIssue]:
    """Find what is associated with the label.

    Args:
        images: the audited table; label and the columns that `list_factors` reads count.
    """
    labelled = images[images["label"].notna()]
    if labelled["label"].nunique() < 2:
        return []
    issues, unsuspicious = [], []
    for name, values in list_factors(labelled).items():
        link = measure_association(labelled["label"], values)
        if link.is_real:
            issues.append(_describe(name, link, labelled["label"], values))
        else:
            unsuspicious.append(name)
    if unsuspicious:
        issues.append(
            passed("confounding", f"These tell little of the label: {', '.join(unsuspicious)}.")
        )
    elif not issues:
        issues.append(
            passed("confounding", "No hospital, view, age or file size varies that could tell it.")
        )
    return issues


def _describe(name: str, link: Association, labels: pd.Series, values: pd.Series) -> DataIssue:
    counts = pd.crosstab(values, labels).rename_axis(name)
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    figures = f"{count_of(link.n, 'image')}, Cramér's V {link.cramers_v:.2f}"
    title = f"The {name} goes along with the label ({figures})."
    if link.gain >= GAIN:
        title = (
            f"The {name} alone tells the label of {link.best_guess:.0%} of the images; always "
            f"answering the largest class is right for {link.majority:.0%} ({figures})."
        )
    serious = link.cramers_v >= STRONG or link.gain >= LARGE_GAIN
    return DataIssue(
        code="confounding",
        severity="serious" if serious else "warning",
        title=title,
        count=link.n,
        why=f"{_widest_gap(counts)} A network may learn to recognise the {name} instead of the "
        "disease, and fail elsewhere.",
        advice="Compare scores within one value of it, test on images from elsewhere, and "
        "look at what the network looks at.",
        table=rows_of(counts.loc[order].reset_index().rename_axis(columns=None)),
    )


def _widest_gap(counts: pd.DataFrame) -> str:
    """Return in words the class whose share differs most between two values."""
    shares = counts.div(counts.sum(axis=1), axis=0)
    name = str((shares.max() - shares.min()).idxmax())
    share = shares[name]
    return (
        f"{name} is {share.max():.0%} of the images at {share.idxmax()}, but "
        f"{share.min():.0%} at {share.idxmin()}."
    )


def list_factors(images: pd.DataFrame) -> dict[str, pd.Series]:
    """Return name -> what could tell the label, as text of few values; index kept.

    What is the same everywhere is left out. Numbers become fifths of the images.
    """
    longer = images[["width", "height"]].max(axis=1)
    original = images[["original_width", "original_height"]].max(axis=1)
    ratios = (
        images["width"].astype("Float64") / images["height"],
        images["original_width"].astype("Float64") / images["original_height"],
    )
    age = (images["age"] // 10 * 10).astype("Int64")
    factors = {
        "source": images["source"],
        "site": images["site"],
        "view_position": images["view_position"],
        "gender": images["gender"],
        "age group": age.astype("string") + " to " + (age + 9).astype("string") + " years",
        "file format": images["format"],
        "image size": bin_numbers(longer) + " px",
        "proportions": bin_numbers(ratios[0]) + " wide for 1 high",
        "original size": bin_numbers(original) + " px",
        "original proportions": bin_numbers(ratios[1]) + " wide for 1 high",
        "brightness": bin_numbers(images["brightness"]),
        "contrast": bin_numbers(images["contrast"]),
        "bit depth": name_depths(images),
        "text burnt in": has_text(images).astype("boolean").map({True: "text", False: "none"}),
    }
    merged = {name: _merge(values) for name, values in factors.items()}
    return {name: values for name, values in merged.items() if values.nunique() > 1}


def bin_numbers(numbers: pd.Series) -> pd.Series:
    """Return each number's range among fifths of equally many images."""
    floats = numbers.astype("Float64").astype(float)
    if floats.nunique() <= N_BINS:
        return floats.map("{:.4g}".format, na_action="ignore").astype("string")
    bins = pd.qcut(floats, N_BINS, duplicates="drop")
    words = bins.map(
        lambda interval: f"{interval.left:.4g} to {interval.right:.4g}", na_action="ignore"
    )
    return words.astype("string")


def _merge(values: pd.Series) -> pd.Series:
    # Not to know the hospital may tell the label as well as to know it.
    named = values.fillna(UNKNOWN)
    counts = named.map(named.value_counts())
    return named.where(counts >= FEW, RARE)
