"""Changing small good files into broken and odd ones, at random but repeatably.

Bytes of any kind, and the structure of JSON, tables, PNG, zip and DICOM files: there, what is
changed still passes the first look of a reader.
"""

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian

Mutation = Callable[[random.Random, bytes], bytes]

NUMBERS: tuple[Any, ...] = (
    *(0, -1, 1, 255, 256, 65535, 2**31 - 1, 2**31, -(2**31), 2**32, 2**53, 2**63, 10**30, 1e300),
    *(float("inf"), float("nan"), -0.0, 1e-320, 0.5),
)
TEXTS = (
    "", " ", "\0", "a\0b", "\ud800", "\ufeff", "\u202e", "x" * 300, "ä" * 200, "y" * 100_000,
    "../../etc/passwd", "/dev/zero", "C:\\con", "a/b\\c", "=1+1", "<b>", "nan", "1e999", "-1",
    "true", "\n", '"', "'", "|", ";", ",", "\t", "NaN", "None", "[1, 2", "{'x': 1}",
)  # fmt: skip
DEEP = 30_000
EXTREME_BYTES = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0")
PNG_START = b"\x89PNG\r\n\x1a\n"
VRS = ("US", "SS", "UL", "DS", "IS", "LO", "SQ", "OB", "OW", "UN", "FD", "AT")
DICOM_NUMBERS = (0, 1, 2, 3, 7, 8, 12, 16, 32, 64, 255, 256, 20_000, 65_535)
KEYWORDS = (
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("SamplesPerPixel", "NumberOfFrames", "PlanarConfiguration", "WindowCenter", "WindowWidth"),
    *("RescaleSlope", "RescaleIntercept", "PixelPaddingValue", "PhotometricInterpretation"),
)


def mutate_bytes(rng: random.Random, content: bytes) -> bytes:
    """Return `content` with some bytes changed, cut out, doubled or put elsewhere."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        if not data:
            return bytes(rng.randbytes(rng.randrange(40)))
        place, length = rng.randrange(len(data)), rng.choice((1, 2, 4, 16, 200))
        kind = rng.randrange(8)
        if kind == 0:
            data[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[place : place + length] = rng.randbytes(length)
        elif kind == 2:
            data[place : place + 4] = rng.choice(EXTREME_BYTES)
        elif kind == 3:
            del data[place:]
        elif kind == 4:
            del data[place : place + length]
        elif kind == 5:
            block = data[place : place + length * rng.choice((1, 8))]
            data[place:place] = block * rng.choice((1, 2, 50))
        elif kind == 6:
            other = rng.randrange(len(data))
            data[place : place + length] = data[other : other + length]
        else:
            data[place : place + length] = bytes([rng.choice((0, 255, 32, 48))]) * length
    return bytes(data)


def mutate_json(rng: random.Random, content: bytes) -> bytes:
    """Return JSON with entries removed, renamed, exchanged, of another type or very deep."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return mutate_bytes(rng, content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = list(_list_places(values))
        if not places:
            break
        holder, key = rng.choice(places)
        _change_entry(rng, holder, key)
    try:
        text = json.dumps(values, ensure_ascii=rng.random() < 0.8)
    except RecursionError:  # it was deep before
        return mutate_bytes(rng, content)
    if rng.random() < 0.05:
        text = rng.choice(("[", '{"a":', "[[],")) * DEEP + (text if rng.random() < 0.5 else "")
    if rng.random() < 0.05:
        text = text.replace("0", rng.choice(("1e999", "-0", "0" * 5000, "NaN")), 1)
    return text.encode("utf-8", "surrogatepass")


def mutate_lines(rng: random.Random, content: bytes) -> bytes:
    """Return a log of JSON lines in which some are mutated, doubled or left out."""
    lines = content.splitlines(keepends=True)
    for _ in range(rng.choice((1, 2, 3))):
        if lines:
            place = rng.randrange(len(lines))
            lines[place : place + 1] = rng.choice(
                ([mutate_json(rng, lines[place]) + b"\n"], [], [lines[place]] * 3, [b"\n"])
            )
    return b"".join(lines)


def mutate_table(rng: random.Random, content: bytes) -> bytes:
    """Return a CSV file in which cells, columns, separators or quotes are others."""
    text = content.decode("utf-8", "replace")
    sign = max(",;\t|", key=text.count)
    rows = [line.split(sign) for line in text.splitlines()]
    for _ in range(rng.choice((1, 1, 2, 4))):
        row = rng.choice(rows) if rows else []
        place = rng.randrange(len(row)) if row else 0
        kind = rng.randrange(12)
        if kind == 0 and row:
            row[place] = rng.choice(TEXTS)
        elif kind == 1 and row:
            row[place] = str(rng.choice(NUMBERS))
        elif kind == 2 and rows:
            cell = rng.choice(("", *TEXTS[:8], str(rng.choice(NUMBERS))))
            rows[1:] = [[*r[:place], cell, *r[place + 1 :]] for r in rows[1:]]
        elif kind == 3:
            rows[:] = [r[:place] + r[place + 1 :] for r in rows]
        elif kind == 4 and rows:
            rows.insert(rng.randrange(len(rows)), list(rng.choice(rows)))
        elif kind == 5 and row:
            row.extend([rng.choice(row)] * rng.choice((1, 3, 3000)))
        elif kind == 6 and row:
            row[place] = '"' + row[place]
        elif kind == 7 and rows:
            del rows[rng.randrange(len(rows))]
        elif kind == 8:
            del rows[rng.choice((0, 1, 2, 3)) :]
        elif kind == 9 and row:
            rows[1:] = [[*r[:place], *[""] * (len(r) - place)] for r in rows[1:]]
        elif kind == 10 and rows:
            rows.insert(rng.randrange(len(rows) + 1), [""] * rng.choice((0, 1, len(row), 9)))
        elif row:
            row[place] = row[place] * rng.choice((2, 100))
    end = rng.choice(("\n", "\n", "\r\n", "\r"))
    joined = end.join(rng.choice((sign, sign, sign, ";")).join(row) for row in rows)
    encoding = rng.choice(("utf-8", "utf-8", "utf-8", "utf-16", "latin-1"))
    return joined.encode(encoding, "surrogatepass" if encoding != "latin-1" else "replace")


def mutate_text(rng: random.Random, content: bytes) -> bytes:
    """Return a text, such as XML or YAML, with words and numbers exchanged or repeated."""
    text = content.decode("utf-8", "replace")
    for _ in range(rng.choice((1, 2, 4))):
        words = text.split(" ") if rng.random() < 0.3 else text.replace(">", "> ").split(" ")
        place = rng.randrange(len(words))
        words[place] = rng.choice(
            (rng.choice(TEXTS), str(rng.choice(NUMBERS)), words[place] * 20, rng.choice(words), "")
        )
        text = " ".join(words)
    if rng.random() < 0.03:
        text = "<a>" * DEEP
    return text.encode("utf-8", "surrogatepass")


def mutate_png(rng: random.Random, content: bytes) -> bytes:
    """Return a PNG with a chunk changed, doubled, moved or left out, its checksum right again."""
    if not content.startswith(PNG_START):
        return mutate_bytes(rng, content)
    chunks, place = [], len(PNG_START)
    while place + 8 <= len(content):
        (size,) = struct.unpack(">I", content[place : place + 4])
        name, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
        chunks.append((name, data))
        place += 12 + size
    if not chunks:
        return mutate_bytes(rng, content)
    number = rng.randrange(len(chunks))
    name, data = chunks[number]
    if name == b"IDAT" and rng.random() < 0.5:
        with suppress(zlib.error):
            data = zlib.compress(mutate_bytes(rng, zlib.decompress(data)))
    elif name == b"IHDR" and rng.random() < 0.8:
        sides = [rng.choice((0, 1, 24, 32, 7000, 65_535, 2**31 - 1)) for _ in "wh"]
        depth, colour = rng.choice((1, 2, 4, 8, 16, 3)), rng.choice((0, 2, 3, 4, 6, 1))
        data = struct.pack(">II", *sides) + bytes([depth, colour]) + data[10:]
    else:
        data = mutate_bytes(rng, data)
    changed = rng.choice(([(name, data)], [(name, data)], [], [(name, data)] * 3))
    chunks[number : number + 1] = changed
    if rng.random() < 0.2:
        extra = rng.choice((b"tEXt", b"iCCP", b"zTXt", b"eXIf", b"PLTE", b"tRNS", b"acTL"))
        chunks.insert(rng.randrange(len(chunks) + 1), (extra, rng.randbytes(rng.choice((1, 30)))))
    whole = (
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
        for kind, part in chunks
    )
    return PNG_START + b"".join(whole)


def mutate_zip(rng: random.Random, content: bytes) -> bytes:
    """Return a zip archive, or a workbook, one member of which is changed, renamed or doubled."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # of an archive that was mutated before, as in `mutate_dicom`
        return mutate_bytes(rng, content)
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.randrange(len(members))
        name, data = members[place]
        kind = rng.randrange(6)
        if kind <= 2:
            of_text = mutate_json if name.endswith(".json") else mutate_text
            is_text = name.endswith((".xml", ".rels", ".json"))
            data = (of_text if is_text else mutate_bytes)(rng, data)
        elif kind == 3:
            name = rng.choice((*(text for text in TEXTS if "\0" not in text), name.upper())) or "x"
            name = name.encode("utf-8", "replace").decode()[:60_000]
        elif kind == 4:
            members.append((name, data[::-1]))
        else:
            del members[place]
            if not members:
                break
            continue
        members[place] = name, data
    target = io.BytesIO()
    with warnings_off(), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


class warnings_off:  # noqa: N801 - reads as a verb phrase in a with statement
    """Context in which no warning is shown: on names that come twice, on odd values."""

    def __enter__(self) -> None:
        import warnings

        self._catch = warnings.catch_warnings()
        self._catch.__enter__()
        warnings.simplefilter("ignore")

    def __exit__(self, *error: Any) -> None:
        self._catch.__exit__(*error)


def mutate_dicom(rng: random.Random, content: bytes) -> bytes:
    """Return a DICOM file with elements of other values, kinds or lengths, before and behind."""
    try:
        with warnings_off():
            dataset = dcmread(io.BytesIO(content), force=True)
            syntax = dataset.file_meta.TransferSyntaxUID
            for _ in range(rng.choice((1, 1, 2, 3))):
                _change_element(rng, dataset)
            target = io.BytesIO()
            dataset.save_as(target, enforce_file_format=False)
    except Exception:  # pydicom does not write just anything
        return mutate_bytes(rng, content)
    written = target.getvalue()
    if rng.random() < 0.3:
        written += _write_element(rng, implicit=syntax == ImplicitVRLittleEndian)
    return mutate_bytes(rng, written) if rng.random() < 0.2 else written


def _change_element(rng: random.Random, dataset: Dataset) -> None:
    kind = rng.randrange(4)
    tags = [element.tag for element in dataset]
    if kind == 0:
        name = rng.choice(KEYWORDS)
        setattr(dataset, name, rng.choice((*DICOM_NUMBERS, "MONOCHROME1", "PALETTE COLOR", "")))
    elif kind == 1:
        del dataset[rng.choice(tags)]
    elif kind == 2 and "PixelData" in dataset:
        dataset.PixelData = mutate_bytes(rng, dataset.PixelData)
    else:
        element = dataset[rng.choice(tags)]
        element.VR = rng.choice(VRS)


def _write_element(rng: random.Random, implicit: bool) -> bytes:
    """Return an element as it would stand behind the pixels, its length right or wrong."""
    tag = Tag(rng.choice(KEYWORDS))
    value = struct.pack("<H", rng.choice(DICOM_NUMBERS))
    length = rng.choice((2, 2, 2, 4, 65_535))
    start = struct.pack("<HH", tag.group, tag.element)
    if implicit:
        return start + struct.pack("<I", length) + value
    return start + rng.choice((b"US", b"DS", b"SS")) + struct.pack("<H", length) + value


def _list_places(values: Any) -> Sequence[tuple[Any, Any]]:
    """Return (holder, key) of all entries, those within each other too."""
    places, waiting = [], [values]
    while waiting:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            places.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return places


def _change_entry(rng: random.Random, holder: Any, key: Any) -> None:
    kind = rng.randrange(6)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[rng.choice((key.upper(), key[:-1], *TEXTS[:6]))] = holder.pop(key)
    elif kind == 2:
        holder[key] = rng.choice(NUMBERS)
    elif kind == 3:
        holder[key] = rng.choice(TEXTS)
    elif kind == 4:
        holder[key] = rng.choice(([], {}, [[]], None, True, {"a": 1}, [0] * 2000))
    else:
        deep: Any = holder[key]
        for _ in range(rng.choice((1, 3, 60, 500))):
            deep = [deep]
        holder[key] = deep
