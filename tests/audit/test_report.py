"""The audit as a whole: every check is heard, and all of it is plain values."""

import json
import shutil
from pathlib import Path

import pytest

from tests.audit.tables import find
from tests.datasets.fakes import write_image
from xray_core.audit import SEVERITIES, audit_catalog, run_audit
from xray_core.audit.report import default_task
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.datasets.siim_covid19 import read_siim_covid19
from xray_core.errors import LabelError, RecipeError
from xray_core.splits import METHOD_TITLES, SplitSpec
from xray_core.tasks import find_task


@pytest.fixture
def leaky(tmp_path: Path) -> Catalog:
    """A Kermany folder with a copy across subsets and across classes, and a broken file.

    Its numbers are those of the published training and test set.
    """
    folder = tmp_path / "chest_xray"
    for number in range(12):
        for subset, many, first in (("train", 3, 200), ("test", 1, 1)):
            for one in range(1, many + 1):
                seed = 1000 * number + 10 * one + (subset == "test")
                name = f"{subset}/NORMAL/IM-{first + number:04d}-{one:04d}.jpeg"
                write_image(folder / name, (120, 110), seed)
                name = f"{subset}/PNEUMONIA/person{first + number}_virus_{first + 10 + one}.jpeg"
                write_image(folder / name, (120, 110), seed + 500)
    copied = folder / "train/NORMAL/IM-0203-0001.jpeg"
    shutil.copy(copied, folder / "test/PNEUMONIA/person60_virus_100.jpeg")
    (folder / "train/NORMAL/IM-0299-0001.jpeg").write_bytes(b"\xff\xd8\xff")
    return open_dataset(folder, tmp_path / "cache")


def test_the_audit_hears_every_theme_and_puts_serious_things_first(
    leaky: Catalog, tmp_path: Path
) -> None:
    answer = run_audit(leaky, tmp_path / "cache")

    kinds = {one["code"]: one for one in answer["issues"]}
    assert kinds["identical_leak"]["count"] == kinds["identical_conflict"]["count"] == 1
    assert kinds["unreadable"]["examples"] == ("train/IM-0299-0001",)
    assert kinds["subset_size"]["severity"] == "serious"
    assert kinds["patient_leak"]["severity"] == "passed"
    assert {"confounding", "odd_image", "near_identical", "unknown_patients"} <= set(kinds)
    assert "unreadable_image" not in kinds  # the fingerprints have told it, with all the names
    order = [SEVERITIES.index(one["severity"]) for one in answer["issues"]]
    assert order == sorted(order)
    assert answer["split"] == "the authors' own subsets"
    assert answer["counts"]["subsets"] == {"training": 73, "test": 25}
    assert answer["summary"]["serious"] == order.count(0)


def test_the_answer_is_json_all_through(leaky: Catalog, tmp_path: Path) -> None:
    answer = run_audit(leaky, tmp_path / "cache")

    assert json.loads(json.dumps(answer, allow_nan=False))["task"] == "kermany_pneumonia"


def test_a_split_by_image_leaks_and_a_clean_one_does_not(leaky: Catalog, tmp_path: Path) -> None:
    def kinds(method: str) -> dict[str, str]:
        spec = SplitSpec(method, validation=0.3, test=0.3)
        answer = run_audit(leaky, tmp_path / "cache", "kermany_pneumonia", spec)
        assert METHOD_TITLES[method].lower() in answer["split"]
        return {one["code"]: one["severity"] for one in answer["issues"]}

    assert kinds("image")["patient_leak"] == "serious"
    clean = kinds("clean")
    assert clean["patient_leak"] == clean["identical_leak"] == "passed"


def test_without_fingerprints_files_are_left_to_the_readers_remark(leaky: Catalog) -> None:
    issues = audit_catalog(leaky, None)

    assert find(issues, "unreadable_image").count == 1
    assert not {"identical", "class_counts"} & {one.code for one in issues}


def test_where_no_split_can_be_made_it_says_so_and_audits_the_rest(
    siim_folder: Path, tmp_path: Path
) -> None:
    catalog = open_dataset(siim_folder, tmp_path / "cache")

    answer = run_audit(catalog, tmp_path / "cache")

    assert answer["split"].startswith("none can be made. ")
    assert answer["counts"]["subsets"] == {}
    assert {"no_split", "image_without_finding"} <= {one["code"] for one in answer["issues"]}
    with pytest.raises(RecipeError):
        run_audit(catalog, tmp_path / "cache", split_spec=SplitSpec())
    with pytest.raises(LabelError):
        run_audit(catalog, tmp_path / "cache", "kermany_cause")


def test_the_default_view_has_one_class_an_image_and_no_empty_class(leaky: Catalog) -> None:
    assert default_task(leaky) == "kermany_pneumonia"
    assert find_task("kermany_cause").classes.keys() >= {"bacterial"}  # of which there is none


def test_siim_facts(real_data: Path) -> None:
    catalog = read_siim_covid19(real_data / "siim-covid19")

    issues = audit_catalog(catalog, "siim_study")

    without, mixed = find(issues, "image_without_finding"), find(issues, "mixed_study")
    assert (without.count, mixed.count) == (248, 148)
    assert "(304 with the images that are absent)" in without.title
    assert "(177 with the images that are absent)" in mixed.title
