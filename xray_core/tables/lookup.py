"""A column looked up by its name: to the letter, or else without regard for case.

Tables of one dataset are spelt in several ways, so that case is passed over. But a table may have
two columns that only case tells apart, and one must never be read in place of the other.
"""

from collections.abc import Iterable
from pathlib import Path

from xray_core.errors import DatasetError


def find_column(columns: Iterable[str], name: str, path: Path) -> str | None:
    """Return the column that is called `name`, outer blanks aside; None if there is none.

    Args:
        columns: those of the table.
        name: the one that is looked for.
        path: of the table, for messages.

    Raises:
        DatasetError: none is spelt so, and several are but for case.

    >>> find_column(["Edema", "edema"], "edema", Path("a.csv"))
    'edema'
    """
    wanted = name.strip()
    folded = wanted.casefold()
    alike = [column for column in dict.fromkeys(columns) if column.strip().casefold() == folded]
    if exact := [column for column in alike if column.strip() == wanted]:
        return exact[0]
    if len(alike) > 1:
        raise DatasetError(
            f"{path} has several columns that may be {name!r}, as only case tells them apart: "
            f"{', '.join(map(repr, alike))}. Name the one that is meant as it is spelt, or give "
            "the others another name."
        )
    return alike[0] if alike else None


def match_columns(columns: Iterable[str], names: Iterable[str], path: Path) -> dict[str, str]:
    """Return name -> column, as `find_column` finds it, for the names that have one.

    Raises:
        DatasetError: as `find_column` does.
    """
    listed = list(columns)
    pairs = ((name, find_column(listed, name, path)) for name in dict.fromkeys(names))
    return {name: column for name, column in pairs if column is not None}
