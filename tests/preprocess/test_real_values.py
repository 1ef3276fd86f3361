"""Small copies with the values of the file: packed into two channels, and the windows for them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.imagefiles.dicom_files import build_lut, write_dicom
from xray_core.preprocess.real_values import RealImage, read_real_images
from xray_core.preprocess.window import list_real_windows

RAMP = np.linspace(100, 4000, 96 * 64).reshape(64, 96).astype(np.uint16)


def unpack(image: RealImage) -> np.ndarray:
    """Return the values that the page works out of the picture."""
    blue, green, red = cv2.split(cv2.imdecode(np.frombuffer(image.png, np.uint8), cv2.IMREAD_COLOR))
    assert not blue.any()
    steps = red.astype(int) * 256 + green
    return np.asarray(image.first + image.step * steps)


def read(path: Path) -> RealImage:
    [image] = read_real_images([path], 1024)
    assert image is not None
    return image


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, RAMP),
        ({"RescaleSlope": "2", "RescaleIntercept": "-1000"}, RAMP * 2.0 - 1000),
        ({"RescaleSlope": "-1", "RescaleIntercept": "4095"}, 4095.0 - RAMP),
        ({"ModalityLUTSequence": build_lut([n * n // 300 for n in range(4096)], 0, 16)},
         RAMP.astype(int) ** 2 // 300),
        ({"PixelPaddingValue": 100}, RAMP),
    ],
    ids=["plain", "rescaled", "falling", "table", "padding"],
)  # fmt: skip
def test_values_are_those_of_the_file(
    elements: dict[str, Any], expected: np.ndarray, tmp_path: Path
) -> None:
    path = write_dicom(tmp_path / "a.dcm", RAMP, BitsStored=12, HighBit=11, **elements)

    image = read(path)

    tolerance = 1 if "ModalityLUTSequence" in elements else 1e-6
    if "PixelPaddingValue" in elements:  # it takes the darkest value that is seen
        expected = np.where(RAMP == 100, RAMP[RAMP > 100].min(), RAMP)
    np.testing.assert_allclose(unpack(image), expected, atol=tolerance)
    assert image.stored.bits == 12
    assert (image.stored.lowest, image.stored.highest) == pytest.approx(
        (expected.min(), expected.max()), abs=tolerance
    )


def test_deep_pngs_have_values_and_others_do_not(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "deep.png"), RAMP)
    cv2.imwrite(str(tmp_path / "flat.png"), (RAMP >> 4).astype(np.uint8))
    (tmp_path / "broken.dcm").write_bytes(b"no image")
    names = ("deep.png", "flat.png", "broken.dcm", "absent.png")

    deep, *others = read_real_images([tmp_path / name for name in names], 1024)

    assert others == [None, None, None]
    assert deep is not None
    np.testing.assert_array_equal(unpack(deep), RAMP)


def test_a_large_image_is_averaged(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", np.repeat(RAMP, 20, axis=1))

    [image] = read_real_images([path], 480)

    assert image is not None
    assert unpack(image).shape == (16, 480)


def test_windows_begin_with_the_files_own_and_know_its_polarity(tmp_path: Path) -> None:
    path = write_dicom(
        tmp_path / "a.dcm",
        RAMP,
        WindowCenter=["2000", "1"],
        WindowWidth=["900", "2"],
        PhotometricInterpretation="MONOCHROME1",
    )
    image = read(path)

    windows = list_real_windows([image])

    assert [(window.name, window.level, window.width) for window in windows[:2]] == [
        ("as the file says", 2000, 900),
        ("full range", 2050, 3900),
    ]
    assert windows[2].name == "auto"
    assert 3700 < windows[2].width < 3900
    assert image.stored.is_inverted
