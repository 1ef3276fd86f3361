"""Names by which the same image and patient are known in another folder."""

from pathlib import Path

import pandas as pd
import pytest

from xray_core.datasets import READERS, may_share_images
from xray_core.datasets.across import PATIENTS_OF, name_images, name_patients, source_names

HERE, THERE = Path("/data/here"), Path("/mnt/there")


def names(ids: list[str | None]) -> pd.Series:
    return pd.Series(ids, dtype="string")


def test_a_published_dataset_has_the_same_names_in_any_folder() -> None:
    ids = names(["a", "b"])

    pd.testing.assert_series_equal(
        name_images(ids, "siim_covid19", HERE), name_images(ids, "siim_covid19", THERE)
    )


def test_a_union_names_its_images_as_their_own_datasets_do() -> None:
    ids = names(["siim/a", "radiography/COVID-1", None])

    found = name_images(ids, "siim_radiography", HERE)

    assert found[0] == name_images(names(["a"]), "siim_covid19", THERE)[0]
    assert found[1] == name_images(names(["COVID-1"]), "covid19_radiography", THERE)[0]
    assert pd.isna(found[2])
    assert source_names(ids, "siim_radiography", HERE) == {"siim_covid19", "covid19_radiography"}


def test_the_same_id_in_another_source_or_any_other_folder_is_another_image() -> None:
    ids = names(["1"])
    found = [
        name_images(ids, dataset, root)[0]
        for dataset, root in [
            ("folder", HERE),
            ("folder", THERE),
            ("siim_covid19", HERE),
            ("rsna_pneumonia", HERE),
        ]
    ]

    assert len(set(found)) == len(found)
    assert name_patients(ids, "folder", HERE)[0] != name_patients(ids, "folder", THERE)[0]
    assert name_patients(ids, "kermany", HERE)[0] != name_patients(ids, "siim_covid19", HERE)[0]


@pytest.mark.parametrize(("taker", "origin"), PATIENTS_OF.items())
def test_a_dataset_made_from_another_names_its_patients(taker: str, origin: str) -> None:
    assert {taker, origin} <= set(READERS)
    assert may_share_images(taker, origin)
    ids = names(["00000001"])
    assert name_patients(ids, taker, HERE)[0] == name_patients(ids, origin, THERE)[0]
    assert name_images(ids, taker, HERE)[0] != name_images(ids, origin, THERE)[0]
