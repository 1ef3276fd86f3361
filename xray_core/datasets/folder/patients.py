"""Patients that the names of files give, as some publishers write them.

    00000231_013.png               patient 00000231, examination 13     NIH ChestX-ray14
    person12_virus_26.jpeg         patient person12                     Kermany
    NORMAL2-IM-0427-0001.jpeg      patient NORMAL2-IM-0427              Kermany
    BACTERIA-9101-0001.jpeg        patient BACTERIA-9101                Kermany, first release

A name counts for its own image, whatever the others are called. Kermany's numbers begin again in
the published test set; of a copy that was divided anew nobody knows, so here one number is one
patient, which never puts a child into two subsets.
"""

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.names import without_suffix
from xray_core.datasets.kermany import read_name as read_kermany_name
from xray_core.datasets.reader import N_EXAMPLES, count_remark
from xray_core.tables.cells import NIH_NAME

MIN_SHARE = 0.05  # of the images; fewer names that fit may do so by chance


def add_patients(images: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Fill `patient_id` and `follow_up` where a name gives them and nothing else does.

    Args:
        images: image_id, and patient_id where a table or a folder gives it.
    """
    names = images["image_id"].astype("string").str.rsplit("/", n=1).str[-1].map(without_suffix)
    given = images["patient_id"] if "patient_id" in images else pd.Series(None, images.index)
    unknown = given.isna()
    nih = names[unknown].str.extract(f"^{NIH_NAME.pattern}$")
    kermany = names[unknown].map(_kermany_patient)
    patients = nih[0].fillna(kermany)
    n_named = int(patients.notna().sum())
    if n_named < max(1, MIN_SHARE * len(images)) or given.notna().any():
        what = "Images whose patient is unknown, so that no split can keep patients apart"
        return images, [
            count_remark("unknown_patient", list(images.loc[unknown, "image_id"]), what)
        ]
    images = images.assign(patient_id=given.astype("string").fillna(patients))
    if nih[0].notna().any():
        follow_up = nih[1].astype("Int64").reindex(images.index)
        images = images.assign(follow_up=follow_up)
    named = list(images.loc[patients.index[patients.notna()], "image_id"])
    rest = list(images.loc[images["patient_id"].isna(), "image_id"])
    message = f"Patients are read from {n_named:,} file names, as their publishers write them."
    what = "Images whose patient is unknown, so that no split can keep patients apart"
    return images, [
        Remark("patients_from_names", n_named, message, tuple(named[:N_EXAMPLES]), tuple(named)),
        count_remark("unknown_patient", rest, what),
    ]


def _kermany_patient(name: str) -> str | None:
    parsed = read_kermany_name(name)
    return parsed[0] if parsed else None
