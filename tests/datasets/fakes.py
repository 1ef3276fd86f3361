"""Fake dataset folders: a few tiny images laid out, and cluttered, as the real archives are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

FAKE_SIZE = (12, 8)  # px, (width, height) of every fake image


def write_image(path: Path, size: tuple[int, int] = FAKE_SIZE, seed: int = 0) -> None:
    """Write a small gray image of noise, in the format that the suffix names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "PNG" if path.suffix.lower() == ".png" else "JPEG")


def write_clutter(folder: Path) -> None:
    """Write what macOS and Windows leave in the folders that they touch."""
    (folder / "__MACOSX").mkdir(parents=True)
    for name in (".DS_Store", "._IM-0115-0001.jpeg", "__MACOSX/._train", ".ipynb_checkpoints"):
        (folder / name).write_bytes(b"\0\5\x16\7")


def fake_kermany(folder: Path) -> int:
    """Write a Kermany tree under `folder`; return how many images it holds."""
    names = (
        "train/NORMAL/IM-0115-0001.jpeg",
        "train/NORMAL/NORMAL2-IM-0427-0001-0002.jpeg",
        "train/PNEUMONIA/person1_bacteria_1.jpeg",
        "train/PNEUMONIA/person447_virus_921_1.jpeg",
        "val/NORMAL/NORMAL2-IM-1427-0001.jpeg",
        "test/PNEUMONIA/person1_virus_6.jpeg",
    )
    for seed, name in enumerate(names):
        write_image(folder / name, seed=seed)
    for clutter in (folder, folder / "train", folder / "train" / "NORMAL"):
        write_clutter(clutter)
    return len(names)


SIIM_IMAGE_ROWS = (
    # Two boxes; the first starts left of its image, as one of the real ones does.
    "000a312787f2_image,\"[{'x': -3.5, 'y': 50, 'width': 103.5, 'height': 100},"
    " {'x': 200.0, 'y': 50.0, 'width': 200.0, 'height': 150.0}]\","
    "opacity 1 -3.5 50 100 150 opacity 1 200 50 400 200,5776db0cec75,",
    "000c3a3f293f_image,,none 1 0 0 1 1,ff0879eb20ed,",
    "0012FF7358BC_image,\"[{'x': 1, 'y': 2, 'width': 3, 'height': 4}]\","
    "opacity 1 1 2 4 6,9d514ce429a7,",
    "001398f4ff4f_image,,none 1 0 0 1 1,28dddc8559b2,",
    "001bd15d1891_image,,none 1 0 0 1 1,9d514ce429a7,",
    ",,,,",
)
SIIM_FILES = {
    "train_image_level.csv": "\r\n".join(
        ("id,boxes,label,StudyInstanceUID,", *SIIM_IMAGE_ROWS, "")
    ).encode("utf-8-sig"),
    "train_study_level.csv": (
        b"id,Negative for Pneumonia,Typical Appearance,Indeterminate Appearance,"
        b"Atypical Appearance,caf\xe9\n"  # Latin-1
        b"5776db0cec75_study,0,1,0,0,\n"
        b"FF0879EB20ED_study,1,0,0,0,\n"
        b"9d514ce429a7_study,0,0,1,0,\n"
        b"28dddc8559b2_study,0,0,0,1,\n"
    ),
    "meta.csv": (
        b"image_id,dim0,dim1,split\n"
        b"000a312787f2,200,400,train\n000c3a3f293f,200,400,train\n0012ff7358bc,200,400,train\n"
        b"001398f4ff4f,200,400,train\n001bd15d1891,200,400,train\nfeedfeedfeed,10,20,test\n"
    ),
    "patients.csv": (
        b"imageid,studyid,patientid\n"
        b"000a312787f2,5776db0cec75,aaaa\n000c3a3f293f,ff0879eb20ed,aaaa\n"
        b"0012ff7358bc,9d514ce429a7,bbbb\n001398f4ff4f,28dddc8559b2,cccc\n"
        b"001bd15d1891,9d514ce429a7,bbbb\n"
    ),
}
SIIM_IMAGES = (
    "000a312787f2.jpg",
    "000C3A3F293F.JPG",
    "0012ff7358bc.png",
    "001bd15d1891.jfif",  # and 001398f4ff4f is absent
    "ffffffffffff.jpg",  # has no row
)


def fake_siim_covid19(folder: Path) -> int:
    """Write a resized SIIM-FISABIO-RSNA folder; return how many rows its image table holds."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in SIIM_FILES.items():
        (folder / name).write_bytes(content)
    for seed, name in enumerate(SIIM_IMAGES):
        write_image(folder / "train" / name, seed=seed)
    write_clutter(folder / "train")
    return len(SIIM_IMAGE_ROWS) - 1  # the last row is blank


FAKES: dict[str, Callable[[Path], int]] = {
    "kermany": fake_kermany,
    "siim_covid19": fake_siim_covid19,
}
