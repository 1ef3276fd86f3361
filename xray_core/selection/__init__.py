"""Selections: conditions that leave some images of a dataset, to look at or to train on."""

from xray_core.selection.filters import (
    AGE_GROUP,
    BOXES,
    CLASS,
    KNOWN,
    NO,
    RANGE,
    TEXT,
    VALUES,
    YES,
    Filter,
    FilterError,
    format_filters,
    kinds_of,
    parse_filters,
)
from xray_core.selection.passing import (
    AGE_GROUPS,
    HasClass,
    find_passing,
    group_ages,
    passes,
    select_catalog,
)
from xray_core.selection.words import describe_filter, describe_filters, name_column, name_value

__all__ = [
    "AGE_GROUP",
    "AGE_GROUPS",
    "BOXES",
    "CLASS",
    "KNOWN",
    "NO",
    "RANGE",
    "TEXT",
    "VALUES",
    "YES",
    "Filter",
    "FilterError",
    "HasClass",
    "describe_filter",
    "describe_filters",
    "find_passing",
    "format_filters",
    "group_ages",
    "kinds_of",
    "name_column",
    "name_value",
    "parse_filters",
    "passes",
    "select_catalog",
]
