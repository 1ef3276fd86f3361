"""Fake dataset folders: a few tiny images laid out, and cluttered, as the real archives are."""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import openpyxl
from PIL import Image

from tests.imagefiles.dicom_files import write_dicom
from xray_core.datasets.union import create_union
from xray_core.datasets.union_any import create_union_of
from xray_core.datasets.union_members import Member

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


def fake_folder(folder: Path) -> int:
    """Write split folders with class folders, masks beside some; return how many images."""
    names = (
        "Train/0_clear/a.png",
        "Train/1_opaque/images/b.jpg",
        "VALID/0_clear/a.png",
        "test/1_opaque/ward 3/c.jpeg",
    )
    for seed, name in enumerate(names):
        write_image(folder / name, seed=seed)
    write_image(folder / "Train/1_opaque/masks/b.png", seed=9)
    (folder / "Train/1_opaque/notes.txt").write_text("which is no image")
    write_clutter(folder / "Train")
    return len(names)


NIH_FILES = {
    # The comma in the brackets makes one more column; the first release ends each row with one.
    "Data_Entry_2017_v2020.csv": (
        b"\xef\xbb\xbfImage Index,Finding Labels,Follow-up #,Patient ID,Patient Age,"
        b"Patient Gender,View Position,OriginalImage[Width,Height],"
        b"OriginalImagePixelSpacing[x,y],\r\n"
        b"00000001_000.png,Cardiomegaly,0,1,057Y,M,PA,2048,3072,0.143,0.143,\r\n"
        b"00000001_001.png,Cardiomegaly|Emphysema,1,1,58,M,PA,2894,2729,0.143,0.143,\r\n"
        b"00000002_000.png,No Finding,0,2,013M,F,AP,2500,2048,0.168,0.168,\r\n"
        b"00000003_000.png,Hernia|Atelectasis,0,3,411Y,F,PA,2582,2991,0.143,0.143,\r\n"
        b"00000004_000.png,Mass|Nodule,0,4,001D,M,AP,2500,2048,0.168,0.168,\r\n"
        b"\r\n"
        b"00000005_000.png,Infiltration,0,5,,,,,,,,\r\n"
    ),
    "sample_labels.csv": b"Image Index,Finding Labels,Patient ID\n00000001_000.png,Mass,1\n",
    "BBox_List_2017.csv": (
        b"Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
        b"00000001_000.png,Infiltrate,512,256,256,128,,,\n"
        b"00000004_000.png,Mass,1000.5,0,100,100.25,,,\n"  # ends right of its image
        b"00000005_000.png,Mass,1,2,3,4,,,\n"  # of unknown original size
        b"00099999_000.png,Mass,1,2,3,4,,,\n"  # has no row
        b"image,label,x,y,w,h\n"
    ),
    "train_val_list.txt": b"00000001_000.png\r\n00000001_001.png\r\n\r\n00000002_000.png",
    "test_list.txt": b"00000003_000.png\n00000002_000.png\n00000004_000.png\n",
}
NIH_IMAGES = (
    "images_001/images/00000001_000.png",
    "images_001/images/00000001_001.PNG",
    "images_002/images/00000002_000.png",
    "images_012/images/00000003_000.jpg",  # resized copies are often JPEG
    "images_012/images/00000001_000.png",  # for the second time
    "images_012/images/00088888_000.png",  # has no row
    "images/images/00000004_000.png",  # and 00000005_000.png is absent
)


def fake_nih_chestxray14(folder: Path) -> int:
    """Write an NIH ChestX-ray14 folder; return how many rows its table of images holds."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in NIH_FILES.items():
        (folder / name).write_bytes(content)
    for seed, name in enumerate(NIH_IMAGES):
        write_image(folder / name, seed=seed)
    (folder / "images_001" / "images.tar.gz").touch()  # what it was extracted from
    (folder / "images_001" / "images" / "README.txt").touch()
    write_clutter(folder / "images_001")
    write_clutter(folder / "images_001" / "images")
    return 6


RSNA_IDS = [f"{number:08x}-14fd-4e49-80ba-63a80b6bddd6" for number in range(7)]
RSNA_FILES = {
    # Two boxes on image 1, of which one starts above it; one on image 4.
    "stage_2_train_labels.csv": (
        "patientId,x,y,width,height,Target\r\n"
        f"{RSNA_IDS[0]},,,,,0\r\n"
        f"{RSNA_IDS[1]},264.0,-8.0,213.0,379.0,1\r\n"
        f"{RSNA_IDS[1]},562.0,152.0,256.0,453.0,1\r\n"
        f"{RSNA_IDS[2]},,,,,0\r\n"
        f"{RSNA_IDS[3].upper()},,,,,0\r\n"
        f"{RSNA_IDS[4]},512,256,256,128,1\r\n"
        f"{RSNA_IDS[5]},,,,,0\r\n"
    ).encode("utf-8-sig"),
    "stage_2_detailed_class_info.csv": (
        "patientId,class\n"
        f"{RSNA_IDS[0]},No Lung Opacity / Not Normal\n"
        f"{RSNA_IDS[1]},Lung Opacity\n{RSNA_IDS[1]},Lung Opacity\n"
        f"{RSNA_IDS[2]},No Lung Opacity / Not Normal\n"
        f"{RSNA_IDS[3]},Normal\n{RSNA_IDS[4]},Lung Opacity\n{RSNA_IDS[5]},Normal\n"
    ).encode(),
    "stage_2_sample_submission.csv": f"patientId,PredictionString\n{RSNA_IDS[6]},0.5\n".encode(),
    "GCP Credits Request Link - RSNA.txt": b"https://example.org",
}
RSNA_HEADERS = (("51", "F", "PA"), ("155", "m", "AP"), ("", "", ""), ("060Y", "M", "PA"))


def fake_rsna_pneumonia(folder: Path) -> int:
    """Write an RSNA Pneumonia Detection folder; return how many images its tables name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in RSNA_FILES.items():
        (folder / name).write_bytes(content)
    pixels = np.random.default_rng(0).integers(0, 256, FAKE_SIZE[::-1], dtype=np.uint8)
    train, test = folder / "stage_2_train_images", folder / "stage_2_test_images"
    with warnings.catch_warnings():  # pydicom about ages without a unit, as the real ones are
        warnings.simplefilter("ignore")
        for name, header in zip(RSNA_IDS, RSNA_HEADERS, strict=False):
            elements = dict(zip(("PatientAge", "PatientSex", "ViewPosition"), header, strict=True))
            write_dicom(train / f"{name}.dcm", pixels, **elements)
    write_image(train / f"{RSNA_IDS[4].upper()}.PNG")  # a copy, and image 5 is absent
    write_dicom(test / f"{RSNA_IDS[6]}.dcm", pixels)
    write_dicom(train / "ffffffff-14fd-4e49-80ba-63a80b6bddd6.dcm", pixels)  # has no row
    write_clutter(train)
    return 6


CORONA_FILES = {
    # The order of the columns is that of a later copy; the summary counts one COVID-19 less.
    "Chest_xray_Corona_Metadata.csv": (
        b",X_ray_image_name,Label,Dataset_type,Label_2_Virus_category,Label_1_Virus_category\r\n"
        b"0,IM-0128-0001.jpeg,Normal,TRAIN,,\r\n"
        b"1,person12_bacteria_47.jpeg,Pnemonia,TRAIN,,bacteria\r\n"
        b"2,person1_virus_6.jpeg,Pneumonia,TEST,,Virus\r\n"
        b"3,NORMAL2-IM-1427-0001.jpeg,Normal,TRAIN,,\r\n"
        b"4,COVID19_81.jpg,Pnemonia,TEST,COVID-19,Virus\r\n"
        b"5,SARS-Fig9a.1.png,Pnemonia,TRAIN,SARS,Virus\r\n"
        b"6,strep-day3.jpg,Pnemonia,TRAIN,Streptococcus,bacteria\r\n"
        b"7,ards.jpg,Pnemonia,TRAIN,ARDS,Stress-Smoking\r\n"
    ),
    "Chest_xray_Corona_dataset_Summary.csv": (
        b",Label,Label_1_Virus_category,Label_2_Virus_category,Image_Count\n"
        b"0,Normal,,,2\n1,Pnemonia,Stress-Smoking,ARDS,1\n2,Pnemonia,Virus,,1\n"
        b"3,Pnemonia,Virus,SARS,1\n4,Pnemonia,bacteria,,1\n5,Pnemonia,bacteria,Streptococcus,1\n"
    ),
}
CORONA_IMAGES = (
    "train/IM-0128-0001.jpeg",
    "train/person12_bacteria_47.jpeg",
    "test/person1_virus_6.jpeg",
    "test/NORMAL2-IM-1427-0001.jpeg",  # in the other subset than its row says
    "test/COVID19_81.jpg",
    "train/SARS-Fig9a.1.PNG",
    "train/strep-day3.jpg",  # and ards.jpg is absent
    "train/unheard_of.jpeg",  # has no row
)


def fake_coronahack(folder: Path) -> int:
    """Write a CoronaHack folder; return how many rows its table holds."""
    images = folder / "Coronahack-Chest-XRay-Dataset" / "Coronahack-Chest-XRay-Dataset"
    for seed, name in enumerate(CORONA_IMAGES):
        write_image(images / name, seed=seed)
    for name, content in CORONA_FILES.items():
        (folder / name).write_bytes(content)
    write_clutter(images)
    write_clutter(images / "train")
    return 8


RADIOGRAPHY_ROWS = {
    # Class -> rows of its workbook; Normal is written in capitals, as published.
    "COVID": (("COVID-1", "https://sirm.org/category/senza-categoria/covid-19/"),),
    "Lung_Opacity": (
        ("Lung_Opacity-1", "https://www.kaggle.com/c/rsna-pneumonia-detection-challenge/data"),
    ),
    "Normal": (
        ("NORMAL-1", "https://www.kaggle.com/paultimothymooney/chest-xray-pneumonia"),
        ("NORMAL-2", "https://www.kaggle.com/c/rsna-pneumonia-detection-challenge/data"),
    ),
    "Viral Pneumonia": (
        ("Viral Pneumonia-1", "https://www.kaggle.com/paultimothymooney/chest-xray-pneumonia"),
        ("Viral Pneumonia-2", ""),
    ),
}


def write_radiography_workbook(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Write a workbook of (file name, URL) rows in the layout of COVID-19 Radiography."""
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(["FILE NAME", "FORMAT", "SIZE", "URL"])
    for name, url in rows:
        sheet.append([name, "PNG", "256*256", url])
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(path)


def fake_covid19_radiography(folder: Path) -> int:
    """Write a COVID-19 Radiography folder; return how many images and rows without one it has."""
    for name, rows in RADIOGRAPHY_ROWS.items():
        write_radiography_workbook(folder / f"{name}.metadata.xlsx", rows)
        for number in range(1, len(rows) + 1):
            write_image(folder / name / "images" / f"{name}-{number}.png", seed=len(name) + number)
            write_image(folder / name / "masks" / f"{name}-{number}.png", seed=number)
        write_clutter(folder / name / "images")
    (folder / "Viral Pneumonia/images/Viral Pneumonia-2.png").unlink()
    write_image(folder / "COVID/images/COVID-7.png", seed=7)  # has no row, and no mask
    (folder / "README.md.txt").write_text("COVID-19 CHEST X-RAY DATABASE")
    return 7


def fake_siim_radiography(folder: Path) -> int:
    """Write a union, its members in a folder beside it; return how many rows these hold."""
    members = [folder.with_name(f"{folder.name}-{name}") for name in ("siim", "radiography")]
    n_rows = fake_siim_covid19(members[0]) + fake_covid19_radiography(members[1])
    create_union(folder, members)
    write_clutter(folder)
    return n_rows


def fake_union(folder: Path) -> int:
    """Write a union of Kermany and CoronaHack beside it; return how many rows these hold."""
    kermany, corona = (folder.with_name(f"{folder.name}-{name}") for name in ("kermany", "corona"))
    n_rows = fake_kermany(kermany) + fake_coronahack(corona)
    pneumonia = dict.fromkeys(("bacterial pneumonia", "viral pneumonia"), "pneumonia")
    classes = {"normal": "normal", **pneumonia}
    members = [
        Member("kermany", "kermany", str(kermany), classes),
        Member("coronahack", "coronahack", str(corona), {**classes, "COVID-19": "pneumonia"}),
    ]
    create_union_of(folder, members)
    return n_rows


FAKES: dict[str, Callable[[Path], int]] = {
    "coronahack": fake_coronahack,
    "covid19_radiography": fake_covid19_radiography,
    "kermany": fake_kermany,
    "nih_chestxray14": fake_nih_chestxray14,
    "rsna_pneumonia": fake_rsna_pneumonia,
    "siim_covid19": fake_siim_covid19,
    "siim_radiography": fake_siim_radiography,
    "union": fake_union,
    "folder": fake_folder,
}
