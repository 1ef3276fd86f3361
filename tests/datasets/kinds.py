"""Folders as people have them: what lies in each, and what must come of it.

Every kind is drawn anew by `draw_kind`: an image for each path, or the text that is given.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.datasets.fakes import write_image
from tests.imagefiles.dicom_files import write_dicom


@dataclass(frozen=True)
class Kind:
    """A folder, and what is expected of it.

    Attributes:
        images: paths of images; those with the suffix .dcm and those without one are DICOM.
        texts: path -> text, or bytes, of other files.
        folders: empty folders.
        classes: class -> images, of the task on classes or on findings; None: it is refused.
        subsets: training, validation and test -> images.
        patients, unlabelled, boxes, masks: counts.
        n_images: rows of the catalog; None: as many as there are in `classes`.
        remarks: kind of remark -> count, for those that matter.
        box: x, y, width, height of the first box.
        refusal: what the message says, if it is refused.
        guess: whether the program's guess at the table is to be accepted first.
        reader: which reader takes it.
    """

    images: tuple[str, ...] = ()
    texts: dict[str, str | bytes] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    classes: dict[str, int] | None = None
    subsets: dict[str, int] = field(default_factory=dict)
    patients: int = 0
    studies: int = 0
    unlabelled: int = 0
    boxes: int = 0
    masks: int = 0
    n_images: int | None = None
    remarks: dict[str, int] = field(default_factory=dict)
    box: tuple[float, float, float, float] | None = None
    refusal: str = ""
    guess: bool = False
    reader: str = "folder"


def draw_kind(folder: Path, kind: Kind) -> Path:
    """Draw a kind into `folder`; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(kind.images):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in (".dcm", ""):
            write_dicom(path, np.arange(80 * 96, dtype=np.uint16).reshape(80, 96) + seed)
        else:
            write_image(path, (96, 80), seed)
    for name, text in kind.texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    for name in kind.folders:
        (folder / name).mkdir(parents=True)
    return folder


def spread(template: str, n: int = 3, **choices: Any) -> tuple[str, ...]:
    """Return n paths for each choice: "{c}/{i}.png" with c=("a", "b") gives a/0.png … b/2.png."""
    ways: list[dict[str, Any]] = [{}]
    for name, values in choices.items():
        ways = [{**way, name: value} for way in ways for value in values]
    return tuple(template.format(i=i, **way) for way in ways for i in range(n))


def write_rows(header: str, template: str, n: int = 6, **values: Any) -> str:
    """Return a table of n rows: `template` with the row's number {i}, its {label} and `values`.

    Of each of `values` the row takes one, from the start again after the last.
    """
    values = {"label": ("normal", "opacity")} | values
    rows = [
        template.format(i=i, **{name: each[i % len(each)] for name, each in values.items()})
        for i in range(n)
    ]
    return "\n".join([*([header] if header else []), *rows]) + "\n"


TWO = ("covid", "normal")
SIX = spread("images/{i}.png", 6)
HALF = {"normal": 3, "opacity": 3}


def table(separator: str = ",") -> str:
    """Return a table of the six images of `SIX`: three patients, two labels."""
    pairs = ("P0", "P0", "P1", "P1", "P2", "P2")
    text = write_rows("filename,label,patient", "{i}.png,{label},{p}", p=pairs)
    return text.replace(",", separator)


def mapped(text: str | bytes, name: str = "labels.csv", **expected: Any) -> Kind:
    """Return a kind of six images with one table, which is read as it is guessed."""
    expected = {"classes": HALF, "images": SIX} | expected
    return Kind(texts={name: text}, guess=True, **expected)


FOLDERS = {
    "classes": Kind(spread("{c}/{i}.png", c=TWO), classes={"covid": 3, "normal": 3}),
    "three wrappers": Kind(
        spread("archive/data/xrays/{c}/{i}.png", c=TWO),
        {"archive/README.md": "hello"},
        classes={"covid": 3, "normal": 3},
    ),
    "subset then class": Kind(
        spread("{s}/{c}/{i}.png", s=("Train Set", "Test Set"), c=TWO),
        classes={"covid": 6, "normal": 6},
        subsets={"training": 6, "test": 6},
    ),
    "subsets in other spellings": Kind(
        spread("{s}/{c}/{i}.png", s=("train_images", "validate", "Testing"), c=TWO),
        classes={"covid": 9, "normal": 9},
        subsets={"training": 6, "validation": 6, "test": 6},
    ),
    "class then subset": Kind(
        spread("{c}/{s}/{i}.png", c=TWO, s=("train", "test")),
        classes={"covid": 6, "normal": 6},
        subsets={"training": 6, "test": 6},
    ),
    "a test folder without classes": Kind(
        (*spread("{c}/{i}.png", c=TWO), "test/0.png", "test/1.png"),
        classes={"covid": 3, "normal": 3},
        subsets={"test": 2},
        unlabelled=2,
        n_images=8,
        remarks={"unlabelled_image": 2},
    ),
    "an image beside the classes": Kind(
        (*spread("{c}/{i}.png", c=TWO), "figure.png"),
        classes={"covid": 3, "normal": 3},
        remarks={"stray_file": 1},
    ),
    "patients inside the classes": Kind(
        spread("{c}/patient00{p}{c}/{i}.png", 2, c=("a", "b"), p=(1, 2)),
        classes={"a": 4, "b": 4},
        patients=4,
        remarks={"patients_from_folders": 4},
    ),
    "patients and studies": Kind(
        spread("train/{c}/patient0000{p}/study1/{i}.png", 2, c=TWO, p=(1, 2)),
        classes={"covid": 4, "normal": 4},
        subsets={"training": 8},
        patients=2,
        studies=4,  # "study1" of two patients are two
    ),
    "folders that may be patients": Kind(
        spread("{c}/{c} {p}/{i}.png", 1, c=TWO, p="abcde"),
        classes={"covid": 5, "normal": 5},
        remarks={"maybe_patients": 10, "unknown_patient": 10},
    ),
    "folders that repeat in each class": Kind(
        spread("{c}/{a}/{i}.png", c=TWO, a=("adult", "child")),
        classes={"covid": 6, "normal": 6},
        remarks={"inner_folder": 4},
    ),
    "classes inside collections": Kind(
        spread("{h}/{c}/{i}.png", h=("clinic east", "clinic west"), c=TWO),
        classes={"covid": 6, "normal": 6},
        remarks={"site_folder": 2},
    ),
    "collections alone": Kind(
        spread("{h}/{i}.png", h=("hospital a", "hospital b")), refusal="no folder's name is a class"
    ),
    "levels that nobody can tell apart": Kind(
        spread("{a}/{b}/{i}.png", a=("red", "blue"), b=("round", "square")),
        refusal="classes repeat a subfolder",
    ),
    "patients alone": Kind(
        spread("train/patient000{p}/view1_{i}.jpg", 1, p=range(10, 40)),
        refusal=r"patients .*no classes",
    ),
    "too many folders": Kind(
        spread("word{p:c}{q:c}/{i}.png", 1, p=range(97, 112), q=range(97, 112)),
        refusal="225 folders would be classes",
    ),
    "numbered stores": Kind(
        spread("images/{s}/{i}.png", s=("000", "001", "002")), refusal="no folder's name is a class"
    ),
    "numbered classes": Kind(
        spread("train/{c}/{i}.png", c="012"),
        classes={"0": 3, "1": 3, "2": 3},
        subsets={"training": 9},
        remarks={"numbered_class": 3},
    ),
    "spellings in case": Kind(
        (
            *spread("train/{c}/{i}.png", 4, c=("COVID", "NORMAL")),
            *spread("test/{c}/{i}.png", c=("Covid", "Normal")),
        ),
        classes={"COVID": 7, "NORMAL": 7},
        subsets={"training": 8, "test": 6},
        remarks={"other_spelling": 6},
    ),
    "spellings in accents and blanks": Kind(
        (
            *spread("train/{c}/{i}.png", c=("Neumon\u00eda viral", "Normal")),
            *spread("test/{c}/{i}.png", 2, c=("Neumoni\u0301a  viral", "Normal")),
        ),
        classes={"Neumon\u00eda viral": 5, "Normal": 5},
        subsets={"training": 6, "test": 4},
        remarks={"other_spelling": 2},
    ),
    "an empty class among others": Kind(
        spread("train/{c}/{i}.png", c=TWO),
        folders=("train/tuberculosis",),
        classes={"covid": 3, "normal": 3},
        subsets={"training": 6},
        remarks={"empty_class": 1},
    ),
    "an empty class beside one": Kind(
        spread("normal/{i}.png"), folders=("covid",), refusal="covid is empty"
    ),
    "one class alone": Kind(spread("normal/{i}.png"), refusal="single class|no folder's name"),
    "a table that labels nothing": Kind(
        spread("{c}/{c}{i}.png", c=TWO),
        {f"{c}/info.csv": write_rows("file,device", c + "{i}.png,x", 3) for c in TWO},
        classes={"covid": 3, "normal": 3},
    ),
    "a table that agrees": Kind(
        spread("{c}/{c}{i}.png", c=TWO),
        {
            "labels.csv": write_rows(
                "file,label", "{c}{k}.png,{c}", c=("covid", "normal"), k="001122"
            )
        },
        classes={"covid": 3, "normal": 3},
    ),
    "DICOM without suffixes": Kind(
        spread("{c}/IM00000{i}", c=TWO), classes={"covid": 3, "normal": 3}
    ),
    "masks beside images": Kind(
        spread("{c}/{k}/{i}.png", c=TWO, k=("images", "masks")),
        classes={"covid": 3, "normal": 3},
        masks=6,
        remarks={"guessed_mask": 6},
    ),
    "masks in a tree of their own": Kind(
        spread("{k}/{c}/{c}{i}.png", k=("images", "masks"), c=TWO),
        classes={"covid": 3, "normal": 3},
        masks=6,
    ),
    "masks by their names": Kind(
        spread("{c}/{i}{k}.png", c=TWO, k=("", "_mask")),
        classes={"covid": 3, "normal": 3},
        masks=6,
    ),
    "masks of two kinds": Kind(
        spread("{c}/{k}/{i}.png", c=TWO, k=("images", "lung masks", "infection masks")),
        classes={"covid": 3, "normal": 3},
        masks=12,
    ),
    "a mask without an image": Kind(
        (*spread("{c}/images/{i}.png", c=TWO), "covid/masks/99.png"),
        classes={"covid": 3, "normal": 3},
        remarks={"lone_mask": 1},
    ),
    "labels at the start of names": Kind(
        (*spread("train/{c}.{i}.png", c=TWO), "test/0.png"), refusal="label .*file names.* start"
    ),
    "labels at the end of names": Kind(
        spread("Set/CXR_png/WARD_000{i}_{c}.png", c="01"), refusal="label .*file names.* end"
    ),
    "nothing but empty folders": Kind(folders=("a", "b/c"), refusal="holds no image"),
    "raw data": Kind(
        texts={f"{c}/JPCLN00{i}.IMG": b"\0" * 64 for c in TWO for i in range(2)}, refusal=r"\.IMG"
    ),
    "links as Git leaves them": Kind(
        texts={"covid": "../data/covid", "normal": "../data/normal"}, refusal="links"
    ),
    "archives inside": Kind(texts={"train.zip": b"PK", "test.zip": b"PK"}, refusal="unpack"),
}
VOC = (
    "<annotation><filename>{0}.jpg</filename><size><width>96</width><height>80</height></size>"
    "<object><name>opacity</name><bndbox><xmin>20</xmin><ymin>30</ymin><xmax>40</xmax>"
    "<ymax>50</ymax></bndbox></object></annotation>"
)
COCO = """{"categories": [{"id": 1, "name": "active tb"}],
 "images": [{"id": 1, "file_name": "tb/0.png", "width": 96, "height": 80},
            {"id": 2, "file_name": "normal/0.png", "width": 96, "height": 80}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [30.5, 40.25, 20, 22]}]}"""
BOXED = {
    "Pascal VOC": Kind(
        spread("{k}/{i}.jpg", 4, k=("JPEGImages",)) + spread("SegmentationClass/{i}.png", 4),
        {f"Annotations/{i}.xml": VOC.format(i) for i in range(4)},
        classes={"opacity": 4},
        boxes=4,
        masks=4,
    ),
    "YOLO": Kind(
        spread("{s}/images/{s}{i}.jpg", s=("train", "valid")),
        {"data.yaml": "nc: 1\nnames: ['opacity']\n"}
        | {
            f"{s}/labels/{s}{i}.txt": "0 0.3 0.45 0.2 0.25\n" if i else ""
            for s in ("train", "valid")
            for i in range(3)
        },
        classes={"opacity": 4, "No finding": 2},
        subsets={"training": 3, "validation": 3},
        boxes=4,
        box=(19.2, 26, 19.2, 20),
    ),
    "COCO beside classes": Kind(
        spread("imgs/{c}/{i}.png", c=("normal", "tb")),
        {"annotations/train.json": COCO},
        classes={"normal": 3, "tb": 3},
        boxes=1,
        box=(30.5, 40.25, 20, 22),
    ),
}
TABLES = {
    "comma": mapped(table(), patients=3),
    "semicolon and BOM": mapped("\ufeff" + table(";"), patients=3),
    "decimal comma": mapped(write_rows("Datei;Befund;Alter", "{i}.png;{label};5{i},5")),
    "comma in a semicolon's header": mapped(
        write_rows("file;label;age, years", "{i}.png;{label};50")
    ),
    "tab": mapped(table("\t"), "labels.tsv", patients=3),
    "bar": mapped(table("|"), "labels.txt", patients=3),
    "sep line": mapped("sep=;\n" + table(";"), patients=3),
    "UTF-16": mapped(table("\t").encode("utf-16"), patients=3),
    "Windows-1252": mapped(
        write_rows("filename,label", "{i}.png,{v}", v=("a \u2013 b", "c")).encode("cp1252"),
        classes={"a \u2013 b": 3, "c": 3},
    ),
    "no header": mapped(write_rows("", "{i}.png,{label}")),
    "index column": mapped(write_rows(",filename,label", "{i},{i}.png,{label}")),
    "quoted line breaks": mapped(
        write_rows("filename,report,label", '{i}.png,"two\nlines",{label}')
    ),
    "missing words": mapped(
        write_rows(
            "filename,label",
            "{i}.png,{v}",
            v=("normal", "opacity", "nan", "N/A", "null", ""),
        ),
        classes={"normal": 1, "opacity": 1},
        unlabelled=4,
        n_images=6,
        remarks={"missing_word": 3, "unlabelled_image": 4},
    ),
    "numbers as labels": mapped(
        write_rows("filename,target", "{i}.png,{v}", v=("0", "1", "0.0", "1.0", "0", "1")),
        classes={"0": 3, "1": 3},
    ),
    "numbers as patients": mapped(
        write_rows("filename,label,patient_id", "{i}.png,{label},{v}", v=("12", "12.0", "13")),
        patients=2,
        remarks={"unified_number": 2},
    ),
    "paths of another machine": mapped(
        write_rows("path,label", "/kaggle/input/xrays/images/{i}.png,{label}")
    ),
    "paths of Windows": mapped(
        write_rows("path,label", r"C:\Users\me\xrays\images\{i}.png,{label}")
    ),
    "names without suffix": mapped(write_rows("image_id,label", "{i},{label}")),
    "accents": Kind(
        spread("images/radiografi\u0301a {i}.png", 6),
        {"labels.csv": write_rows("archivo,etiqueta", "radiograf\u00eda {i}.png,{label}")},
        classes=HALF,
        guess=True,
    ),
    "folder and file name": Kind(
        spread("clinic {c}/{i}.png", c="ab"),
        {
            "list.csv": write_rows(
                "folder,filename,finding",
                "clinic {c},{k}.png,{label}",
                c="aaabbb",
                k="012",
            )
        },
        classes=HALF,
        guess=True,
    ),
    "hundreds of namesakes": Kind(
        spread("train/patient{p:05}/study1/view{i}.jpg", 1, p=range(60)),
        {
            "train.csv": write_rows(
                "Path,label,Patient", "Set/train/patient{i:05}/study1/view0.jpg,{label},p{i}", 60
            )
        },
        classes={"normal": 30, "opacity": 30},
        subsets={"training": 60},
        patients=60,
        studies=60,
        guess=True,
    ),
    "labels with commas": mapped(
        write_rows("filename,labels", '{i}.png,"{v}"', v=("None seen", "Effusion, Mass", "Mass")),
        classes={"None seen": 2, "Effusion": 2, "Mass": 4},
        n_images=6,
    ),
    "labels as a list": mapped(
        write_rows("filename,Labels", '{i}.png,"{v}"', v=("['normal']", "['mass', 'effusion']")),
        classes={"normal": 3, "mass": 3, "effusion": 3},
        n_images=6,
    ),
    "columns of 0 and 1": mapped(
        write_rows(
            "filename,covid,viral,mass",
            "{i}.png,{v}",
            v=("1,0,0", "0,1,0", "0,0,1", "1,1,0", "0,0,0", "0,0,1"),
        ),
        classes={"covid": 2, "viral": 2, "mass": 2},
        n_images=6,
        remarks={"no_finding": 1},
    ),
    "columns of 0 and 1 of which one is normal": mapped(
        write_rows(
            "filename,covid,viral,normal",
            "{i}.png,{v}",
            v=("1,0,0", "0,1,0", "0,0,1", "1,1,0", "0,0,0", "0,0,1"),
        ),
        classes={"covid": 2, "viral": 2, "normal": 2},
        unlabelled=1,
        n_images=6,
        remarks={"doubtful_finding": 1},
    ),
    "uncertain and blank": mapped(
        write_rows(
            "Path,Edema,Mass",
            "{i}.png,{v}",
            v=("1.0,0.0", "-1.0,1.0", ",1.0", "0.0,0.0", ",", "1.0,0.0"),
        ),
        classes={"Edema": 2, "Mass": 2, "No finding": 1},
        unlabelled=1,
        n_images=6,
        remarks={"uncertain_finding": 1, "blank_finding": 3, "unknown_finding": 2},
    ),
    "a table for each subset": Kind(
        spread("images/{s}{i}.png", s=("train", "test")),
        {f"{s}.csv": write_rows("file,label", s + "{i}.png,{label}", 3) for s in ("train", "test")},
        classes={"normal": 4, "opacity": 2},
        subsets={"training": 3, "test": 3},
        guess=True,
    ),
    "a table in each subset's folder": Kind(
        spread("{s}/{i}.jpg", s=("train", "valid")),
        {
            f"{s}/_classes.csv": write_rows(
                "filename, covid, normal", "{i}.jpg, {v}", 3, v=("1, 0", "0, 1")
            )
            for s in ("train", "valid")
        },
        classes={"covid": 4, "normal": 2},
        subsets={"training": 3, "validation": 3},
        guess=True,
    ),
    "lists divided by blanks": Kind(
        spread("{s}/{s}-{i}.png", 4, s=("train", "test")),
        {
            f"{s}.txt": write_rows("", "{i} " + s + "-{i}.png {label} drawn", 4)
            for s in ("train", "test")
        },
        classes={"normal": 4, "opacity": 4},
        subsets={"training": 4, "test": 4},
        guess=True,
    ),
    "tables joined by ids": Kind(
        spread("files/p10/p1000000{p}/s5000000{p}/d{p}.jpg", 1, p=range(6)),
        {
            "metadata.csv": write_rows(
                "dicom_id,subject_id,study_id", "d{i},1000000{i},5000000{i}"
            ),
            "split.csv": write_rows(
                "dicom_id,study_id,split",
                "d{i},5000000{i},{s}",
                s=("train", "train", "train", "train", "test", "test"),
            ),
            "labels.csv": write_rows(
                "subject_id,study_id,Mass,No Finding",
                "1000000{i},5000000{i},{v}",
                v=(",1.0", "1.0,"),
            ),
        },
        classes={"Mass": 3, "No Finding": 3},
        subsets={"training": 4, "test": 2},
        patients=6,
        guess=True,
        studies=6,
    ),
    "fractions": mapped(
        write_rows(
            "filename,label,xmin,ymin,xmax,ymax",
            "{i}.png,{label},{box}",
            box=(",,,", "0.2,0.3,0.45,0.6"),
        ),
        boxes=3,
        box=(19.2, 24, 24, 24),
    ),
    "a box in one cell": mapped(
        write_rows(
            'Image,Finding,"Bbox [x, y, w, h]"',
            "{i}.png,{label},{box}",
            box=("", '"[20.5, 30.0, 15.0, 20.0]"'),
        ),
        boxes=3,
        box=(20.5, 30, 15, 20),
    ),
    "a box as a dict": mapped(
        write_rows(
            "fname,target,bbox",
            "{i}.png,{label},{box}",
            box=("none", "\"{'xmin': 20, 'ymin': 30, 'width': 15, 'height': 12}\""),
        ),
        boxes=3,
        box=(20, 30, 15, 12),
    ),
    "run lengths": mapped(
        write_rows("ImageId, EncodedPixels", "{i},{runs}", runs=("-1", "1200 5 91 5 91 5")),
        classes={"with mask": 3, "without mask": 3},
        masks=3,
    ),
    "a test folder beside the table": Kind(
        (*spread("train_images/{i}.png", 6), "test_images/a.png"),
        {"train.csv": write_rows("image_id,label", "{i},{label}")},
        classes=HALF,
        subsets={"training": 6},
        remarks={"stray_file": 1},
        guess=True,
    ),
    "subset words in cells": mapped(
        write_rows(
            "filename,label,split",
            "{i}.png,{label},{s}",
            s=("train", "train", "validate", "validate", "testing", "dev"),
        ),
        subsets={"training": 2, "validation": 3, "test": 1},
    ),
}
KERMANY = spread("{s}/NORMAL/IM-010{i}-0001.jpeg", 3, s=("train", "test")) + spread(
    "{s}/PNEUMONIA/person{i}_virus_{i}.jpeg", 3, s=("train", "test")
)
PUBLISHED = {
    "Kermany in two wrappers": Kind(
        tuple(f"archive/xrays/{path}" for path in KERMANY),
        classes={"normal": 6, "pneumonia": 6},
        subsets={"training": 6, "test": 6},
        patients=12,  # no names of one published division, so that each folder has its own
        remarks={"numbered_by_folder": 12},
        reader="kermany",
    ),
    "Kermany as on Mendeley": Kind(
        spread("train/NORMAL/NORMAL-900{i}-0001.jpeg")
        + spread("train/PNEUMONIA/{k}-91{i}0-0001.jpeg", k=("BACTERIA", "VIRUS")),
        classes={"normal": 3, "bacterial": 3, "viral": 3},
        subsets={"training": 9},
        patients=9,
        reader="kermany",
    ),
    "Kermany with two classes more": Kind(
        KERMANY
        + spread("{s}/{c}/{c}({i}).jpg", 3, s=("train", "test"), c=("COVID19", "TURBERCULOSIS")),
        classes={"NORMAL": 6, "PNEUMONIA": 6, "COVID19": 6, "TURBERCULOSIS": 6},
        subsets={"training": 12, "test": 12},
        patients=12,
        remarks={"cause_from_name": 6, "patients_from_names": 12},
    ),
    "Kermany with another spelling": Kind(
        tuple(path.replace("PNEUMONIA", "Pneumonia") for path in KERMANY),
        classes={"NORMAL": 6, "Pneumonia": 6},
        subsets={"training": 6, "test": 6},
        patients=12,
    ),
    "Kermany by causes": Kind(
        spread("train/NORMAL/IM-010{i}-0001.jpeg")
        + spread("train/VIRUS/person{i}_virus_{i}.jpeg")
        + spread("train/BACTERIA/person2{i}_bacteria_{i}.jpeg"),
        classes={"NORMAL": 3, "VIRUS": 3, "BACTERIA": 3},
        subsets={"training": 9},
        patients=9,
    ),
    "Radiography with a class more": Kind(
        tuple(
            f"{c}/{c}-{i}.png"
            for c in ("COVID", "Normal", "Viral Pneumonia", "Tuberculosis")
            for i in range(3)
        ),
        classes={"COVID": 3, "Normal": 3, "Viral Pneumonia": 3, "Tuberculosis": 3},
    ),
    "NIH beside its table": Kind(
        spread("0000000{i}_000.png", 4),
        {
            "Data_Entry_2017.csv": write_rows(
                "Image Index,Finding Labels,Patient ID",
                "0000000{i}_000.png,{v},{i}",
                4,
                v=("No Finding", "Effusion"),
            )
        },
        classes={"no finding": 2, "effusion": 2},
        patients=4,
        reader="nih_chestxray14",
    ),
    "SIIM without its tables": Kind(
        ("train/aaaaaaaaaaaa.jpg", "test/bbbbbbbbbbbb.jpg"),
        {
            "meta.csv": write_rows(
                "image_id,dim0,dim1,split",
                "{v}",
                2,
                v=("aaaaaaaaaaaa,800,960,train", "bbbbbbbbbbbb,800,960,test"),
            )
        },
        classes={},
        subsets={"training": 1, "test": 1},
        unlabelled=2,
        n_images=2,
        remarks={"missing_table": 2},
        reader="siim_covid19",
    ),
}
DOUBTS = {
    "a class folder twice": Kind(
        spread("{c}/{c}/{i}.png", c=TWO), classes={"covid": 3, "normal": 3}
    ),
    "subsets that look like published datasets": Kind(
        spread(
            "Data/{s}/{c}/{k}/{s}{i}.png",
            2,
            s=("Train", "Test"),
            c=("COVID", "Normal"),
            k=("images", "lung masks"),
        ),
        classes={"COVID": 4, "Normal": 4},
        subsets={"training": 4, "test": 4},
        masks=8,
    ),
    "two datasets in doubled folders": Kind(
        spread(
            "{d}/{d}/{s}/{c}/{i}.png",
            1,
            d=("Lung Data", "Infection Data"),
            s=("Train", "Test"),
            c=TWO,
        ),
        refusal="several datasets side by side",
    ),
    "a collection beside the classes": Kind(
        spread("{c}/{i}.png", c=TWO) + spread("augmented/{c}/{i}.png", c=TWO),
        classes={"covid": 6, "normal": 6},
        remarks={"site_folder": 1},
    ),
    "masks that are called truth": Kind(
        spread("{c}/{k}/{i}.png", c=TWO, k=("images", "GroundTruth")),
        classes={"covid": 3, "normal": 3},
        masks=6,
    ),
    "classes inside another class": Kind(
        spread("{c}/{i}.png", c=TWO) + spread("pneumonia/{c}/{i}.png", c=TWO),
        refusal="either level may be the classes",
    ),
    "subset and class in one name": Kind(
        spread("{s}_{c}/{i}.png", s=("train", "test"), c=TWO),
        classes={"covid": 6, "normal": 6},
        subsets={"training": 6, "test": 6},
    ),
    "class and subset in one name": Kind(
        spread("{s}/{c}{s}/{i}.png", s=("Train", "Test"), c=("Covid", "Normal")),
        classes={"Covid": 6, "Normal": 6},
        subsets={"training": 6, "test": 6},
    ),
    "test positive": Kind(
        spread("test {c}/{i}.png", c=("positive", "negative")),
        classes={"test positive": 3, "test negative": 3},
    ),
    "subsets in German": Kind(
        spread(
            "{s}/{c}/{i}.png", 2, s=("Training", "Validierung", "Testdaten"), c=("gesund", "krank")
        ),
        classes={"gesund": 6, "krank": 6},
        subsets={"training": 4, "validation": 4, "test": 4},
    ),
    "subsets in Chinese": Kind(
        spread("{s}/{c}/{i}.png", 2, s=("训练集", "测试集"), c=("正常", "肺炎")),
        classes={"正常": 4, "肺炎": 4},
        subsets={"training": 4, "test": 4},
    ),
    "spellings with a hyphen": Kind(
        spread("train/{c}/{i}.png", 4, c=("COVID-19", "TB-", "TB"))
        + spread("test/COVID19/{i}.png"),
        classes={"COVID-19": 7, "TB-": 4, "TB": 4},
        subsets={"training": 12, "test": 3},
        remarks={"other_spelling": 3},
    ),
    "class 1 and class 2": Kind(
        spread("Class {c}/{i}.png", c="12"),
        classes={"Class 1": 3, "Class 2": 3},
        remarks={"numbered_class": 2},
    ),
    "images without labels beside classes": Kind(
        spread("train/{c}/{i}.png", c=(*TWO, "unlabelled")),
        classes={"covid": 3, "normal": 3},
        subsets={"training": 9},
        unlabelled=3,
        n_images=9,
        remarks={"unlabelled_image": 3},
    ),
    "pictures of a project": Kind(
        (*spread("data/{s}/{c}/{i}.png", s=("train", "test"), c=TWO), "plots/roc.png", "web/a.png"),
        classes={"covid": 6, "normal": 6},
        subsets={"training": 6, "test": 6},
        remarks={"stray_file": 2},
    ),
    "a copied class folder": Kind(
        spread("{c}/{i}.png", c=(*TWO, "covid - Copy")), refusal="copy of 'covid'"
    ),
    "a DICOM disc": Kind(
        spread("DICOM/ST00000{s}/SE00000{q}/IM00000{i}", 1, s="01", q="01"),
        {"DICOMDIR": b"x"},
        refusal="no folder's name is a class",
    ),
    "a DICOM disc in each class": Kind(
        spread("{c}/DICOM/PA00000{p}/ST000000/SE000000/IM00000{i}", 1, c=TWO, p="01"),
        classes={"covid": 2, "normal": 2},
        studies=4,
    ),
    "folders numbered as examinations": Kind(
        spread("SCN{p}45/{i}.png", 2, p=(20, 31, 42)), refusal="numbered as patients"
    ),
    "two clinics with labels in names": Kind(
        spread("China/CXR_png/CHN_00{i}_{c}.png", c="01")
        + spread("Montgomery/CXR_png/MCU_00{i}_{c}.png", c="01"),
        refusal="label .*file names.* end: [01], [01]",
    ),
    "names that cameras give": Kind(
        spread("{c}_20240{i}.jpg", c=("IMG", "DSC")), refusal="no folder's name is a class"
    ),
    "names of Kermany's in one folder": Kind(
        spread("all/IM-010{i}-0001.jpeg") + spread("all/person{i}_virus_{i}.jpeg"),
        refusal="no folder's name is a class",
    ),
    "formats that are not read": Kind(
        spread("train/{c}/{i}.jpg", c=TWO),
        {"train/covid/9.HEIC": b"x", "train/normal/9.nii.gz": b"x", "test.zip": b"PK"},
        classes={"covid": 3, "normal": 3},
        subsets={"training": 6},
        remarks={"unread_format": 3},
    ),
    "a class in a format that is not read": Kind(
        spread("normal/{i}.jpg"),
        {"covid/0.heic": b"x", "covid/1.heic": b"x"},
        refusal="2 files end in .heic",
    ),
    "labels in Parquet": Kind(SIX, {"labels.parquet": b"PAR1"}, refusal=r"labels\.parquet"),
    "nothing but masks": Kind(spread("masks/{c}/{i}.png", c=TWO), refusal="are masks"),
    "a table beside class folders": Kind(
        spread("{c}/{c}{i}.png", c=TWO),
        {"patients.csv": write_rows("file,patient", "covid{i}.png,p{i}", 3)},
        classes={"covid": 3, "normal": 3},
        remarks={"unread_table": 1},
    ),
}
MORE_TABLES = {
    "a form for answers": Kind(
        (*spread("train/{i}.png", 6), *spread("test/t{i}.png", 2)),
        {
            "train.csv": write_rows("id,label", "{i}.png,{label}"),
            "test.csv": write_rows("id", "t{i}.png", 2),
            "sample_submission.csv": write_rows("id,label", "t{i}.png,normal", 2),
        },
        classes=HALF,
        subsets={"training": 6, "test": 2},
        unlabelled=2,
        n_images=8,
        guess=True,
    ),
    "nothing but a form for answers": Kind(
        spread("test/{i}.png"),
        {"sample_submission.csv": write_rows("id,label", "{i}.png,{label}", 3)},
        refusal="form for handing in answers",
    ),
    "lists of the subsets": Kind(
        SIX,
        {"labels.csv": write_rows("file,label", "{i}.png,{label}")}
        | {
            f"{s}_list.txt": "\n".join(f"{i}.png" for i in places) + "\n"
            for s, places in (("train", "0123"), ("val", "4"), ("test", "5"))
        },
        classes=HALF,
        subsets={"training": 4, "validation": 1, "test": 1},
        guess=True,
    ),
    "an image in two subsets' tables": Kind(
        SIX,
        {
            "train.csv": write_rows("file,label", "{i}.png,{label}", 5),
            "test.csv": "file,label\n4.png,normal\n5.png,opacity\n",
        },
        classes=HALF,
        subsets={"training": 5, "test": 1},
        remarks={"conflicting_rows": 1},
        guess=True,
    ),
    "findings that a few rows lack": Kind(
        spread("{s}/{i}.png", 4, s=("train", "valid")),
        {
            "train.csv": write_rows(
                "Path,Mass,Edema", "train/{i}.png,{v}", 4, v=("1.0,0.0", "0.0,0.0")
            ),
            "valid.csv": write_rows(
                "Path,Mass,Edema", "valid/{i}.png,{v}", 4, v=("0.0,1.0", "1.0,0.0")
            ),
        },
        classes={"Mass": 4, "Edema": 2, "No finding": 2},
        subsets={"training": 4, "validation": 4},
        guess=True,
    ),
    "one column of 0 and 1": mapped(
        write_rows("file,has_pneumo", "{i}.png,{v}", v="01"),
        classes={"has_pneumo": 3, "No finding": 3},
    ),
    "numbers and their names": mapped(
        write_rows("file,label,class_name", "{i}.png,{v}", v=("0,normal", "1,opacity"))
    ),
    "rows that contradict, some of CT": mapped(
        write_rows("file,label,modality", "{i}.png,{label},{m}", m=("X-ray", "X-ray", "CT"))
        + "0.png,opacity,X-ray\n",
        classes={"normal": 3, "opacity": 4},
        n_images=6,
        remarks={"several_labels": 1, "other_modality": 2},
    ),
    "subsets of folders and of a table": mapped(
        write_rows("file,label,split", "{i}.png,{label},{s}", s=("train", "test")),
        images=spread("train/{i}.png", 6),
        subsets={"training": 3, "test": 3},
        remarks={"other_subset": 3},
    ),
    "patients in capitals": mapped(
        write_rows("file,label,patient", "{i}.png,{label},{p}", p=("P1", "p1", "P2")),
        patients=2,
        remarks={"unified_patient": 2},
    ),
    "a row of totals": mapped(
        write_rows("file,label", "{i}.png,{label}") + "Total,6\n", remarks={"odd_table": 1}
    ),
    "an alphabet that nothing names": Kind(
        SIX,
        {
            "labels.csv": write_rows("file,метка", "{i}.png,{v}", v=("норма", "пневмония")).encode(
                "cp1251"
            )
        },
        refusal=r"labels\.csv cannot be read",
    ),
    "labels joined by a plus": mapped(
        write_rows("file,label", "{i}.png,{v}", v=("Effusion+Mass", "Mass", "Effusion")),
        classes={"Effusion+Mass": 2, "Mass": 2, "Effusion": 2},
        remarks={"possible_separator": 2},
    ),
}
KINDS = {**FOLDERS, **BOXED, **TABLES, **PUBLISHED, **DOUBTS, **MORE_TABLES}
