"""Fakes of the datasets in `xray_core.datasets.known`, laid out and cluttered as published."""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.datasets.fakes import FAKE_SIZE, FAKES, write_clutter, write_image
from tests.datasets.named_fakes import NAMED_FAKES
from tests.datasets.openi_fakes import OPENI_FAKES
from tests.imagefiles.dicom_files import write_dicom


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


CHEXPERT_TAIL = CHEXPERT_HEADER.partition("AP/PA,")[2]
MIMIC_IDS = [f"{number:08x}-0a0b0c0d-11112222-33334444-5555666{number}" for number in range(5)]
MIMIC_FOLDERS = (
    *("p10/p10000032/s50414267", "p10/p10000032/s50414267", "p10/p10000032/s53189527"),
    *("p11/p11000011/s51029426", "p11/p11000011/s51029426"),
)


def fake_mimic_cxr_jpg(folder: Path) -> int:
    """Write MIMIC-CXR-JPG with tables packed by gzip; return how many images its tables name."""
    rows = [
        (name, *(part[1:] for part in place.split("/")[1:]))
        for name, place in zip(MIMIC_IDS, MIMIC_FOLDERS, strict=True)
    ]
    views = ("PA", "LATERAL", "AP", "PA", "")
    subsets = ("train", "train", "train", "validate", "validate")
    tables = {
        "metadata": "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,"
        "Rows,Columns,StudyDate,StudyTime\n"
        + "".join(
            f"{name},{patient},{study},CHEST (PA AND LAT),{view},3056,2544,21800506,213014.531\n"
            for (name, patient, study), view in zip(rows, views, strict=True)
        ),
        "split": "dicom_id,study_id,subject_id,split\n"
        + "".join(
            f"{name},{study},{patient},{subset}\n"
            for (name, patient, study), subset in zip(rows, subsets, strict=True)
        ),
        "chexpert": f"subject_id,study_id,{CHEXPERT_TAIL}"
        "10000032,50414267,,,,1.0,,,,-1.0,0.0,,0.0,,,1.0\n"
        "10000032,53189527,1.0,,,,,,,,,,,,,\n"
        "11000011,51029426,,,1.0,,,,,,,,1.0,,,\n",
    }
    for name, text in tables.items():
        path = folder / f"mimic-cxr-2.0.0-{name}.csv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))
    for seed, (name, place) in enumerate(zip(MIMIC_IDS[:4], MIMIC_FOLDERS, strict=False)):
        write_image(folder / "files" / place / f"{name}.jpg", seed=seed)  # the last is absent
        write_clutter(folder / "files" / place / f"clutter{seed}")
    write_image(folder / "files" / MIMIC_FOLDERS[3] / f"{'f' * 8}{MIMIC_IDS[0][8:]}.jpg")
    return 5


VINDR_ID = [f"{number:032x}" for number in range(6)]
VINDR_HEADER = (
    "Aortic enlargement,Atelectasis,Calcification,Cardiomegaly,Clavicle fracture,Consolidation,"
    "Edema,Emphysema,Enlarged PA,ILD,Infiltration,Lung Opacity,Lung cavity,Lung cyst,"
    "Mediastinal shift,Nodule/Mass,Pleural effusion,Pleural thickening,Pneumothorax,"
    "Pulmonary fibrosis,Rib fracture,Other lesion,COPD,Lung tumor,Pneumonia,Tuberculosis"
)
VINDR_NAMES = [*VINDR_HEADER.split(","), "Other", "No finding"]
BOX_HEADER = "class_name,x_min,y_min,x_max,y_max\n"


def vote(*findings: str) -> str:
    """Return a row of 0 and 1 of VinDr's 28 labels."""
    return ",".join(str(int(name in findings)) for name in VINDR_NAMES)


def fake_vindr_cxr(folder: Path) -> int:
    """Write VinDr-CXR, three readers for each training image; return how many images it has."""
    votes = {
        VINDR_ID[0]: [vote("No finding")] * 3,
        VINDR_ID[1]: [vote("Cardiomegaly"), vote("Cardiomegaly", "Pneumonia"), vote("No finding")],
        VINDR_ID[2]: [vote("Other")] * 3,
    }
    train = f"image_id,rad_id,{VINDR_HEADER},Other diseases,No finding\n" + "".join(
        f"{name},R{reader},{row}\n"
        for name, rows in votes.items()
        for reader, row in enumerate(rows, start=8)
    )
    test = f"image_id,{VINDR_HEADER},Other disease,No finding\n" + "".join(
        f"{name},{row}\n"
        for name, row in ((VINDR_ID[3], vote("Nodule/Mass")), (VINDR_ID[4], vote("No finding")))
    )
    write_tables(
        folder / "annotations",
        {
            "image_labels_train.csv": train,
            "image_labels_test.csv": test,
            "annotations_train.csv": f"image_id,rad_id,{BOX_HEADER}"
            f"{VINDR_ID[0]},R8,No finding,,,,\n"
            f"{VINDR_ID[1]},R8,Cardiomegaly,1,2,7,6.5\n"
            f"{VINDR_ID[1]},R9,Cardiomegaly,1.5,2,7,6\n"
            f"{VINDR_ID[1]},R10,No finding,,,,\n",
            "annotations_test.csv": f"image_id,{BOX_HEADER}{VINDR_ID[3]},Nodule/Mass,2,3,4,5\n",
        },
    )
    write_dicoms(folder, [f"train/{name}.dicom" for name in VINDR_ID[:3]])
    write_dicoms(folder, [f"test/{VINDR_ID[3]}.dicom", f"train/{VINDR_ID[5]}.dicom"])
    write_clutter(folder / "train")
    return 5  # one without its file; one file has no row


def write_dicoms(folder: Path, names: Sequence[str]) -> None:
    """Write small DICOM files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(zlib.crc32(name.encode())).integers(
            0, 256, FAKE_SIZE[::-1], dtype=np.uint8
        )
        write_dicom(folder / name, pixels)


def fake_vinbigdata(folder: Path) -> int:
    """Write a copy in another size, which gives the originals' sizes in a table of their own."""
    write_tables(
        folder,
        {
            "train.csv": "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\n"
            f"{VINDR_ID[0]},No finding,14,R11,,,,\n"
            f"{VINDR_ID[0]},No finding,14,R7,0,0,1,1\n"
            f"{VINDR_ID[1]},Cardiomegaly,3,R10,600,1400,1800,1900\n"
            f"{VINDR_ID[1]},Aortic enlargement,0,R10,900,800,1200,1100\n"
            f"{VINDR_ID[1]},Cardiomegaly,3,R8,610,1390,1790,1890\n"
            f"{VINDR_ID[1]},No finding,14,R9,,,,\n"
            f"{VINDR_ID[2]},ILD,5,R9,100,100,2500,300\n"
            f"{VINDR_ID[3]},Nodule/Mass,8,R9,100,100,200,300\n"
            f"{VINDR_ID[4]},No finding,14,R9,,,,\n",
            "train_meta.csv": "image_id,dim0,dim1\n"
            f"{VINDR_ID[0]},2880,2304\n{VINDR_ID[1]},2880,2304\n{VINDR_ID[2]},2836,2336\n",
            "sample_submission.csv": f"image_id,PredictionString\n{VINDR_ID[5]},14 1 0 0 1 1\n",
        },
    )
    for seed, name in enumerate(VINDR_ID[:4]):
        write_image(folder / "train" / f"{name}.png", seed=seed)
    write_image(folder / "test" / f"{VINDR_ID[5]}.png")  # and one of the rows is absent
    write_clutter(folder / "train")
    return 5


PADCHEST_TABLE = (
    ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,"
    "ViewPosition_DICOM,Projection,MethodProjection,Pediatric,ReportID,Report,MethodLabel,Labels,"
    "Localizations\n"
    "0,11_a-1.png,0,20140915,20120,839860488694292331,1930.0,F,POSTEROANTERIOR,PA,Manual review "
    "of DICOM fields,No,4765777,sin hallazg,Physician,['normal'],[]\n"
    "1,11_a-2.png,0,20140915,20120,839860488694292331,1930.0,F,LATERAL,L,Manual review of DICOM "
    "fields,No,4765777,sin hallazg,Physician,['normal'],[]\n"
    "2,12_b-1.png,7,20130102,20121,313572750430997347,1970.0,M,ANTEROPOSTERIOR,AP_horizontal,x,No,"
    "1,derram,RNN_model,\"['pleural effusion', 'COPD signs', 'atypical pneumonia']\","
    "\"['loc basal']\"\n"
    "3,13_c-1.png,7,20130102,20122,313572750430997348,,O,,EXCLUDE,x,No,2,x,Physician,"
    "\"['exclude', 'nodule']\",[]\n"
    "4,14_d-1.png,7,20130102,20123,313572750430997349,1980,M,,COSTAL,x,No,3,x,RNN_model,"
    "['unchanged'],[]\n"
    "5,15_e-1.png,8,20130102,20124,313572750430997350,1980,M,,PA,x,No,3,x,RNN_model,,[]\n"
)


def fake_padchest(folder: Path) -> int:
    """Write PadChest; return how many rows its table has."""
    write_tables(folder, {"PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv": PADCHEST_TABLE})
    for seed, name in enumerate(("0/11_a-1", "0/11_a-2", "7/12_b-1", "7/13_c-1", "7/14_d-1")):
        write_image(folder / f"{name}.png", seed=seed)  # and that of folder 8 is absent
    write_image(folder / "7/99_z-1.png")  # has no row
    write_clutter(folder / "7")
    return 6


SIIM_ACR_IDS = [f"1.2.276.0.7230010.3.1.4.83233.1175.15178{number}" for number in range(6)]


def fake_siim_acr(folder: Path) -> int:
    """Write the tree of DICOM files and run lengths; return how many images the table names."""
    write_tables(
        folder,
        {
            "train-rle.csv": "ImageId, EncodedPixels\n"
            f"{SIIM_ACR_IDS[0]}, -1\n"
            f"{SIIM_ACR_IDS[1]}, 1200 5 91 5 91 5\n"
            f"{SIIM_ACR_IDS[1]}, 7 3\n"
            f"{SIIM_ACR_IDS[2]}, 5 5\n"
            f"{SIIM_ACR_IDS[3]},-1\n{SIIM_ACR_IDS[5]}, -1\n"
        },
    )
    names = [name for name in SIIM_ACR_IDS if name != SIIM_ACR_IDS[3]]
    places = [f"dicom-images-train/{name}1/{name}2/{name}.dcm" for name in names]
    write_dicoms(folder, places)  # one row is without its file, one file without a row
    write_clutter(folder / "dicom-images-train")
    return 5


TBX_IMAGES = (
    *("health/h0001.png", "health/h0002.png", "sick/s0001.png", "tb/tb0001.png"),
    *("tb/tb0002.png", "tb/tb1199.png", "test/test_0001.png", "extra/mc/MCUCXR_0001_0.png"),
)


def fake_tbx11k(folder: Path) -> int:
    """Write TBX11K with its lists and its boxes as COCO; return how many rows its lists have."""
    write_tables(
        folder / "lists",
        {
            "TBX11K_train.txt": "health/h0001.png\nsick/s0001.png\ntb/tb0001.png\ntb/tb1199.png\n",
            "TBX11K_val.txt": "health/h0002.png\nhealth/h0003.png\ntb/tb0002.png\n",
            "all_test.txt": "test/test_0001.png\n",
        },
    )
    boxed = (("tb/tb0001.png", 1, (2, 1.5, 4, 5)), ("tb/tb0002.png", 1, (1, 1, 3, 3)))
    coco = {
        "images": [
            {"id": number, "file_name": name, "width": 12, "height": 8}
            for number, (name, _, _) in enumerate(boxed)
        ],
        "annotations": [
            {"id": number, "image_id": number, "category_id": kind, "bbox": box}
            for number, (_, kind, box) in enumerate(boxed)
        ]
        + [{"id": 9, "image_id": 1, "category_id": 2, "bbox": (6, 2, 3, 3)}],
        "categories": [
            {"id": 1, "name": "ActiveTuberculosis"},
            {"id": 2, "name": "ObsoletePulmonaryTuberculosis"},
            {"id": 3, "name": "PulmonaryTuberculosis"},
        ],
    }
    path = folder / "annotations/json/TBX11K_trainval_only_tb.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(coco))
    for seed, name in enumerate(TBX_IMAGES):
        write_image(folder / "imgs" / name, seed=seed)
    write_clutter(folder / "imgs")
    return 7


KNOWN_FAKES: dict[str, Callable[[Path], int]] = {
    "chexpert": fake_chexpert,
    "mimic_cxr_jpg": fake_mimic_cxr_jpg,
    "vindr_cxr": fake_vindr_cxr,
    "vinbigdata": fake_vinbigdata,
    "padchest": fake_padchest,
    "siim_acr": fake_siim_acr,
    "tbx11k": fake_tbx11k,
    **NAMED_FAKES,
    **OPENI_FAKES,
}
ALL_FAKES = {**FAKES, **KNOWN_FAKES}
