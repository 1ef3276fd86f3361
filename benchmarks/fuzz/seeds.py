"""Small good files of every kind, drawn by the project itself, from which broken ones are made."""

import gzip
import io
import json
import random
import shutil
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from tests.datasets.fakes import FAKES
from tests.datasets.kinds import KINDS, draw_kind
from tests.imagefiles.dicom_files import build_lut, encode, encode_jpeg_lossless, write_dicom
from tests.run_files import write_whole_run
from xray_core.datasets.folder.mapping import MAPPING_FILE
from xray_core.datasets.guess import map_folder
from xray_core.errors import XrayError
from xray_core.jobs import JobQueue
from xray_core.runs import Submission
from xray_core.synthetic.dataset import write_synthetic_dataset

SIDE = 48  # px of the drawn radiographs
TABLES = (".csv", ".tsv", ".xlsx", ".xlsm")
ANNOTATIONS = (".json", ".xml", ".yaml", ".yml", ".names", ".txt")
RUN = "20260301-110000-demo_cnn"
MEMBERS = {"images/1.png": b"one", "images/2.png": b"two" * 99, "table.csv": b"a,b\n1,2\n"}


def draw_radiograph(folder: Path) -> Image.Image:
    """Return a drawn radiograph, gray, `SIDE` px."""
    write_synthetic_dataset(folder, n_images=8, size=2 * SIDE)
    first = next(path for path in sorted(folder.rglob("*")) if path.suffix in (".png", ".jpg"))
    with Image.open(first) as image:
        return image.convert("L").resize((SIDE, SIDE))


def draw_images(folder: Path) -> None:
    """Write a radiograph in every format that is read."""
    gray = draw_radiograph(folder.with_name("drawn"))
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[274] = 6
    for name, image, options in (
        ("gray.png", gray, {}),
        ("deep.png", deep, {}),
        ("palette.png", gray.convert("P"), {}),
        ("bits.png", gray.convert("1"), {}),
        ("alpha.png", gray.convert("LA"), {}),
        ("colour.png", gray.convert("RGBA"), {"exif": exif}),
        ("gray.jpg", gray, {"exif": exif}),
        ("steps.jpg", gray, {"progressive": True}),
        ("colour.jpg", gray.convert("RGB"), {"quality": 60}),
        ("inks.jpg", gray.convert("CMYK"), {}),
        ("lossy.webp", gray.convert("RGB"), {}),
        ("lossless.webp", gray.convert("RGB"), {"lossless": True}),
        ("gray.bmp", gray, {}),
        ("plain.tif", gray, {}),
        ("deep.tif", deep, {"compression": "tiff_deflate"}),
        ("lzw.tif", gray, {"compression": "tiff_lzw"}),
        ("jpeg.tif", gray, {"compression": "jpeg"}),
        ("gray.gif", gray, {}),
    ):
        image.save(folder / name, **options)


def draw_dicom(folder: Path) -> None:
    """Write a radiograph in the transfer syntaxes that are read."""
    gray = np.asarray(draw_radiograph(folder.with_name("drawn")))
    deep = (gray.astype(np.uint16) * 16).astype(np.uint16)
    write_dicom(folder / "explicit.dcm", deep)
    write_dicom(folder / "implicit.dcm", deep, syntax=ImplicitVRLittleEndian)
    write_dicom(folder / "deflated.dcm", deep, syntax=DeflatedExplicitVRLittleEndian)
    write_dicom(folder / "signed.dcm", deep.astype(np.int16), RescaleSlope=2, RescaleIntercept=-9)
    lut = build_lut(list(range(4096)), 0, 12)
    write_dicom(folder / "lut.dcm", deep, VOILUTSequence=lut, ModalityLUTSequence=lut)
    write_dicom(folder / "window.dcm", deep, WindowCenter=[9, 99], WindowWidth=[100, 1000])
    colour = np.stack([gray] * 3, axis=-1)
    write_dicom(folder / "colour.dcm", colour, syntax=ExplicitVRLittleEndian)
    write_dicom(folder / "padded.dcm", deep, PixelPaddingValue=0, NumberOfFrames=1)
    jpeg = encode(gray, "JPEG")
    write_dicom(folder / "jpeg.dcm", gray, jpeg, JPEGBaseline8Bit)
    whole = encode(gray, "JPEG2000", no_jp2=True)
    write_dicom(folder / "jpeg2000.dcm", gray, whole, JPEG2000Lossless)
    write_dicom(folder / "sv1.dcm", deep, encode_jpeg_lossless(deep, 16), JPEGLosslessSV1)
    dataset = write_dicom(folder / "rle.dcm", deep)
    from pydicom import dcmread

    packed = dcmread(dataset)
    packed.compress(RLELossless)
    packed.save_as(folder / "rle.dcm")


def draw_tables(folder: Path) -> None:
    """Write a folder for every reader and every kind of table that people have."""
    _draw_folders(folder)
    _keep(folder, TABLES)


def draw_annotations(folder: Path) -> None:
    """Write folders with annotations, of COCO, Pascal VOC and YOLO, and with lists and unions."""
    _draw_folders(folder)
    _keep(folder, ANNOTATIONS)


def draw_mappings(folder: Path) -> None:
    """Write folders with the mapping that the program guesses, as a file beside the data."""
    _draw_folders(folder, every=4)
    for place in sorted(folder.iterdir()):
        with suppress(XrayError):
            map_folder(place)
        if not (place / MAPPING_FILE).is_file():
            shutil.rmtree(place)


def draw_archives(folder: Path) -> None:
    """Write archives in all formats, and one within another."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("b.png", b"b" * 50)
    members = MEMBERS | {"inner.zip": inner.getvalue()}
    for suffix, kind in (("zip", zipfile.ZIP_DEFLATED), ("stored.zip", zipfile.ZIP_STORED)):
        with zipfile.ZipFile(folder / f"data.{suffix}", "w", kind) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    for kind in ("", "gz", "bz2", "xz"):
        with tarfile.open(folder / ("data.tar" + (f".{kind}" if kind else "")), f"w:{kind}") as tar:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    (folder / "table.csv.gz").write_bytes(gzip.compress(b"image,label\n1.png,normal\n" * 9))


def draw_run(folder: Path) -> None:
    """Write a run with every file that a run can have."""
    write_whole_run(folder / RUN)


def draw_queue(folder: Path) -> None:
    """Write a queue of several users, started and waiting."""
    queue = JobQueue(folder / "queue.db")
    for number in range(6):
        queue.submit(f"20260301-10000{number}-demo_cnn", Submission("ann", rank=float(number)))
    queue.claim_next(2)
    for path in folder.iterdir():
        if path.name != "queue.db":
            path.unlink()


def draw_weights(folder: Path) -> None:
    """Write two networks as runs keep them."""
    from xray_core.models import build_model

    for name in ("demo_cnn", "xnet_cnn"):
        build_model(name, 3, 32).save(folder / f"{name}.keras")


def draw_addresses(folder: Path) -> None:
    """Write the words that the pages read from their address, each with values that they know."""
    words = {
        "data": ["demo", "nothing"],
        "task": ["siim_opacity", "siim_study", "folder_findings"],
        "image": ["", "000000000001"],
        "run": [RUN, "gone"],
        "sweep": ["s", ""],
        "recipe": ["demo_cnn", "quick_cnn"],
        "set": ["batch_size=8", "preprocess.size=32", "augment.rotation=5"],
        "where": ["age>50", "gender=F", "subset=test", "findings=opacity"],
        "from": [RUN],
        "split": ["clean", "published"],
        "issue": ["patient_leak", "C1"],
        "cell": ["0-1", "1-1"],
        "page": ["1", "2"],
        "per": ["24", "60"],
        "sort": ["name", "age"],
        "with": ["a", "b"],
        "view": ["boxes"],
        "contrast": ["clahe", "none"],
        "size": ["64", "224"],
        "resize": ["pad", "stretch"],
        "ticked": [RUN],
        "user": ["ann"],
        "folder": ["/tmp"],
    }
    pages = ("home", "explore", "audit", "prepare", "train", "runs", "evaluate")
    rng = random.Random(0)
    for page in pages:
        for number in range(8):
            chosen = rng.sample(sorted(words), rng.choice((2, 4, 8)))
            query = {name: rng.choice([*words[name], words[name]]) for name in chosen}
            (folder / f"{page}.{number}.json").write_text(json.dumps({"query": query}))


def _draw_folders(folder: Path, every: int = 1) -> None:
    for name, draw in FAKES.items():
        draw(folder / name)
    for number, (_, kind) in enumerate(sorted(KINDS.items())):
        if kind.texts and not kind.refusal and number % every == 0:
            draw_kind(folder / f"kind{number:03d}", kind)


def _keep(folder: Path, suffixes: tuple[str, ...]) -> None:
    """Delete the folders that hold no file with one of `suffixes`."""
    for place in sorted(folder.iterdir()):
        if not any(path.suffix.lower() in suffixes for path in place.rglob("*")):
            shutil.rmtree(place)
