"""Files that somebody might drop, by mistake or on purpose, each made of a few bytes."""

import gzip
import io
import struct
import zipfile
import zlib

import cv2
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tests.imagefiles.dicom_files import build_dicom
from xray_core.synthetic.cases import plan_cases
from xray_core.synthetic.dataset import draw_case

SIDE = 160  # px


def draw() -> np.ndarray:
    """Return a drawn radiograph."""
    return draw_case(plan_cases(1, seed=3)[0], SIDE).image


def encode(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    """Return pixels as an image file."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind, **options)
    return content.getvalue()


def pack(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """Return a zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return content.getvalue()


def build_png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG of the chunks given, and of no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
        content += struct.pack(">I", len(data)) + kind + data
        content += struct.pack(">I", zlib.crc32(kind + data))
    return content


def list_in_zip(n_files: int) -> bytes:
    """Return a zip that lists so many empty files, of which it holds none."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0)
    names = (f"{number:08d}".encode() for number in range(n_files))
    listed = b"".join(entry + name for name in names)
    n, start = min(n_files, 0xFFFF), b"PK\3\4" + bytes(26)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, n, n, len(listed), len(start), 0)
    return start + listed + end


def say_in_zip(packed: bytes, at: int, value: bytes) -> bytes:
    """Return a zip whose list says something else of its first file, `at` bytes from the start."""
    start = packed.rindex(b"PK\1\2") + at
    return packed[:start] + value + packed[start + len(value) :]


def link() -> zipfile.ZipInfo:
    """Return the entry of a symbolic link."""
    info = zipfile.ZipInfo("link.png")
    info.external_attr = 0o120777 << 16
    return info


def photo(pixels: np.ndarray) -> bytes:
    """Return a JPEG as a camera writes it."""
    exif = Image.Exif()
    exif.get_ifd(34665).update({33437: IFDRational(18, 10)})
    return encode(pixels, "JPEG", exif=exif)


def moire(pixels: np.ndarray) -> np.ndarray:
    """Return pixels with the stripes that screen and camera make together."""
    large = cv2.resize(pixels, (400, 400))
    y, x = np.mgrid[:400, :400]
    return (large * (0.9 + 0.02 * np.cos(1.1 * x + 0.8 * y))).astype(np.uint8)


def dicom(**elements: object) -> bytes:
    """Return a DICOM file."""
    content = io.BytesIO()
    build_dicom(np.zeros((32, 32), np.uint8), **elements).save_as(content, enforce_file_format=True)
    return content.getvalue()


def without_pixels() -> bytes:
    """Return a DICOM file that ends before its pixels."""
    content = dicom()
    return content[: content.rindex(b"\xe0\x7f\x10\x00")]


def damaged(content: bytes) -> bytes:
    """Return a file of which the second half is gone."""
    return content[: len(content) // 2]


def list_bad() -> dict[str, tuple[str, bytes, str]]:
    """Return what it is -> name, content, and words of the reason why it is refused."""
    png, zeros = encode(draw()), pack(("zeros.png", bytes(1_000_000)))
    return {
        "empty": ("a.png", b"", "is empty (0 bytes)"),
        "a web page": ("a.png", b"<!DOCTYPE html><html>" + b" " * 99, "is not an image"),
        "half a PNG": ("a.png", damaged(png), "is damaged"),
        "half a JPEG": ("a.jpg", damaged(encode(draw(), "JPEG")), "is damaged"),
        "a PNG without pixels": ("a.png", build_png(99, 99), "is damaged"),
        "a PNG that says to be vast": ("a.png", build_png(30_000, 30_000), "is too large"),
        "a colour profile that unpacks to much": (
            "a.png",
            build_png(99, 99, (b"iCCP", b"a\0\0" + zlib.compress(bytes(30_000_000)))),
            "is damaged",
        ),
        "one pixel": ("a.png", encode(np.zeros((1, 1), np.uint8)), "1 x 1 px, which shows nothing"),
        "floating point": ("a.tif", encode(draw().astype("float32"), "TIFF"), "floating point"),
        "DICOM without pixels": ("a.dcm", without_pixels(), "holds no pixels"),
        "DICOM of a billion pixels": (
            "a.dcm",
            dicom(Rows=40_000, Columns=30_000),
            "30000 x 40000 px",
        ),
        "DICOM of many frames": ("a.dcm", dicom(NumberOfFrames=9), "holds 9 frames"),
        "text called DICOM": ("a.dcm", b"no image" * 99, "is no DICOM image"),
        "PDF": ("a.pdf", b"%PDF-1.7" + bytes(99), ".pdf files are documents"),
        "a document that is a zip": ("a.docx", pack(("word.xml", b"<x/>")), "are documents"),
        "a video": ("a.mp4", b"\0\0\0 ftypisom" + bytes(99), ".mp4 files are videos"),
        "a drawing": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "are drawings"),
        "HEIC": ("a.heic", b"\0\0\0 ftypheic" + bytes(99), "are photos that are not read"),
        "half a WebP": ("a.webp", damaged(encode(draw(), "WEBP")), "is damaged"),
        "text": ("a.txt", b"hello", "is not an image"),
        "a folder's name": ("folder/", b"", "is empty"),
        "another archive": ("a.tar.gz", gzip.compress(png), ".gz files are archives"),
        "no zip": ("a.zip", b"no zip at all", "is no zip, though its name says so"),
        "half a zip": ("a.zip", damaged(pack(("a.png", png))), "is damaged, not whole, or no zip"),
        "a zip of nothing": ("a.zip", pack(), "is a zip without a file"),
        "a zip that unpacks to gigabytes": (
            "a.zip",
            say_in_zip(zeros, 24, struct.pack("<L", 3_000_000_000)),
            "made to fill memory",
        ),
        "a zip that holds more than it says": (
            "a.zip",
            say_in_zip(zeros, 24, struct.pack("<L", 1000)),
            "a.zip/zeros.png is damaged within its zip",
        ),
        "an encrypted zip": (
            "a.zip",
            say_in_zip(pack(("a.png", png)), 8, struct.pack("<H", 1)),
            "is encrypted",
        ),
        "a zip of 100,000 files": ("a.zip", list_in_zip(100_000), "at most 1,000 are read"),
        "a way out of a zip": ("a.zip", pack(("../../a.png", png)), "a name that leads elsewhere"),
        "a link in a zip": ("a.zip", pack((link(), b"/etc/passwd")), "Links and devices"),
        "a zip in a zip": ("a.zip", pack(("b.zip", pack())), "a.zip/b.zip is a zip within a zip"),
        "a file of a camera": ("a.jpg", photo(draw()), "names a camera's lens"),
        "a photo of a screen": ("a.png", encode(moire(draw())), "looks like a photo of a screen"),
    }


def list_odd() -> dict[str, tuple[str, bytes, str]]:
    """Return what it is -> name, content, and words of the remark that it is predicted with."""
    frames = [Image.fromarray(np.roll(draw(), 9 * number, 0)) for number in range(3)]
    several = {"save_all": True, "append_images": frames[1:]}
    written = np.full((300, 300), 20, np.uint8)
    cv2.putText(written, "PORTABLE", (30, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2, cv2.LINE_AA)
    return {
        "a stack": ("a.tif", encode(draw(), "TIFF", **several), "Holds several images"),
        "a moving GIF": ("a.gif", encode(draw(), "GIF", **several), "Holds several images"),
        "colour": ("a.png", encode(np.dstack([draw()] * 3)), "stored in colour"),
        "one gray level": ("a.png", encode(np.full((200, 200), 9, np.uint8)), "one gray level"),
        "small": ("a.png", encode(draw()[:40, :40]), "smaller (40 × 40 px)"),
        "letters": ("a.png", encode(written), "text in its pixels"),
    }
