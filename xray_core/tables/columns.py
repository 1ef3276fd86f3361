"""The rows of a table under the names of their columns, and what was odd about them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from xray_core.errors import DatasetError
from xray_core.tables.header import (
    SAMPLE_ROWS,
    UNNAMED,
    VALUE,
    Cells,
    NamesImage,
    count_titles,
    expand_brackets,
    has_header,
    is_image,
    is_index,
    name_columns,
)

NO_HEADER = "The first row is no header"  # how a note begins
SHOWN = 60  # characters of a title
TOTALS = frozenset(
    ("total", "totals", "sum", "summe", "gesamt", "insgesamt", "suma", "somme", "totale", "count")
)


def name_rows(
    path: Path,
    frame: pd.DataFrame,
    lengths: Sequence[int],
    names_image: NamesImage,
    notes: list[str],
) -> tuple[pd.DataFrame, bool]:
    """Return the rows under their columns, and whether there was a header.

    Args:
        path: for messages.
        frame: all cells of a table; columns are numbered.
        lengths: cells of each row that is not blank, where they differ; else empty.
        names_image: whether a cell names an image of the folder.
        notes: gets a sentence on each thing that was odd.

    Raises:
        DatasetError: it has no cell.
    """
    frame = _strip_cells(path, frame)
    top = frame.head(SAMPLE_ROWS + 1).astype("object")
    first_rows = top.where(top.notna(), None).to_numpy().tolist()
    n_titles = count_titles(first_rows, names_image)
    if n_titles:
        title = str(first_rows[0][0])
        title = title if len(title) <= SHOWN else f"{title[:SHOWN]}…"
        notes.append(f"Lines left out above the header, as they are titles: {n_titles} ({title}).")
    first_rows, frame, lengths = first_rows[n_titles:], frame[n_titles:], lengths[n_titles:]
    is_headed = has_header(first_rows, names_image)
    header = [""] * frame.shape[1]
    if is_headed:
        header = expand_brackets([cell or "" for cell in first_rows[0]], frame.shape[1])
        frame = _drop_repeated_header(frame[1:], first_rows[0], notes)
        if lengths and set(lengths[1:]) == {lengths[0] + 1}:
            header = _shift_row_names(header, frame)
        _note_lengths(header, frame, lengths, notes)
    frame = _drop_totals(frame, notes)
    header, frame = _drop_strays(header, frame, names_image, notes)
    columns, repeated = name_columns(header)
    if repeated:
        names = ", ".join(map(repr, dict.fromkeys(repeated)))
        notes.append(f"Several columns are called {names}; a number is added to the later ones.")
    if not is_headed:
        notes.append(f'{NO_HEADER}, so the columns are called "Column 1", …')
    return frame.set_axis(columns, axis=1).reset_index(drop=True).astype("string"), is_headed


def _strip_cells(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """Return cells without outer blanks, <NA> where nothing is left, and no blank rows."""
    frame = frame.apply(lambda cells: cells.str.strip().mask(lambda texts: texts == ""))
    kept = frame.notna().any(axis=1)
    if not kept.any():
        raise DatasetError(f"{path} is empty. A table has a row for each image.")
    return frame if kept.all() else frame[kept]


def _drop_repeated_header(frame: pd.DataFrame, first: Cells, notes: list[str]) -> pd.DataFrame:
    """Leave out rows that repeat the header, as in tables that were put one below the other."""
    if sum(map(bool, first)) < 2:
        return frame
    place = next(place for place, cell in enumerate(first) if cell)
    alike = frame[(frame.iloc[:, place] == first[place]).fillna(False)].astype("object")
    again = [row.Index for row in alike.where(alike.notna(), None).itertuples(name="Row")
             if list(row[1:]) == list(first)]  # fmt: skip
    if again:
        notes.append(f"Rows left out, as they repeat the header: {len(again):,}.")
        frame = frame.drop(index=again)
    return frame


def _drop_totals(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Leave out a last row that sums up those above it, as spreadsheets have it."""
    first = str(frame.iat[-1, 0]) if len(frame) > 1 else ""
    if first.strip(" :").casefold() in TOTALS:
        notes.append(f"The last row is left out, as it sums up the others: {first}.")
        return frame[:-1]
    return frame


def _shift_row_names(header: list[str], frame: pd.DataFrame) -> list[str]:
    """Return a header with a blank name before it, where R numbered the rows and named no column.

    Such a header is one cell shorter than all rows, the first cells of which are "1", "2", … With
    a decimal comma that is none of the table's, a row is longer, too: its first cell says no more
    than the row's number only if the second is no number.
    """
    numbers = [str(number + 1) for number in range(len(frame))]
    has_text = not any(map(VALUE.fullmatch, frame.iloc[:, 1].dropna()))
    if numbers and has_text and not header[-1] and frame.iloc[:, 0].tolist() == numbers:
        return ["", *header[:-1]]
    return header


def _note_lengths(
    header: list[str], frame: pd.DataFrame, lengths: Sequence[int], notes: list[str]
) -> None:
    """Note rows that are longer or shorter than the header."""
    width = max((place + 1 for place, name in enumerate(header) if name), default=0)
    if not width or frame.empty:
        return
    longer = frame.iloc[:, width:].notna().any(axis=1)
    if longer.any() and not longer.all():
        cells = frame[longer].iloc[0].dropna().tolist()
        notes.append(
            f"Rows with more cells than the header: {int(longer.sum()):,}. What is beyond it "
            f'stands in columns without a name ("Column {width + 1}", …), as the end of '
            f"{', '.join(cells[-2:])[:SHOWN]!r}. A cell that holds the separator needs quotation "
            "marks around it."
        )
    n_short = sum(length < width for length in lengths[1:])
    if n_short:
        notes.append(
            f"Rows with fewer cells than the header, so that the last ones stay empty: {n_short:,}."
        )


def _drop_strays(
    header: list[str], frame: pd.DataFrame, names_image: NamesImage, notes: list[str]
) -> tuple[list[str], pd.DataFrame]:
    """Leave out columns without a name that are blank, or that number the rows."""
    kept = list(range(len(header)))
    n_images = {place: _count_images(frame.iloc[:, place], names_image) for place in kept}
    if any(header):
        for place in list(kept):
            cells = frame.iloc[:, place]
            if not UNNAMED.fullmatch(header[place]):
                continue
            if cells.isna().all():
                kept.remove(place)  # surplus separators at the ends of rows
            elif (
                (header[place] or place == 0)
                and is_index(cells)
                and n_images[place]
                <= max((n for other, n in n_images.items() if other != place), default=0)
            ):
                kept.remove(place)
                name = f"called {header[place]!r}" if header[place] else "without a name"
                notes.append(f"A column {name} is left out, as it only numbers the rows.")
    return [header[place] for place in kept], frame.iloc[:, kept]


def _count_images(cells: pd.Series, names_image: NamesImage) -> int:
    sample = cells.dropna().head(SAMPLE_ROWS)
    return sum(is_image(cell, names_image) for cell in sample)
