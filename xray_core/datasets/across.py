"""Images and patients across datasets: names by which the same one is known in another folder.

An `image_id` or a `patient_id` is unique within its source alone. A dataset as somebody published
it has the same ids in whatever folder it lies, and as a member of a union; in a folder of any
other origin an id means nothing outside of that folder.
"""

from pathlib import Path

import pandas as pd

from xray_core.datasets import READERS, union, union_any
from xray_core.datasets.union_any import PATIENTS_OF
from xray_core.errors import DatasetError


def name_images(ids: pd.Series, dataset: str, root: Path) -> pd.Series:
    """Return the name of each image that no image of another dataset has.

    Args:
        ids: strings, as the catalog's `image_id`.
        dataset: reader name.
        root: the dataset's folder, which need not be there any more.

    Returns:
        Strings, index of `ids`, <NA> where that is <NA>.
    """
    sources, own = _origins(ids, dataset, root)
    return sources + "\n" + own


def name_patients(ids: pd.Series, dataset: str, root: Path) -> pd.Series:
    """Return the name of each patient or study that none of another source has.

    The same for a `patient_id` or `study_id` of the catalog; see `name_images`.
    """
    sources, own = _origins(ids, dataset, root)
    return sources.replace(PATIENTS_OF) + "\n" + own


def source_names(ids: pd.Series, dataset: str, root: Path) -> set[str]:
    """Return what `name_images` tells the sources of these images apart by."""
    return set(_origins(ids.dropna(), dataset, root)[0])


def _origins(ids: pd.Series, dataset: str, root: Path) -> tuple[pd.Series, pd.Series]:
    """Return the source of each id, and the id as that source has it."""
    ids = ids.astype("string")
    if READERS[dataset].generic:
        return pd.Series(str(root.resolve()), ids.index, dtype="string"), ids
    sources = pd.Series(dataset, ids.index, dtype="string")
    if dataset == union_any.NAME:
        return _find_members(ids, root)
    if READERS[dataset] is union.READER:
        for reader, (_, prefix) in union.MEMBERS.items():
            own = ids.str.startswith(prefix).fillna(False).astype(bool)
            sources = sources.mask(own, reader)
            ids = ids.mask(own, ids.str.removeprefix(prefix))
    return sources, ids


def _find_members(ids: pd.Series, root: Path) -> tuple[pd.Series, pd.Series]:
    """Return what `_origins` does of ids in a union; its own folder where it is gone."""
    sources = pd.Series(str(root.resolve()), ids.index, dtype="string")
    try:
        members = union_any.list_members(root)
    except DatasetError:
        return sources, ids
    origins = {member.name: (member.reader, member.folder) for member in members}
    for member in members:  # patients may be named as those of another dataset
        reader = PATIENTS_OF.get(member.reader, member.reader)
        origins.setdefault(union_any.name_patient_source(member), (reader, member.folder))
    for name, (reader, folder) in origins.items():
        own = ids.str.startswith(f"{name}/").fillna(False).astype(bool)
        bare = ids[own].str.removeprefix(f"{name}/")
        of_member, of_ids = _origins(bare, reader, Path(folder))
        sources, ids = sources.mask(own, of_member), ids.mask(own, of_ids)
    return sources, ids
