"""Leaks: patients, studies and file names that are in several subsets of a split."""

import pandas as pd

from xray_core.audit.issue import DataIssue, count_of, first_of, first_of_pairs, passed, rows_of
from xray_core.audit.near_identical import THRESHOLD, compare_signatures

UNTOLD = DataIssue(
    code="patient_leak",
    severity="warning",
    title="Whether a patient is in several subsets cannot be told, as the same names are in each.",
    why="The network can recognise a patient that it has seen, and the result would look better "
    "than it is.",
    advice="Compare with the source of this copy; take the images as published, if you can.",
)
OWNERS = {"patient_id": ("patient", "patients"), "study_id": ("study", "studies")}


def check_owners(
    images: pd.DataFrame, patients_read: bool = False, by_folder: bool = False
) -> list[DataIssue]:
    """Find patients and studies whose images are in several subsets.

    Args:
        images: the audited table, see `report.audit_catalog`; image_id, subset, patient_id and
            study_id count.
        patients_read: whether patients are read from names.
        by_folder: whether each subset was taken to number its patients by itself, so that none can
            be in two, whatever the truth is.
    """
    issues = []
    placed = images[images["subset"].notna()]
    for column, (owner, owners) in OWNERS.items():
        if by_folder and owner == "patient":
            issues.append(UNTOLD)
            continue
        known = placed[placed[column].notna()]
        if not known.empty:
            n_unknown = len(placed) - len(known)
            named = " that the names give" if patients_read and owner == "patient" else ""
            issues.append(_check_owner(known, n_unknown, named, column, owner, owners))
    return issues


def _check_owner(
    known: pd.DataFrame, n_unknown: int, named: str, column: str, owner: str, owners: str
) -> DataIssue:
    counts = pd.crosstab(known[column], known["subset"].astype("string"))
    counts = counts[[subset for subset in known["subset"].cat.categories if subset in counts]]
    shared = counts[(counts > 0).sum(axis=1) > 1]
    but = f"; of {count_of(n_unknown, 'image')} the {owner} is unknown" if n_unknown else ""
    if shared.empty:
        return passed(
            f"{owner}_leak",
            f"None of the {count_of(len(counts), owner, owners)}{named} is in two subsets{but}.",
        )
    touched = known[known[column].isin(shared.index)]
    table = shared.assign(images=shared.sum(axis=1)).sort_values(
        ["images", *shared.columns[::-1]], ascending=False, kind="stable"
    )
    why = "The network can recognise a patient that it has seen"
    why = why if owner == "patient" else "Images of one study look alike"
    return DataIssue(
        code=f"{owner}_leak",
        severity="serious",
        title=f"{len(shared):,} of the {count_of(len(counts), owner, owners)}{named} "
        f"{'is' if len(shared) == 1 else 'are'} in several subsets of the split, with "
        f"{count_of(len(touched), 'image')}{but}.",
        count=len(shared),
        why=f"{_describe_shared(shared, counts, owner)} {why}: the result looks better than it is.",
        advice="Take a split of ours: by patient, which also keeps studies together, or clean.",
        examples=first_of(touched.sort_values(column, kind="stable")["image_id"]),
        table=rows_of(table.rename_axis(owner).reset_index()),
    )


def _describe_shared(shared: pd.DataFrame, counts: pd.DataFrame, owner: str) -> str:
    """Return of each two subsets how many images of the later one have an owner in the earlier.

    Args:
        shared: images of each owner that is in several subsets, one column a subset.
        counts: the same of all owners.
        owner: in words.
    """
    words = []
    for place in range(len(counts.columns) - 1, 0, -1):
        for earlier in counts.columns[:place]:
            later = counts.columns[place]
            n = int(shared.loc[shared[earlier] > 0, later].sum())
            if n:
                words.append(
                    f"{n:,} of the {int(counts[later].sum()):,} {later} images have a {owner} "
                    f"{'who' if owner == 'patient' else 'that'} is also in {earlier}"
                )
    return f"{'; '.join(words)}."


def check_names(images: pd.DataFrame) -> list[DataIssue]:
    """Find files of one name, at whatever size or format, in several subsets.

    Where signatures are known, files that look different are told from copies; identical
    pixels are another check's.

    Args:
        images: the audited table; image_id, path, subset, digest and signature count.
    """
    known = images[images["subset"].notna() & images["path"].notna()]
    if known.empty:
        return []
    name = known["path"].str.rsplit("/", n=1).str[-1]
    stem = name.str.rsplit(".", n=1).str[0].str.lower()
    # One file for each name and subset stands for them all.
    named = known.assign(name=stem).drop_duplicates(["name", "subset"])
    named = named[named["name"].duplicated(keep=False)]
    firsts = named.drop_duplicates("name")
    pairs = named[~named.index.isin(firsts.index)].merge(
        firsts, on="name", suffixes=("_b", "_a"), validate="m:1"
    )
    pairs = pairs[~(pairs["digest_a"] == pairs["digest_b"]).fillna(False)]
    if pairs.empty:
        return [passed("same_name", "No file name occurs in two subsets with other pixels.")]
    alike = compare_signatures(pairs["signature_a"], pairs["signature_b"])
    pairs = pairs.assign(similarity=alike)
    copies = pairs[pairs["similarity"] >= THRESHOLD]
    others = pairs[~(pairs["similarity"] >= THRESHOLD)]
    issues = []
    if not copies.empty:
        issues.append(
            DataIssue(
                code="same_name_copy",
                severity="serious",
                title=f"{count_of(copies['name'].nunique(), 'file name')} in several subsets "
                "at another size, format or brightness, and the images look the same.",
                count=int(copies["name"].nunique()),
                why="A network tested on what it has seen looks better than it is.",
                advice="Use the clean split, which keeps them together, or keep one of each.",
                examples=first_of_pairs(copies),
                table=_name_rows(copies),
            )
        )
    if not others.empty:
        n = int(others["name"].nunique())
        compared = others["similarity"].notna().all()
        issues.append(
            DataIssue(
                code="same_name",
                severity="warning",
                title=f"{count_of(n, 'file name')} {'is' if n == 1 else 'are'} used in several "
                "subsets" + (", for images that look different." if compared else "."),
                count=n,
                why="Names may be numbered anew in each subset, or one patient may be in both."
                if compared
                else "They may be copies of one image.",
                advice="Do not read a patient from such a name across subsets."
                if compared
                else "Look at a few pairs.",
                examples=first_of_pairs(others),
                table=_name_rows(others),
            )
        )
    return issues


def _name_rows(pairs: pd.DataFrame) -> tuple[dict[str, object], ...]:
    return rows_of(
        pairs[["name", "image_id_a", "subset_a", "image_id_b", "subset_b", "similarity"]]
    )
