"""The union of SIIM with COVID-19 Radiography: two datasets read as one, none copied."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.datasets.fakes import (
    fake_covid19_radiography,
    fake_siim_covid19,
    fake_siim_radiography,
    write_image,
)
from xray_core.datasets import READERS, detect_dataset, open_dataset
from xray_core.datasets.covid19_radiography import read_covid19_radiography
from xray_core.datasets.siim_covid19 import read_siim_covid19
from xray_core.datasets.union import create_union, find_members, read_union
from xray_core.errors import DatasetError


@pytest.fixture
def union(tmp_path: Path) -> Path:
    fake_siim_radiography(tmp_path / "union")
    return tmp_path / "union"


@pytest.fixture
def members(tmp_path: Path) -> tuple[Path, Path]:
    fake_siim_covid19(tmp_path / "siim")
    fake_covid19_radiography(tmp_path / "covid19-radiography")
    return tmp_path / "siim", tmp_path / "covid19-radiography"


def test_each_row_keeps_its_source_and_its_ids_tell_it(union: Path) -> None:
    images = read_union(union).images

    prefix = images["image_id"].str.partition("/")[0]
    assert dict(zip(prefix, images["source"], strict=True)) == {
        "siim": "siim_covid19",
        "radiography": "covid19_radiography",
    }
    siim = images[images["source"] == "siim_covid19"]
    assert siim["patient_id"].tolist() == [f"siim/{p * 4}" for p in "aabcb"]
    assert siim["study_id"].str.startswith("siim/").all()
    assert set(siim["site"]) == {"siim_covid19"}  # which names none
    assert images["site"].notna().all()
    assert images.loc[prefix == "radiography", "patient_id"].isna().all()


def test_all_rows_boxes_and_remarks_of_both_are_there(union: Path) -> None:
    catalog = read_union(union)
    one = read_siim_covid19(union.with_name("union-siim"))
    other = read_covid19_radiography(union.with_name("union-radiography"))

    assert len(catalog.images) == len(one.images) + len(other.images)
    assert catalog.boxes["image_id"].tolist() == [f"siim/{name}" for name in one.boxes["image_id"]]
    assert [remark.message for remark in catalog.remarks] == [
        f"{READERS[single.source].title}: {remark.message}"
        for single in (one, other)
        for remark in single.remarks
    ]


def test_paths_lead_from_the_union_to_the_files_of_both(union: Path) -> None:
    catalog = read_union(union)

    assert catalog.present["path"].str.startswith("../union-").all()
    for column, count in (("path", 10), ("mask_path", 6)):
        paths = catalog.images[column].dropna()
        assert len(paths) >= count
        assert all((catalog.root / path).is_file() for path in paths)


def test_a_union_reached_through_a_link_finds_its_files(union: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far/link").symlink_to(union, target_is_directory=True)

    catalog = read_union(tmp_path / "far/link")

    assert all((catalog.root / path).is_file() for path in catalog.present["path"])


@pytest.mark.parametrize("turned", [False, True])
def test_the_members_may_come_in_either_order(
    tmp_path: Path, members: tuple[Path, Path], turned: bool
) -> None:
    found = create_union(tmp_path / "new/union", members[::-1] if turned else members)

    assert found == dict(zip(("siim_covid19", "covid19_radiography"), members, strict=True))
    assert find_members(tmp_path / "new/union") == found
    assert [path.name for path in (tmp_path / "new/union").iterdir()] == ["union.json"]


def test_members_may_be_named_relative_to_the_union(
    tmp_path: Path, members: tuple[Path, Path]
) -> None:
    (tmp_path / "union").mkdir()
    names = {"siim_covid19": "../siim", "covid19_radiography": "../covid19-radiography"}
    (tmp_path / "union/union.json").write_text(json.dumps({"members": names}))

    assert tuple(find_members(tmp_path / "union").values()) == members


@pytest.mark.parametrize(
    ("folder", "named", "message"),
    [
        ("union", ("siim", "siim"), "is a second folder of SIIM-FISABIO"),
        ("union", ("siim",), "lacks COVID-19 Radiography"),
        ("union", ("siim", "nowhere"), "nowhere holds neither of SIIM-FISABIO"),
        ("union", ("", "siim"), "holds both of SIIM-FISABIO"),
        ("", ("siim", "covid19-radiography"), "holds .*siim. Choose a folder beside it"),
        ("other", ("siim", "covid19-radiography"), "other holds notes.txt"),
        ("other/notes.txt", ("siim", "covid19-radiography"), "is a file"),
    ],
)
def test_members_that_are_not_one_of_each_are_refused_and_nothing_is_written(
    tmp_path: Path,
    members: tuple[Path, Path],
    folder: str,
    named: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/notes.txt").touch()

    with pytest.raises(DatasetError, match=message):
        create_union(tmp_path / folder, [tmp_path / name for name in named])

    assert list(tmp_path.rglob("*union.json*")) == []


def test_a_union_may_be_written_anew(union: Path, members: tuple[Path, Path]) -> None:
    create_union(union, members)

    assert tuple(find_members(union).values()) == members


def test_a_member_that_has_gone_is_named(union: Path) -> None:
    shutil.rmtree(union.with_name("union-siim"))

    with pytest.raises(DatasetError, match=r"names .*union-siim, and there is no such folder"):
        read_union(union)


def test_a_change_in_a_member_is_seen_at_the_next_opening(union: Path, tmp_path: Path) -> None:
    before = open_dataset(union, tmp_path / "cache")
    write_image(union.with_name("union-radiography") / "COVID/images/COVID-8.png")

    after = open_dataset(union, tmp_path / "cache")

    assert detect_dataset(union) == "siim_radiography"
    assert len(after.images) == len(before.images) + 1


values = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["members", "siim_covid19", "covid19_radiography"]), inner
        )
    ),
)


@settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary() | values.map(lambda value: json.dumps(value).encode()))
def test_whatever_union_json_holds_it_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "union.json").write_bytes(content)

    with pytest.raises(DatasetError, match=r"union\.json (does not name|names)"):
        read_union(tmp_path)
