"""Labels: columns that contradict each other, small classes, subsets too small to evaluate."""

from typing import Any

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, passed, rows_of, with_absent
from xray_core.wilson import wilson_interval

# The finding of a study that says "nothing there" -> the same, said of one image.
NEGATIVES = {"Negative for Pneumonia": "none"}
FEW_IMAGES = 50  # a class with fewer is hard to learn
IMBALANCE = 3.0  # largest class against smallest, from which on it is mentioned
WIDE, VERY_WIDE = 0.05, 0.10  # half of an interval's width, from which on a subset is small
TRAINING = "training"


def check_columns(images: pd.DataFrame) -> list[DataIssue]:
    """Find images whose own label contradicts their study's, and studies with both kinds.

    Args:
        images: the audited table; image_id, path, study_id, findings, image_findings count.
            Counted are the images that are here; how many it is with the others is said.
    """
    both = images[images["findings"].notna() & images["image_findings"].notna()]
    if both.empty:
        return []
    return [*_check_negatives(both), *_check_studies(images)]


def _check_negatives(both: pd.DataFrame) -> list[DataIssue]:
    issues = []
    for of_study, of_image in NEGATIVES.items():
        if not (both["findings"] == of_study).any():
            continue
        empty, negative = both["image_findings"] == of_image, both["findings"] == of_study
        for code, wrong, what, why in (
            (
                "image_without_finding",
                both[empty & ~negative],
                f"{{}} labelled {of_image!r} belong to a study that is not {of_study!r}.",
                "The study's label is given to an image that shows none of it, such as its "
                "other view.",
            ),
            (
                "image_with_finding",
                both[~empty & negative],
                f"{{}} with a finding belong to a study labelled {of_study!r}.",
                "One of the two labels must be wrong.",
            ),
        ):
            n_all, wrong = len(wrong), wrong[wrong["path"].notna()]
            if wrong.empty:
                issues.append(
                    passed(code, f"{what.format('No image').replace('belong', 'belongs')}")
                )
                continue
            more = with_absent(len(wrong), n_all)
            issues.append(
                DataIssue(
                    code=code,
                    severity="serious",
                    title=f"{what.format(count_of(len(wrong), 'image')).removesuffix('.')}{more}.",
                    count=len(wrong),
                    why=why,
                    advice="Train on the image's own label, or leave these images out.",
                    examples=first_of(wrong["image_id"]),
                    table=rows_of(
                        wrong.groupby(["findings", "image_findings"])
                        .size()
                        .rename("images")
                        .reset_index()
                        .sort_values("images", ascending=False)
                    ),
                )
            )
    return issues


def _check_studies(images: pd.DataFrame) -> list[DataIssue]:
    known = images[images["study_id"].notna() & images["image_findings"].notna()]
    if known.empty:
        return []
    n_all = int((known.groupby("study_id")["image_findings"].nunique() > 1).sum())
    known = known[known["path"].notna()]
    kinds = known.groupby("study_id")["image_findings"].nunique()
    mixed = known[known["study_id"].isin(kinds.index[kinds > 1])].sort_values(
        "study_id", kind="stable"
    )
    n_studies = int((kinds > 1).sum())
    if not n_studies:
        return [passed("mixed_study", "The images of each study have the same label.")]
    return [
        DataIssue(
            code="mixed_study",
            severity="warning",
            title=f"{count_of(n_studies, 'study', 'studies')} "
            f"{'holds' if n_studies == 1 else 'hold'} images with different labels"
            f"{with_absent(n_studies, n_all)}.",
            count=n_studies,
            why="They share the study's label, so it does not fit all of their images.",
            advice="Choose a task of the images, not of the studies, or keep it in mind.",
            examples=first_of(mixed["image_id"]),
            table=rows_of(
                pd.crosstab(mixed["study_id"], mixed["image_findings"].astype(object))
                .rename_axis("study")
                .reset_index()
            ),
        )
    ]


def check_classes(counts: pd.DataFrame, n_images: int) -> list[DataIssue]:
    """Check the size of each class.

    Args:
        counts: index class; column images and one column for each subset.
        n_images: labelled images; with several classes an image, fewer than the sum.
    """
    absent = counts.index[counts["images"] == 0]
    issues = []
    if len(absent):
        issues.append(
            DataIssue(
                code="absent_class",
                severity="serious",
                title=f"{count_of(len(absent), 'class', 'classes')} of the task without any "
                f"image here: {', '.join(map(str, absent))}.",
                count=len(absent),
                why="Nothing can be learnt about them.",
                advice="Choose another task, or add images.",
            )
        )
        counts = counts.drop(index=absent)
    if counts.empty:
        return issues
    sizes = counts["images"].sort_values(kind="stable")
    table = rows_of(
        counts.assign(share=counts["images"] / max(1, n_images)).rename_axis("class").reset_index()
    )
    small, large = sizes.index[0], sizes.index[-1]
    ratio = float(sizes.iloc[-1]) / max(1, int(sizes.iloc[0]))
    text = (
        f"The smallest class, {small}, has {count_of(int(sizes.iloc[0]), 'image')}; "
        f"the largest, {large}, has {int(sizes.iloc[-1]):,}"
    )
    few = int(sizes.iloc[0]) < FEW_IMAGES
    if not few and ratio < IMBALANCE:
        return [*issues, DataIssue("class_counts", "passed", f"{text}.", table=table)]
    return [
        *issues,
        DataIssue(
            code="class_counts",
            severity="serious" if few else "warning",
            title=f"{text}, {ratio:.1f} times as many.",
            count=int(sizes.iloc[0]),
            why=f"Always answering {large} is right for {sizes.iloc[-1] / max(1, n_images):.0%} of "
            "the images, so accuracy alone says little.",
            advice="Evaluate by balanced accuracy and by each class; weigh the classes, "
            "or merge small ones in another task.",
            table=table,
        ),
    ]


def check_subsets(counts: pd.DataFrame, n_of_subset: pd.Series) -> list[DataIssue]:
    """Say how uncertain a figure measured on each subset must be.

    Args:
        counts: as for `check_classes`.
        n_of_subset: labelled images of each subset, in order.
    """
    evaluated = n_of_subset[n_of_subset.index != TRAINING]
    counts = counts[counts["images"] > 0]
    if evaluated.empty:
        return []
    rows: list[dict[str, Any]] = []
    issues = []
    for subset, n in evaluated.items():
        of_class = counts[str(subset)].sort_values(kind="stable")
        smallest, n_smallest = of_class.index[0], int(of_class.iloc[0])
        rows.append(
            {
                "subset": str(subset),
                "images": int(n),
                "accuracy uncertain by": f"± {100 * _uncertainty(int(n)):.0f} points",
                "smallest class": str(smallest),
                "its images": n_smallest,
                "its recall uncertain by": f"± {100 * _uncertainty(n_smallest):.0f} points"
                if n_smallest
                else "everything",
            }
        )
    for row in rows:
        width = _uncertainty(row["images"])
        if width < WIDE and _uncertainty(row["its images"]) < VERY_WIDE:
            issues.append(
                DataIssue(
                    "subset_size",
                    "passed",
                    f"An accuracy measured on the {row['images']:,} images of the {row['subset']} "
                    f"set is uncertain by at most {row['accuracy uncertain by']}.",
                    table=(row,),
                )
            )
            continue
        whole = width >= WIDE
        issues.append(
            DataIssue(
                code="subset_size",
                severity="serious" if width >= VERY_WIDE else "warning",
                title=f"An accuracy measured on the {count_of(row['images'], 'image')} of "
                f"the {row['subset']} set is uncertain by up to {row['accuracy uncertain by']}."
                if whole
                else f"The recall of {row['smallest class']}, measured on "
                f"{count_of(row['its images'], 'image')} of the {row['subset']} set, is "
                f"uncertain: up to {row['its recall uncertain by']}.",
                count=row["images"] if whole else row["its images"],
                why="A smaller difference between two models is chance (95 % interval after "
                "Wilson, at its widest; several images of one patient make it wider).",
                advice="Give the interval with every figure. To choose between models, use a "
                "larger subset or several folds.",
                table=(row,),
            )
        )
    return issues


def _uncertainty(n: int) -> float:
    """Return half of the width of the interval of a share measured on n images, at its widest."""
    low, high = wilson_interval(n / 2, n)
    return float(high - low) / 2
