"""Filters in words for a person."""

from xray_core.datasets import READERS
from xray_core.selection.filters import (
    AGE_GROUP,
    BOXES,
    CLASS,
    DOUBTFUL,
    FINDING_MASK,
    KNOWN,
    TEXT,
    VALUES,
    YES,
    Filter,
    find_finding,
    parse_filters,
)
from xray_core.tasks import spell_findings

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
    "image_findings": "Image label",
    "published_split": "Published subset",
    "age": "Age (years)",
    "gender": "Sex",
    "follow_up": "Follow-up",
    "mask_path": "Lung mask",
    FINDING_MASK: "Mask of a finding",
    DOUBTFUL: "Mark as doubtful",
    "width": "Width (px)",
    "height": "Height (px)",
    "original_width": "Original width (px)",
    "original_height": "Original height (px)",
    "file_size": "File size (bytes)",
}
OF_READERS = ("source", "site")  # columns that may name a reader
OF_FINDINGS = ("findings", "image_findings")
# Column -> value -> what it is called.
VALUE_NAMES = {"gender": {"F": "female", "M": "male"}}


def name_column(column: str, of_study: bool = False) -> str:
    """Return a column that can be filtered by as words.

    Args:
        column: its name in the catalog.
        of_study: whether findings are labels of studies, beside which images have their own.

    >>> name_column("gender"), name_column("finding[Pleural_Effusion]")
    ('Sex', 'Pleural Effusion')
    >>> name_column("findings"), name_column("findings", of_study=True)
    ('Findings', 'Study label')
    """
    if finding := find_finding(column):
        return spell_findings(finding)
    if column == "findings" and of_study:
        return "Study label"
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
    if column in OF_FINDINGS:
        return spell_findings(value)
    return VALUE_NAMES.get(column, {}).get(value, value)


def describe_filter(column_filter: Filter, of_study: bool = False) -> str:
    """Return a filter as words; `of_study` as of `name_column`."""
    column, name = column_filter.column, name_column(column_filter.column, of_study)
    for derived, thing in ((BOXES, "boxes"), (FINDING_MASK, "a mask of a finding")):
        if column == derived:
            return f"{'with' if column_filter.text == YES else 'without'} {thing}"
    if column == DOUBTFUL:
        return f"label {'' if column_filter.text == YES else 'not '}marked as doubtful"
    if column_filter.kind == VALUES:
        values = [name_value(column, value) for value in column_filter.values]
        rest = [f"{len(values) - N_NAMED} more"] if len(values) > N_NAMED else []
        return f"{name}: {' or '.join([*values[:N_NAMED], *rest])}"
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
    ('Class: typical, with boxes', 'all images')
    """
    return ", ".join(map(describe_filter, parse_filters(text))) or "all images"
