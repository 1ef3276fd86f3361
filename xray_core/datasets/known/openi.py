"""The Indiana University collection of Open-i: frontal and lateral radiographs with their reports.

    indiana_projections.csv      uid, filename, projection                  the copy on Kaggle
    indiana_reports.csv          uid, MeSH, Problems, image, indication, comparison, findings,
    images/images_normalized/1_IM-0001-4001.dcm.png                         impression

    ecgen-radiology/1.xml        a report, which names its images           as Open-i publishes it
    NLMCXR_png/CXR1_1_IM-0001-3001.png

Where each archive was unpacked into a folder of its own, the reports are a level deeper, in
NLMCXR_reports.

The labels are the MeSH headings that people gave to the reports, without what stands behind a
slash: Cardiomegaly/mild is Cardiomegaly. "No Indexing" means that nobody gave any.

Verified: columns and rows in several descriptions and programs; the elements of the XML files in
several programs that read them; the licence in Open-i's own answers.
"""

import posixpath
import re
from pathlib import Path
from xml.etree.ElementTree import Element

import pandas as pd

from xray_core.datasets.folder.annotations.collect import read_fitting
from xray_core.datasets.folder.annotations.voc import parse_xml
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.names import without_suffix
from xray_core.datasets.known.entry import KnownDataset, KnownTable, Prepared
from xray_core.datasets.known.recognition import look_into
from xray_core.datasets.reader import count_remark
from xray_core.errors import DatasetError

REPORTS = "ecgen-radiology"
UNINDEXED = "no indexing"
READING, PROBLEMS, VIEW = "reading", "Problems", "projection"
SECTIONS = ("FINDINGS", "IMPRESSION")
MAX_BYTES = 2**20  # of a report; they have some kilobytes
MAX_INNER = 20  # folders of which each is looked at whether it holds the reports
XML_ROLES = ("label", "study", READING)


def _join_sections(findings: str | None, impression: str | None) -> str | None:
    """Return a report's two sections as one text; None if both are empty."""
    named = {"Findings": findings, "Impression": impression}
    texts = [f"{name}: {' '.join(text.split())}" for name, text in named.items() if text]
    return " ".join(texts) or None


def _drop_unindexed(labels: pd.Series) -> pd.Series:
    return labels.mask(labels.str.strip().str.casefold().eq(UNINDEXED).fillna(False).astype(bool))


def _add_reading(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Put the sections of the report together, and leave out labels that say there is none."""
    if PROBLEMS not in rows:
        is_frontal = rows[VIEW].str.casefold().eq("frontal").fillna(False).astype(bool)
        rows[VIEW] = rows[VIEW].mask(is_frontal)  # PA or AP, which nobody says
        return Prepared(rows)
    texts = rows[["findings", "impression"]].astype(object)
    texts = texts.where(texts.notna(), None)
    rows[READING] = pd.Series(
        [_join_sections(*pair) for pair in texts.itertuples(index=False)], rows.index
    ).astype("string")
    rows[PROBLEMS] = _drop_unindexed(rows[PROBLEMS].astype("string"))
    return Prepared(rows)


def _locate_xml(folder: Path) -> Path | None:
    """Return `folder` if reports lie in it, or in a folder in it, as archives unpack."""
    inner = look_into(folder).folders
    places = [folder, *(folder / name for name in inner[:MAX_INNER])]
    names = (name for place in places for name in look_into(place / REPORTS).others)
    return folder if any(name.lower().endswith(".xml") for name in names) else None


def _add_reports(files: FolderFiles, rows: pd.DataFrame) -> Prepared:
    """Add what the XML files say to the rows of images; see `KnownDataset.beside`."""
    said: dict[str, dict[str, str | None]] = {}
    unreadable: list[str] = []
    for path in files.inventory.others:
        folder, name = posixpath.split(path)
        if posixpath.basename(folder) != REPORTS or not name.lower().endswith(".xml"):
            continue
        try:
            content = read_fitting(files.root / path, MAX_BYTES, lambda start: b"<" in start)
            root = parse_xml(content or b"")
        except (DatasetError, OSError, ValueError):
            unreadable.append(path)
            continue
        report = _read_report(root)
        for image in root.iter("parentImage"):
            said.setdefault(image.get("id", "").strip().casefold(), report)
    keys = rows["path"].map(lambda path: without_suffix(posixpath.basename(path)).casefold())
    for role in XML_ROLES:
        cells = [said.get(key, {}).get(role) for key in keys]
        rows[role] = pd.Series(cells, rows.index, dtype="string")
    studies = rows["path"].str.extract(r"CXR(\d+)_", flags=re.IGNORECASE)[0].astype("string")
    rows["study"] = rows["study"].fillna(studies)
    return Prepared(
        rows,
        (
            count_remark("unjoined_row", list(rows.loc[~keys.isin(said), "path"]),
                         f"Images of which no report in {REPORTS} says anything"),
            count_remark("unreadable_table", unreadable, "Reports that cannot be read, left out"),
        ),
    )  # fmt: skip


def _read_report(root: Element) -> dict[str, str | None]:
    """Return the labels, the study and the reading of a report."""
    majors = [" ".join((major.text or "").split()) for major in root.iter("major")]
    names = dict.fromkeys(major.partition("/")[0].strip() for major in majors if major)
    labels = [name for name in names if name.casefold() != UNINDEXED]
    texts = {
        text.get("Label", "").upper(): "".join(text.itertext())
        for text in root.iter("AbstractText")
    }
    uid = next((named.get("id", "") for named in root.iter("uId")), "")
    return {
        "label": ";".join(labels) or None,
        "study": uid.removeprefix("CXR") or None,
        READING: _join_sections(*(texts.get(section) for section in SECTIONS)),
    }


_ISSUES = (
    "The labels are those of the report of all its images: a lateral image is labelled with what "
    "only the frontal one may show.",
    "The reports were de-identified: XXXX stands where a word was taken out.",
    "No patients are published: the number of the report counts as a study, and all images of a "
    "study stay in one subset.",
    "Most reports are normal, and most headings are rare.",
)
_ABOUT = (
    "7,470 radiographs of 3,955 reports of the Indiana University hospitals (USA), frontal and "
    "lateral, with MeSH headings, findings and impression."
)
_CITATION = "Demner-Fushman et al., JAMIA 23 (2016), doi:10.1093/jamia/ocv080"
_ADDRESS = "https://openi.nlm.nih.gov/faq#collection"

OPENI = KnownDataset(
    name="openi",
    title="Indiana University (Open-i)",
    expects="indiana_projections.csv and indiana_reports.csv, and the images that they name",
    about=_ABOUT,
    known_issues=(*_ISSUES, "Frontal images are PA or AP; which, nobody says."),
    address=_ADDRESS,
    citation=_CITATION,
    licence="CC BY-NC-ND 4.0",
    kaggle="raddar/chest-xrays-indiana-university",
    tables=(
        KnownTable(
            "indiana_projections.csv",
            {"path": "filename", "study": "uid", "view_position": VIEW},
        ),
        KnownTable(
            "indiana_reports.csv",
            {"label": PROBLEMS},
            maybe={READING: READING},
            needs=("uid", "MeSH", "findings", "impression"),
            on="uid",
            gives="nothing is labelled",
        ),
    ),
    separator=";",
    prepare=_add_reading,
)
OPENI_XML = KnownDataset(
    name="openi_xml",
    title="Indiana University (Open-i), as published",
    expects="ecgen-radiology with XML files, and names such as CXR1_1_IM-0001-3001.png",
    about=_ABOUT,
    known_issues=(*_ISSUES, "Which images are lateral, the reports do not say."),
    address=_ADDRESS,
    citation=_CITATION,
    licence="CC BY-NC-ND 4.0",
    not_on_kaggle="Kaggle has it with two tables instead of the reports, which is read as well.",
    images=r"(^|/)CXR\d+(_\d+)?_IM-\d+(-\d+)*\.\w+$",
    folders=("NLMCXR_png", "NLMCXR_png/NLMCXR_png", "images", "radiology/extract", ""),
    locate=_locate_xml,
    separator=";",
    beside=_add_reports,
    beside_roles=XML_ROLES,
)

OPENI_SETS = (OPENI, OPENI_XML)
