"""A sample of a dataset as a zip: original files, a table of labels, licence and citation.

    <name>/images/<image id>.<suffix>           the files as they are, byte for byte
    <name>/lung masks/<image id>.<suffix>       where the dataset has them
    <name>/labels.csv                           all that is known of each image
    <name>/xray_dataset.json                    by which the archive is opened, once unpacked
    <name>/about.txt                            what it is; licence and citation

Into the workspace's data folder with it, and it is a dataset as any other.
"""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from xray_core.catalog import LUNGS, Catalog
from xray_core.errors import DatasetError
from xray_core.exports.disk import (
    check_free,
    check_outside,
    check_space,
    forget_partial,
    partial_of,
    write_errors,
)
from xray_core.exports.names import safe_name, unique_names
from xray_core.exports.tables import (
    ABOUT,
    IMAGES,
    MAPPING,
    TABLE,
    describe_origin,
    describe_originals,
    format_table,
    write_mapping_text,
)
from xray_core.filling import fill_alone
from xray_core.paths import open_file

CHUNK_BYTES = 2**20
PACKED = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gz")  # to pack them again gains nothing
MASKS = "lung masks"  # a folder that is taken for what it is when the archive is opened
DATE = (2000, 1, 1, 0, 0, 0)  # the same sample gives the same archive


@dataclass(frozen=True)
class SampleArchive:
    """A finished archive.

    Attributes:
        file: that was written.
        n_images, n_patients: in it.
        n_bytes: of the archive.
        left_out: image_id, path and reason of each image whose file could not be read.
        n_masks_left_out: masks of these images that are not in it: those of findings, and all
            but the first of the lungs.
    """

    file: Path
    n_images: int
    n_patients: int
    n_bytes: int
    left_out: pd.DataFrame
    n_masks_left_out: int


def write_sample(
    catalog: Catalog,
    rows: pd.DataFrame,
    file: Path,
    progress: Callable[[int, int], None] | None = None,
) -> SampleArchive:
    """Write images with all that is known of them as a zip; see above.

    Args:
        catalog: the dataset.
        rows: of `catalog.images`, their files present; see `draw_sample`.
        file: to be made; it is whole, or not there.
        progress: called with (images done, images in all) after each image.

    Raises:
        DatasetError: the file lies in the dataset's folder, is there already, another process
            writes it, the disk is too full, or no image can be read.
    """
    check_outside(file, catalog)
    with write_errors(file), fill_alone(file, "writing"):
        check_free(file)
        check_space(file.parent, int(rows["file_size"].sum()))
        forget_partial(file)
        try:
            with zipfile.ZipFile(partial_of(file), "x") as archive:
                kept, left_out, n_lost = _fill(
                    archive, safe_name(file.stem), catalog, rows, progress
                )
            partial_of(file).rename(file)
        except BaseException:
            forget_partial(file)
            raise
    return SampleArchive(
        file,
        len(kept),
        int(kept["patient_id"].nunique()),
        file.stat().st_size,
        pd.DataFrame(left_out, columns=["image_id", "path", "reason"]),
        n_lost,
    )


def _fill(
    archive: zipfile.ZipFile,
    top: str,
    catalog: Catalog,
    rows: pd.DataFrame,
    progress: Callable[[int, int], None] | None,
) -> tuple[pd.DataFrame, list[dict[str, str]], int]:
    """Return the rows that are in the archive, what was left out, and how many masks were."""
    kept, files, left_out = _add_images(archive, top, catalog, rows, progress)
    if kept.empty:
        raise DatasetError(
            f"{catalog.root}: none of the {len(rows):,} images can be read. The first, "
            f"{left_out[0]['path']}: {left_out[0]['reason']}"
        )
    n_lost = _add_masks(archive, top, catalog, kept, files)
    _add_words(archive, top, catalog, kept, files)
    return kept, left_out, n_lost


def _add_images(
    archive: zipfile.ZipFile,
    top: str,
    catalog: Catalog,
    rows: pd.DataFrame,
    progress: Callable[[int, int], None] | None,
) -> tuple[pd.DataFrame, list[str], list[dict[str, str]]]:
    """Return the rows that are in the archive, their files in it, and what was left out."""
    names = unique_names(safe_name(str(image_id)) for image_id in rows["image_id"])
    kept: list[int] = []
    files: list[str] = []
    left_out: list[dict[str, str]] = []
    for place, name in enumerate(names):
        row = rows.iloc[place]
        member = f"{IMAGES}/{name}{_suffix(row['path'])}"
        if reason := _copy(archive, catalog.root / row["path"], f"{top}/{member}"):
            left_out.append({"image_id": row["image_id"], "path": row["path"], "reason": reason})
        else:
            kept.append(place)
            files.append(member)
        if progress is not None:
            progress(place + 1, len(rows))
    return rows.iloc[kept], files, left_out


def _add_masks(
    archive: zipfile.ZipFile, top: str, catalog: Catalog, kept: pd.DataFrame, files: list[str]
) -> int:
    """Add the first lung mask of each image; return how many masks are not in the archive."""
    masks = catalog.masks[catalog.masks["image_id"].isin(kept["image_id"])]
    lungs = masks[(masks["kind"] == LUNGS) & masks["path"].notna()]
    stems = {
        image_id: PurePosixPath(name).stem
        for image_id, name in zip(kept["image_id"], files, strict=True)
    }
    n_added = 0
    first = lungs.drop_duplicates("image_id")
    for image_id, path in first[["image_id", "path"]].itertuples(index=False):
        member = f"{top}/{MASKS}/{stems[image_id]}{_suffix(path)}"
        n_added += not _copy(archive, catalog.root / path, member)
    return len(masks) - n_added


def _add_words(
    archive: zipfile.ZipFile, top: str, catalog: Catalog, kept: pd.DataFrame, files: list[str]
) -> None:
    table, mapping = describe_originals(catalog, kept, files)
    what = (
        f"A sample of {catalog.root.name}, drawn by X-ray Lab: {len(kept):,} of "
        f"{len(catalog.present):,} images, whole patients, classes in like proportion. The files "
        f"are the originals; {TABLE} has their labels."
    )
    words = {
        TABLE: format_table(table),
        MAPPING: write_mapping_text(mapping),
        ABOUT: describe_origin(catalog, what).encode(),
    }
    for name, content in words.items():
        archive.writestr(_describe(f"{top}/{name}", packed=True), content)


def _copy(archive: zipfile.ZipFile, path: Path, member: str) -> str:
    """Add a file of the dataset; return why it cannot be opened, "" if it is in the archive."""
    try:
        source = open_file(path)
    except OSError as error:
        return error.strerror or str(error)
    except DatasetError as error:
        return str(error)
    packed = path.suffix.lower() not in PACKED
    with source, archive.open(_describe(member, packed), "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, CHUNK_BYTES)
    return ""


def _describe(member: str, packed: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(member, DATE)
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
