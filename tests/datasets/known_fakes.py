"""Fakes of the datasets in `xray_core.datasets.known`, laid out and cluttered as published."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.datasets.fakes import FAKES, write_clutter, write_image
from tests.datasets.named_fakes import NAMED_FAKES
from tests.datasets.openi_fakes import OPENI_FAKES


def write_tables(folder: Path, tables: Mapping[str, str]) -> None:
    """Write tables, with the line ends of Windows."""
    for name, text in tables.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.replace("\n", "\r\n").encode())


CHEXPERT_HEADER = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,"
    "Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,"
    "Pleural Effusion,Pleural Other,Fracture,Support Devices\n"
)
CHEXPERT_TABLES = {
    "train.csv": CHEXPERT_HEADER
    + "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,"
    "1.0,,,,,,,,,0.0,,,,1.0\n"
    "CheXpert-v1.0-small/train/patient00002/study2/view1_frontal.jpg,Female,87,Frontal,PA,"
    ",,-1.0,1.0,,-1.0,-1.0,,-1.0,,-1.0,,1.0,\n"
    "CheXpert-v1.0-small/train/patient00002/study1/view2_lateral.jpg,Female,83,Lateral,,"
    ",,,1.0,,,-1.0,,,0.0,1.0,,1.0,\n"
    "CheXpert-v1.0-small/train/patient00003/study1/view1_frontal.jpg,Unknown,41,Frontal,AP,"
    ",,,,,1.0,,,,0.0,,,,\n"
    "CheXpert-v1.0-small/train/patient00004/study1/view1_frontal.jpg,Male,20,Frontal,PA,"
    ",,,,,,,,,1.0,0.0,,,\n",
    "valid.csv": CHEXPERT_HEADER
    + "CheXpert-v1.0-small/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP,"
    "0.0,1.0,1.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n",
}
CHEXPERT_IMAGES = (
    "train/patient00001/study1/view1_frontal.jpg",
    "train/patient00002/study2/view1_frontal.jpg",
    "train/patient00002/study1/view2_lateral.jpg",
    "train/patient00003/study1/view1_frontal.png",  # as copies have them
    "valid/patient64541/study1/view1_frontal.jpg",  # and that of patient00004 is absent
    "train/patient00009/study1/view1_frontal.jpg",  # has no row
)


def fake_chexpert(folder: Path) -> int:
    """Write CheXpert-v1.0-small; return how many rows its tables have."""
    write_tables(folder, CHEXPERT_TABLES)
    for seed, name in enumerate(CHEXPERT_IMAGES):
        write_image(folder / name, seed=seed)
    write_clutter(folder / "train")
    return 6


KNOWN_FAKES: dict[str, Callable[[Path], int]] = {
    "chexpert": fake_chexpert,
    **NAMED_FAKES,
    **OPENI_FAKES,
}
ALL_FAKES = {**FAKES, **KNOWN_FAKES}
