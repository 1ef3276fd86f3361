"""The target-domain table: counts of a union's subsets, beside the thesis'."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.datasets.fakes import write_radiography_workbook
from xray_core.catalog import Catalog, build_catalog
from xray_core.datasets.union import create_union, read_union
from xray_core.errors import LabelError, RecipeError
from xray_core.target_domain import ALL, HIDDEN, POOL, TOTAL, count_target_domain

PUBLISHED = {"COVID": 3616, "Lung_Opacity": 6012, "Normal": 10_192, "Viral Pneumonia": 1345}


def make_union(source: str = "covid19_radiography") -> Catalog:
    """Return 200 SIIM rows of 80 patients and 100 external rows, none with a file."""
    siim = ("Negative for Pneumonia", "Typical Appearance", "Atypical Appearance")
    rows = [
        {
            "image_id": f"siim/{patient}_{i}",
            "source": "siim_covid19",
            "patient_id": f"siim/{patient}",
            "findings": siim[patient // 4 % 3],
        }
        for patient in range(80)
        for i in range(1 + patient % 4)
    ]
    names = ("Normal", "COVID")
    rows += [
        {"image_id": f"radiography/{i}", "source": source, "findings": names[i % 2]}
        for i in range(100)
    ]
    return build_catalog(Path("union"), "siim_radiography", rows)


def ours(table: pd.DataFrame) -> dict[tuple[str, str], int]:
    return table.set_index(["subset", "class"])["ours"].to_dict()


def test_the_subsets_add_up_to_the_total_for_every_class() -> None:
    counts = ours(count_target_domain(make_union()))

    for name in (ALL, "no opacity", "opacity", "other", "COVID-19"):
        assert counts[POOL, name] + counts[HIDDEN, name] == counts[TOTAL, name]
    assert counts[TOTAL, ALL] == 300
    assert counts[TOTAL, "no opacity"] == 70 + 50
    assert counts[TOTAL, "COVID-19"] == 70 + 50


def test_a_fifth_of_the_target_domain_images_is_hidden_also_without_their_files() -> None:
    for method in ("thesis", "target_domain"):
        counts = ours(count_target_domain(make_union(), method=method))

        assert counts[HIDDEN, ALL] == pytest.approx(40, abs=4)
        assert counts[HIDDEN, "COVID-19"] == pytest.approx(14, abs=4)


def test_another_seed_hides_others_and_the_same_seed_the_same() -> None:
    tables = [
        count_target_domain(make_union(), seed, "target_domain") for seed in (0, 0, *range(1, 6))
    ]

    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert len({tuple(table["ours"]) for table in tables}) > 1


def test_the_thesis_counts_agree_with_themselves() -> None:
    thesis = count_target_domain(make_union()).set_index(["subset", "class"])["thesis"].to_dict()

    assert thesis[TOTAL, ALL] == 27_499
    for subset in (TOTAL, POOL, HIDDEN):
        for classes in (("no opacity", "opacity"), ("other", "COVID-19")):
            assert sum(thesis[subset, name] for name in classes) == thesis[subset, ALL]


def test_another_dataset_is_refused() -> None:
    siim = build_catalog(Path("siim"), "siim_covid19", [{"image_id": "a", "path": None}])

    with pytest.raises(LabelError, match="made for 'siim_radiography'"):
        count_target_domain(siim)
    with pytest.raises(RecipeError, match="is no union"):
        count_target_domain(make_union(source="siim_covid19"), method="target_domain")


@pytest.mark.slow
def test_the_real_tables_give_the_totals_of_the_thesis(real_data: Path, tmp_path: Path) -> None:
    for table in (real_data / "siim-covid19").glob("*.csv"):
        (tmp_path / "siim").mkdir(exist_ok=True)
        shutil.copy(table, tmp_path / "siim")
    for name, n_rows in PUBLISHED.items():
        written = name.upper() if name == "Normal" else name
        rows = ((f"{written}-{i}", "https://sirm.org") for i in range(1, n_rows + 1))
        write_radiography_workbook(tmp_path / "radiography" / f"{name}.metadata.xlsx", rows)
    create_union(tmp_path / "union", [tmp_path / "siim", tmp_path / "radiography"])

    catalog = read_union(tmp_path / "union")
    table = count_target_domain(catalog)

    assert table["ours"].tolist() == table["thesis"].tolist(), "the thesis' own test set"
    drawn = count_target_domain(catalog, method="target_domain")
    assert (drawn["ours"] - drawn["thesis"]).abs().max() <= 40
    assert catalog.images["path"].isna().all()
