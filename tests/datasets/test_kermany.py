"""What only the Kermany reader does."""

from pathlib import Path

import pytest

from tests.datasets.fakes import fake_kermany, write_image
from xray_core.catalog import Remark
from xray_core.datasets.kermany import find_root, read_kermany
from xray_core.errors import DatasetError


def remarks_of(folder: Path) -> dict[str, Remark]:
    return {remark.kind: remark for remark in read_kermany(folder).remarks}


@pytest.mark.parametrize(
    ("image_id", "patient", "finding", "split"),
    [
        ("train/IM-0115-0001", "train/IM-0115", "normal", "training"),
        ("train/NORMAL2-IM-0427-0001-0002", "train/NORMAL2-IM-0427", "normal", "training"),
        ("train/person1_bacteria_1", "train/person1", "bacterial pneumonia", "training"),
        ("train/person447_virus_921_1", "train/person447", "viral pneumonia", "training"),
        # val has the numbers of train; test starts again, so it is another child.
        ("val/NORMAL2-IM-1427-0001", "train/NORMAL2-IM-1427", "normal", "validation"),
        ("test/person1_virus_6", "test/person1", "viral pneumonia", "test"),
    ],
)
def test_patient_finding_and_split_come_from_the_path(
    kermany_folder: Path, image_id: str, patient: str, finding: str, split: str
) -> None:
    row = read_kermany(kermany_folder).images.set_index("image_id").loc[image_id]

    assert [row["patient_id"], row["findings"], row["published_split"]] == [patient, finding, split]


@pytest.mark.parametrize("chosen", ["outer", "outer/chest_xray", "outer/chest_xray/chest_xray"])
def test_every_level_of_a_doubled_tree_leads_to_the_same_images(
    tmp_path: Path, chosen: str
) -> None:
    root = tmp_path / "outer/chest_xray/chest_xray"
    n_images = fake_kermany(root)

    catalog = read_kermany(tmp_path / chosen)

    assert catalog.root == root
    assert len(catalog.images) == n_images


def test_a_second_copy_inside_the_tree_is_not_read(kermany_folder: Path) -> None:
    n_images = fake_kermany(kermany_folder / "chest_xray")

    assert len(read_kermany(kermany_folder).images) == n_images


def test_a_missing_val_folder_is_no_issue(tmp_path: Path) -> None:
    write_image(tmp_path / "train/NORMAL/IM-0115-0001.jpeg")
    write_image(tmp_path / "test/NORMAL/IM-0001-0001.jpeg")

    assert read_kermany(tmp_path).images["published_split"].tolist() == ["test", "training"]


def test_clutter_of_the_operating_system_is_passed_over_in_silence(kermany_folder: Path) -> None:
    assert set(remarks_of(kermany_folder)) == {"patients_from_names"}


@pytest.mark.parametrize(
    ("stray", "kind"),
    [
        ("train/PNEUMONIA/scan.jpeg", "unknown_name"),
        ("train/PNEUMONIA/person1_fungus_1.jpeg", "unknown_name"),
        ("train/PNEUMONIA/IM-0115-0001.jpeg", "unknown_name"),  # its folder says otherwise
        ("train/NORMAL/IM-0115-0001.png", "repeated_name"),
        ("train/NORMAL/notes.txt", "stray_file"),
    ],
)
def test_a_file_that_is_not_understood_is_left_out_and_named(
    kermany_folder: Path, stray: str, kind: str
) -> None:
    before = len(read_kermany(kermany_folder).images)
    write_image(kermany_folder / stray)

    assert len(read_kermany(kermany_folder).images) == before
    assert remarks_of(kermany_folder)[kind].count == 1
    assert remarks_of(kermany_folder)[kind].examples == (stray,)


def test_a_folder_in_which_no_name_is_understood_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "train/PNEUMONIA/scan.jpeg")

    assert find_root(tmp_path) is None  # any folder of two classes may be laid out so
    with pytest.raises(DatasetError, match=r"is not the Kermany .* like .*person1_virus_6\.jpeg"):
        read_kermany(tmp_path)


def test_the_real_resized_copy_has_the_known_counts(real_data: Path) -> None:
    catalog = read_kermany(real_data / "kermany-224")

    counts = catalog.images.groupby(["published_split", "findings"]).size().to_dict()
    assert counts == {
        ("test", "bacterial pneumonia"): 242,
        ("test", "normal"): 234,
        ("test", "viral pneumonia"): 148,
        ("training", "bacterial pneumonia"): 2530,
        ("training", "normal"): 1341,
        ("training", "viral pneumonia"): 1345,
    }
    assert [(one.kind, one.count) for one in catalog.remarks] == [("patients_from_names", 5840)]
    subsets = catalog.images.groupby("patient_id")["published_split"].nunique()
    assert (len(subsets), subsets.max()) == (3273, 1)
