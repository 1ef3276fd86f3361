"""Copies: images identical to the pixel, or nearly so, within and across classes and subsets."""

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, first_of_pairs, passed, rows_of

KEPT = 8  # members of a group that its row names
LABELS = {"findings": "the findings", "image_findings": "the image's own finding"}


def check_identical(images: pd.DataFrame) -> list[DataIssue]:
    """Find groups of images with identical pixels.

    Args:
        images: the audited table, see `report.audit_catalog`; image_id, digest, label, subset,
            findings and image_findings count. Labels conflict where any published one does,
            whether the task tells them apart or not.
    """
    known = images[images["digest"].notna()]
    copies = known[known["digest"].duplicated(keep=False)]
    if copies.empty:
        return [
            passed("identical", f"No two of {count_of(len(known), 'image')} have identical pixels.")
        ]
    groups = copies.groupby("digest", sort=False)
    n_labels = groups[list(LABELS)].nunique()
    table = pd.DataFrame(
        {
            "copies": groups.size(),
            "labels": (
                groups["findings"].agg(_names) + "; " + groups["image_findings"].agg(_names)
            ).str.strip("; "),
            "subsets": groups["subset"].agg(_names),
            "n_labels": n_labels.max(axis=1),
            "n_subsets": groups["subset"].nunique(),
            "images": groups["image_id"].agg(lambda names: ", ".join(names.head(KEPT))),
        }
    ).sort_values("copies", ascending=False, kind="stable")
    conflicting, leaking = table[table["n_labels"] > 1], table[table["n_subsets"] > 1]
    issues = [
        DataIssue(
            code="identical",
            severity="warning",
            title=f"{count_of(len(table), 'group')} of images with identical pixels; the "
            f"largest has {table['copies'].iloc[0]} copies.",
            count=len(table),
            why=f"{count_of(len(copies), 'image')} stand for {len(table):,}: copies count more "
            "than once in training and in every score.",
            advice="Keep the copies of an image in one subset, as the clean split does.",
            examples=_examples(copies, table),
            table=_rows(table),
        )
    ]
    if conflicting.empty:
        issues.append(passed("identical_conflict", "No identical images have two labels."))
    else:
        issues.append(
            DataIssue(
                code="identical_conflict",
                severity="serious",
                title=f"{count_of(len(conflicting), 'group')} of identical images with "
                f"conflicting labels ({_count_conflicts(n_labels)}).",
                count=len(conflicting),
                why="One of the labels must be wrong: no network can get all of them right.",
                advice="Look at them and leave them out, or keep them in mind as errors that "
                "nobody can avoid.",
                examples=_examples(copies, conflicting),
                table=_rows(conflicting),
            )
        )
    if copies["subset"].notna().any():
        issues.append(_check_subsets(copies, leaking))
    return issues


def _count_conflicts(n_labels: pd.DataFrame) -> str:
    """Return in words how many groups conflict by which column."""
    conflicts = (n_labels > 1).sum()
    return ", ".join(f"{int(conflicts[column]):,} by {words}" for column, words in LABELS.items())


def _check_subsets(copies: pd.DataFrame, leaking: pd.DataFrame) -> DataIssue:
    if leaking.empty:
        return passed("identical_leak", "No identical images are in two subsets.")
    return DataIssue(
        code="identical_leak",
        severity="serious",
        title=f"{count_of(len(leaking), 'group')} of identical images with copies in several "
        "subsets of the split.",
        count=len(leaking),
        why="The test asks what the training has shown: the result looks better than it is.",
        advice="Use the clean split.",
        examples=_examples(copies, leaking),
        table=_rows(leaking),
    )


def _names(values: pd.Series) -> str:
    return ", ".join(sorted(values.dropna().astype(str).unique()))


def _rows(table: pd.DataFrame) -> tuple[dict[str, object], ...]:
    return rows_of(table[["copies", "labels", "subsets", "images"]])


def _examples(copies: pd.DataFrame, groups: pd.DataFrame) -> tuple[str, ...]:
    order = {digest: number for number, digest in enumerate(groups.index)}
    members = copies[copies["digest"].isin(groups.index)]
    ordered = members.assign(order=members["digest"].map(order)).sort_values("order", kind="stable")
    return first_of(ordered["image_id"])


def check_near(images: pd.DataFrame, pairs: pd.DataFrame) -> list[DataIssue]:
    """Check pairs of images that look the same.

    Args:
        images: the audited table; image_id, digest, label, subset and patient_id count.
        pairs: as `find_near_identical` returns them; an image stands for its identical copies.
    """
    if pairs.empty:
        return [passed("near_identical", "No two images look the same without being identical.")]
    known = images[["image_id", "digest", "label", "subset", "patient_id"]]
    digests = known.set_index("image_id")["digest"]
    members = pairs.assign(
        digest_a=pairs["image_id_a"].map(digests), digest_b=pairs["image_id_b"].map(digests)
    )[["digest_a", "digest_b", "similarity"]]
    for end in ("a", "b"):
        members = members.merge(known.add_suffix(f"_{end}"), on=f"digest_{end}")
    members = members.sort_values("similarity", ascending=False, kind="stable")
    patients = (members["patient_id_a"], members["patient_id_b"])
    same_patient = int((patients[0] == patients[1]).fillna(False).sum())
    who = (
        f" Of the {len(members):,}, {same_patient:,} are of one patient, as far as is known."
        if patients[0].notna().any()
        else ""
    )
    issues = [
        DataIssue(
            code="near_identical",
            severity="warning",
            title=f"{count_of(len(members), 'pair')} of images look the same without being "
            "identical.",
            count=len(members),
            why="Mostly one image, processed twice; now and then two images of one patient, "
            f"or of two people who look alike.{who}",
            advice="Look at some pairs, the least similar ones first.",
            examples=first_of_pairs(members),
            table=_pair_rows(members),
        )
    ]
    for code, column, what, why, advice in (
        (
            "near_identical_conflict",
            "label",
            "have different labels",
            "One image with two labels has a wrong one; two images of one patient may differ.",
            "Look at the pairs before you trust either label.",
        ),
        (
            "near_identical_leak",
            "subset",
            "are in different subsets of the split",
            "The test asks what the training has shown: the result looks better than it is.",
            "Use the clean split, which keeps them together, or leave one of each pair out.",
        ),
    ):
        ends = (members[f"{column}_a"], members[f"{column}_b"])
        both = ends[0].notna() & ends[1].notna()
        differ = members[both & (ends[0].astype("string") != ends[1].astype("string"))]
        if not differ.empty:
            issues.append(
                DataIssue(
                    code=code,
                    severity="serious",
                    title=f"{count_of(len(differ), 'pair')} of images that look the same {what}.",
                    count=len(differ),
                    why=why,
                    advice=advice,
                    examples=first_of_pairs(differ),
                    table=_pair_rows(differ),
                )
            )
        elif both.any():
            issues.append(passed(code, f"No images that look the same {what}."))
    return issues


def _pair_rows(pairs: pd.DataFrame) -> tuple[dict[str, object], ...]:
    columns = [
        "image_id_a",
        "label_a",
        "subset_a",
        "image_id_b",
        "label_b",
        "subset_b",
        "similarity",
    ]
    return rows_of(pairs[columns])
