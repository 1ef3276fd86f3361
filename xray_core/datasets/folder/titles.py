"""What a mapping says, in words for a person: roles, levels of folders, tables, findings."""

from collections.abc import Mapping

from xray_core.datasets.folder.layout import NOTHING
from xray_core.datasets.folder.mapping import (
    ABSENT,
    CORNER_SIZE,
    CORNERS,
    FOLDER,
    FRACTIONS,
    PRESENT,
    PX,
    UNKNOWN,
    FolderMapping,
    MappedTable,
)
from xray_core.datasets.folder.names import CLASS, PATIENT, SITE, STUDY, SUBSET

ROLE_TITLES: Mapping[str, str] = {
    "path": "Image file",
    "folder": "Folder of the file",
    "label": "Label",
    "patient": "Patient",
    "study": "Study",
    "split": "Subset",
    "site": "Site",
    "view_position": "View position",
    "age": "Age",
    "gender": "Sex",
    "follow_up": "Follow-up",
    "reading": "Reading",
    "x": "Left",
    "y": "Top",
    "width": "Width",
    "height": "Height",
    "x1": "Left",
    "y1": "Top",
    "x2": "Right",
    "y2": "Bottom",
    "box": "Box in one cell",
    "runs": "Mask in run lengths",
    "original_width": "Image width",
    "original_height": "Image height",
}
LEVEL_TITLES: Mapping[str, str] = {
    SUBSET: "Subset",
    CLASS: "Class",
    PATIENT: "Patient",
    STUDY: "Study",
    SITE: "Site",
    NOTHING: "Nothing: passed over",
}
SEPARATOR_TITLES: Mapping[str, str] = {
    "": "nothing: one label each",
    "|": "a bar |",
    ";": "a semicolon ;",
    ",": "a comma ,",
    "/": "a slash /",
    "list": "a list [a, b]",
}
MEANING_TITLES: Mapping[str, str] = {UNKNOWN: "unknown", PRESENT: "present", ABSENT: "absent"}
UNIT_TITLES: Mapping[str, str] = {PX: "pixels", FRACTIONS: "fractions of the image"}
ORDER_TITLES: Mapping[str, str] = {
    CORNER_SIZE: "left, top, width, height",
    CORNERS: "left, top, right, bottom",
}
PLACE_TITLES: Mapping[str, str] = {
    "start": "at the start, as in covid.12.png",
    "end": "at the end, as in case_12_covid.png",
}
N_SHOWN = 4  # columns of findings that are named


def describe_mapping(mapping: FolderMapping) -> list[tuple[str, str]]:
    """Return what a mapping says as pairs: what it is said of, and what is said.

    >>> describe_mapping(FolderMapping(label_in_name="start"))
    [('Names of files', 'the label stands at the start, as in covid.12.png')]
    """
    if mapping.tables:
        return [
            *((table.file, _describe_table(table)) for table in mapping.tables),
            *_describe_cells(mapping),
        ]
    if mapping.label_in_name:
        place = PLACE_TITLES[mapping.label_in_name]
        return [("Names of files", f"the label stands {place}")]
    if mapping.reader != FOLDER:
        return []
    if mapping.folders:
        levels = (LEVEL_TITLES[level].lower() for level in mapping.folders)
        return [(f"Level {n}", level) for n, level in enumerate(levels, 1)]
    return [("Names of folders", "subsets, classes and patients, as they are called")]


def _describe_table(table: MappedTable) -> str:
    words = [f"{ROLE_TITLES[role]} ← {column}" for role, column in table.columns.items()]
    if table.on:
        other = f" = {table.of}" if table.of not in ("", table.on) else ""
        words.insert(0, f"joined on {table.on}{other}")
    if table.findings:
        more = len(table.findings) - N_SHOWN
        named = ", ".join(table.findings[:N_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
        words.append(f"Findings ← {named}")
    if table.subset:
        words.append(f"all its images: {table.subset}")
    return " · ".join(words)


def _describe_cells(mapping: FolderMapping) -> list[tuple[str, str]]:
    """Return what holds for the cells of all tables, as far as they have such."""
    columns = {role for table in mapping.tables for role in table.columns}
    pairs = []
    if "label" in columns and mapping.separator:
        pairs.append(("Several labels", f"divided by {SEPARATOR_TITLES[mapping.separator]}"))
    if any(table.findings for table in mapping.tables):
        uncertain, blank = MEANING_TITLES[mapping.uncertain], MEANING_TITLES[mapping.blank]
        pairs.append(("Findings", f"uncertain (−1) means {uncertain}, blank means {blank}"))
    if any(table.box_roles for table in mapping.tables):
        order = f", {ORDER_TITLES[mapping.box_order]}" if "box" in columns else ""
        pairs.append(("Boxes", f"in {UNIT_TITLES[mapping.box_unit]}{order}"))
    return pairs
