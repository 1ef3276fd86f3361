"""Patients that the names of files give, as some publishers write them.

    00000231_013.png               patient 00000231, examination 13     NIH ChestX-ray14
    person12_virus_26.jpeg         patient test/person12                Kermany
    NORMAL2-IM-0427-0001.jpeg      patient train/NORMAL2-IM-0427        Kermany
    BACTERIA-9101-0001.jpeg        patient BACTERIA-9101                Kermany, first release

A name counts for its own image, whatever the others are called and however many they are: no name
has this form by chance. What a table or a folder says of an image goes before its name.
"""

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.names import without_suffix
from xray_core.datasets.kermany_names import (
    name_kermany_patients,
    named_remark,
    remark_kermany,
)
from xray_core.datasets.reader import count_remark
from xray_core.tables.cells import NIH_NAME

BY_NAME = " (by name)"  # after a patient of a name, where another source has one called so


def add_patients(images: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Fill `patient_id` and `follow_up` where a name gives them and nothing else does.

    Where a table gives the patient of some of the images that one name makes one patient, the
    others are that patient's, too.

    Args:
        images: image_id, and where they are known patient_id and published_split.
    """
    stems = images["image_id"].astype("string").str.rsplit("/", n=1).str[-1].map(without_suffix)
    given = images["patient_id"] if "patient_id" in images else pd.Series(None, images.index)
    given = given.astype("string")
    nih = stems.str.extract(f"^{NIH_NAME.pattern}$").astype("string")
    other = stems[nih[0].isna()]
    subsets = images["published_split"].loc[other.index] if "published_split" in images else None
    kermany = name_kermany_patients(other, subsets).reindex(images.index)
    named = nih[0].fillna(kermany)
    filled = given.fillna(_join_sources(named, given))
    from_name = images["image_id"][given.isna() & filled.notna()]
    if not from_name.empty:
        images = images.assign(patient_id=filled)
    if nih.loc[from_name.index, 0].notna().any():
        follow_up = nih[1].astype("Int64")
        if "follow_up" in images:  # what a table says goes first
            follow_up = images["follow_up"].astype("Int64").fillna(follow_up)
        images = images.assign(follow_up=follow_up)
    unknown = images["image_id"][filled.isna()]
    what = "Images whose patient is unknown, so that no split can keep patients apart"
    own = kermany.reindex(from_name.index).dropna().index
    return images, [
        named_remark(list(from_name)),
        *remark_kermany(images.loc[own], stems.loc[own]),
        count_remark("unknown_patient", list(unknown), what),
    ]


def _join_sources(named: pd.Series, given: pd.Series) -> pd.Series:
    """Return the patients of names as the table calls them, where it is known to name the same.

    Args:
        named: the patient that each name gives, <NA> where it gives none.
        given: the patient of a table or a folder, likewise.
    """
    both = pd.DataFrame({"named": named, "given": given}).dropna().drop_duplicates()
    if both.empty and given.isna().all():
        return named
    # One patient of the names whom the table takes for two is left as the name says.
    same = both[~both["named"].duplicated(keep=False)].set_index("named")["given"]
    taken = set(given.dropna()) - set(same)
    others = named.mask(named.isin(taken), named + BY_NAME)
    return named.map(same).astype("string").fillna(others)
