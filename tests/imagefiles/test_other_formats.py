"""Which files are images although no suffix says so, and what is said of those that are none."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.imagefiles.dicom_files import write_dicom
from xray_core.imagefiles.images import is_image_file, is_image_name, read_image, read_size
from xray_core.imagefiles.other_formats import UNREADABLE, explain_unreadable

PIXELS = np.arange(48, dtype=np.uint8).reshape(6, 8)


@pytest.mark.parametrize("name", ["IM000001", "1.2.840.113", "image.001", "a/b c", "I1.IMA"])
def test_dicom_without_a_telling_suffix_is_an_image(name: str, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / name, PIXELS)

    assert not is_image_name(name)
    assert is_image_file(path)
    assert read_size(path) == (8, 6)
    assert read_image(path).shape == (6, 8)


@pytest.mark.parametrize("name", ["DICOMDIR", ".IM1", "IM1.txt", "IM1.bak", "._IM1"])
def test_the_mark_alone_makes_no_image_of_other_names(name: str, tmp_path: Path) -> None:
    assert not is_image_file(write_dicom(tmp_path / name, PIXELS))


def test_other_files_without_a_suffix_are_no_images(tmp_path: Path) -> None:
    for name, content in (("README", b"x" * 200), ("short", b"DICM"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        assert not is_image_file(tmp_path / name)
    assert not is_image_file(tmp_path / "gone")
    assert not is_image_file(tmp_path)
    assert is_image_file(tmp_path / "gone.png")  # the name is believed; reading it says more


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nodule/JPCLN001.IMG", r"^\.img files hold pixels without a header.* JSRT .*16-bit PNG"),
        ("ct.nii.gz", r"^\.nii\.gz files hold volumes"),
        ("a.tar.gz", r"^\.gz files are archives. Unpack"),
        ("C:\\scans\\a.HEIC", r"^\.heic files are photos"),
        ("x.NPY", r"^\.npy files hold arrays"),
        ("report.pdf", r"^\.pdf files are documents"),
        ("disc/DICOMDIR", r"^DICOMDIR is the index"),
    ],
)
def test_known_files_are_explained(name: str, words: str) -> None:
    assert re.search(words, explain_unreadable(name))


def test_nothing_that_is_read_is_explained_away() -> None:
    assert not any(is_image_name(f"a{suffix}") for suffix in UNREADABLE)
    for name in ("a.png", "a.dcm", "a.csv", "a", "img", "1.2.840", "a.img.png", ""):
        assert explain_unreadable(name) == ""
