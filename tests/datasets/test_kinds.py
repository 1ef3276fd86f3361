"""Every kind of folder that people have is opened rightly, or refused with the reason."""

import re
from pathlib import Path

import pytest

from tests.datasets.kinds import KINDS, Kind, draw_kind
from xray_core.catalog import Catalog
from xray_core.datasets import open_dataset
from xray_core.datasets.accounting import list_unaccounted
from xray_core.datasets.folder.decide import guess_mapping
from xray_core.datasets.folder.files import sort_files
from xray_core.datasets.folder.mapping import write_mapping
from xray_core.datasets.inventory import take_inventory
from xray_core.eda import summarise_catalog
from xray_core.errors import DatasetError


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))


def open_kind(kind: Kind, tmp_path: Path) -> Catalog:
    folder = draw_kind(tmp_path / "data", kind)
    if kind.guess:
        with pytest.raises(DatasetError, match=r"table .* waits to be mapped"):
            open_dataset(folder, tmp_path / "cache")
        guess = guess_mapping(sort_files(take_inventory(folder)))
        assert guess is not None
        write_mapping(folder, guess)
    return open_dataset(folder, tmp_path / "cache")


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.refusal])
def test_what_cannot_be_read_is_refused_with_the_reason_first(name: str, tmp_path: Path) -> None:
    folder = draw_kind(tmp_path / "data", KINDS[name])

    with pytest.raises(DatasetError) as refusal:
        open_dataset(folder, tmp_path / "cache")

    message = str(refusal.value).replace(str(folder), "")
    assert re.search(KINDS[name].refusal, message[:300]), message
    assert "Expected one of" not in message


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.refusal])
def test_what_can_be_read_is_read_rightly_and_no_image_is_lost(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    catalog = open_kind(kind, tmp_path)

    said = summarise_catalog(catalog)
    assert said["dataset"] == kind.reader
    expected = kind.classes or {}
    nonzero = [{k: n for k, n in task.items() if n} for task in said["tasks"].values()]
    assert expected in nonzero or not expected, nonzero
    assert {k: n for k, n in said["subsets"].items() if n} == kind.subsets
    counts = {key: said[key] for key in ("unlabelled", "boxes", "masks", "patients", "studies")}
    assert counts == {key: getattr(kind, key) for key in counts}
    assert said["images"] == (kind.n_images or sum(expected.values()))
    assert said["absent"] == 0
    remarks = {remark["kind"]: remark["count"] for remark in said["remarks"]}
    assert kind.remarks.items() <= remarks.items(), remarks
    if kind.box:
        first = catalog.boxes.iloc[0][["x", "y", "width", "height"]].tolist()
        assert first == pytest.approx(kind.box, abs=1)
    assert list_unaccounted(catalog) == ([], [])
    assert catalog.notes
