"""Filters in words for a person."""

from xray_core.datasets import READERS
from xray_core.selection.filters import (
    AGE_GROUP,
    BOXES,
    CLASS,
    FINDING_MASK,
    KNOWN,
    TEXT,
    VALUES,
    YES,
    Filter,
    find_finding,
    parse_filters,
)

N_NAMED = 3  # values of a filter that are written out
NAMES = {
    CLASS: "Class",
    BOXES: "Boxes",
    AGE_GROUP: "Age group",
    "image_id": "Image",
    "path": "File",
    "source": "Dataset",
    "patient_id": "Patient",
    "study_id": "Study",
    "image_findings": "Findings of the image",
    "published_split": "Published subset",
    "age": "Age (years)",
    "gender": "Sex",
    "follow_up": "Follow-up",
    "mask_path": "Lung mask",
    FINDING_MASK: "Mask of a finding",
    "width": "Width (px)",
    "height": "Height (px)",
    "original_width": "Original width (px)",
    "original_height": "Original height (px)",
    "file_size": "File size (bytes)",
}
OF_READERS = ("source", "site")  # columns that may name a reader
# Column -> value -> what it is called.
VALUE_NAMES = {"gender": {"F": "female", "M": "male"}}


def name_column(column: str) -> str:
    """Return a column that can be filtered by as words.

    >>> name_column("gender"), name_column("finding[Pleural_Effusion]")
    ('Sex', 'Pleural_Effusion')
    """
    if finding := find_finding(column):
        return finding
    return NAMES.get(column) or column.replace("_", " ").capitalize()


def name_value(column: str, value: str) -> str:
    """Return a value of a column as words; "" is the unknown.

    >>> name_value("age_group", "18-39"), name_value("gender", "F"), name_value("site", "")
    ('18–39', 'female', 'unknown')
    """
    if not value:
        return "unlabelled" if column == CLASS else "unknown"
    if column == AGE_GROUP:
        return value.replace("-", "–")
    if column in OF_READERS and value in READERS:
        return READERS[value].title
    return VALUE_NAMES.get(column, {}).get(value, value)


def describe_filter(column_filter: Filter) -> str:
    """Return a filter as words."""
    column, name = column_filter.column, name_column(column_filter.column)
    for derived, thing in ((BOXES, "boxes"), (FINDING_MASK, "a mask of a finding")):
        if column == derived:
            return f"{'with' if column_filter.text == YES else 'without'} {thing}"
    if column_filter.kind == VALUES:
        values = [name_value(column, value) for value in column_filter.values]
        rest = [f"{len(values) - N_NAMED} more"] if len(values) > N_NAMED else []
        return f"{name} is {' or '.join([*values[:N_NAMED], *rest])}"
    if column_filter.kind == TEXT:
        return f"{name} contains “{column_filter.text}”"
    if column_filter.kind == KNOWN:
        return f"{name} is {'known' if column_filter.text == YES else 'unknown'}"
    if column_filter.low is None or column_filter.high is None:
        end = column_filter.high if column_filter.low is None else column_filter.low
        return f"{name} {'at most' if column_filter.low is None else 'at least'} {end:,.10g}"
    return f"{name} from {column_filter.low:,.10g} to {column_filter.high:,.10g}"


def describe_filters(text: str) -> str:
    """Return filters, given as `format_filters` writes them, as words.

    >>> describe_filters("class=typical;boxes?yes"), describe_filters("")
    ('Class is typical, with boxes', 'all images')
    """
    return ", ".join(map(describe_filter, parse_filters(text))) or "all images"
