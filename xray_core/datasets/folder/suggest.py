"""A first guess at how a folder's tables are to be read, for a person to check."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.finder import join_columns
from xray_core.datasets.folder.mapping import CORNER_SIZE, FRACTIONS, PX, FolderMapping, MappedTable
from xray_core.datasets.folder.names import is_form, split_words
from xray_core.datasets.folder.roles import (
    NAMES,
    are_fractions,
    guess_columns,
    guess_labels,
    plain,
)
from xray_core.datasets.folder.rows import FolderTables
from xray_core.errors import DatasetError
from xray_core.tables.cells import parse_subset
from xray_core.tables.labels import guess_separator, unify_numbers
from xray_core.tables.regions import guess_box_order

N_TABLES = 20
N_SAMPLED = 300  # cells of a column, to see whether it names images
# Shares of a table's rows whose image is there, and of the images that it names: below both, it is
# of something else. A small sample of a dataset has the whole table.
MIN_NAMED = 0.1
MIN_SHARED = 0.5  # share of keys that two tables must have in common to be joined
# Roles of which a second table is worth joining.
USEFUL = (
    "label",
    "split",
    "patient",
    "study",
    "age",
    "gender",
    "view_position",
    "box",
    "x",
    "x1",
    "runs",
)
KEY_WORDS = ("dicom", "image", "study", "uid", "exam", "report", "patient", "subject", "id")


@dataclass(frozen=True)
class Guess:
    """A mapping that was guessed.

    Attributes:
        mapping: it.
        files: the files of the rows' images, as far as they are there.
        says_labels: whether the name of a column says that it holds labels, or its cells do.
    """

    mapping: FolderMapping
    files: frozenset[str]
    says_labels: bool


@dataclass
class _Naming:
    """A table whose rows name images."""

    table: MappedTable
    rows: pd.DataFrame
    files: frozenset[str]
    says_labels: bool

    @property
    def has_labels(self) -> bool:
        return self.table.labels_images


def list_tables(files: FolderFiles) -> list[str]:
    """Return the files of a folder that may be tables, the nearest first.

    Text files that are as many as images, one for each, are none. The last are forms in which
    answers are handed in to a competition: what they say of the test images is made up.
    """
    tables = [path for path in files.inventory.tables if not path.lower().endswith(".txt")]
    texts = [path for path in files.inventory.tables if path.lower().endswith(".txt")]
    if len(texts) <= N_TABLES // 2:
        tables += texts
    return sorted(tables, key=lambda path: (is_form(path), path.count("/"), path))[:N_TABLES]


def suggest_mapping(files: FolderFiles, tables: FolderTables) -> Guess | None:
    """Guess which tables say what.

    Returns:
        None if no table has a column that names an image file of the folder.
    """
    naming: list[_Naming] = []
    others: dict[str, pd.DataFrame] = {}
    for file in list_tables(files):
        if is_form(file):
            continue
        try:
            sheet = tables.read(file)
        except DatasetError:
            continue  # another table may do; the dialog says why this one does not
        guess = suggest_table(tables, file)
        if guess is None:
            others[file] = sheet.rows
        else:
            naming.append(guess)
    if not naming:
        return None
    naming.sort(key=lambda n: (not n.has_labels, not n.says_labels, -len(n.files), n.table.file))
    chosen = _choose(naming)
    joined = _join(chosen, others)
    mapped = [*(each.table for each in chosen), *(table for table, _ in joined)]
    findings = any(table.findings for table in mapped)
    if not any(table.labels_images for table in mapped):
        return Guess(FolderMapping(tables=tuple(mapped)), _all_files(chosen), False)
    rows_of = {each.table.file: each.rows for each in chosen} | {t.file: rows for t, rows in joined}
    return Guess(
        _finish(mapped, rows_of),
        _all_files(chosen),
        findings
        or any(each.says_labels for each in chosen)
        or any("label" in t.columns for t, _ in joined),
    )


def suggest_table(tables: FolderTables, file: str) -> _Naming | None:
    """Guess what the columns of one table say; None if its rows name no image.

    Raises:
        DatasetError: it cannot be read.
    """
    rows = tables.read(file).rows
    named = _find_paths(tables, file, rows)
    if named is None:
        return None
    columns, named_files = named
    taken = list(columns.values())
    columns |= guess_columns(rows, taken)
    taken = list(columns.values())
    label, findings, says = guess_labels(rows, taken)
    if label:
        columns["label"] = label
    subset = "" if "split" in columns else _subset_of(file)
    order = {role: columns[role] for role in NAMES if role in columns}
    table = MappedTable(file, order, findings, subset=subset)
    return _Naming(table, rows, named_files, says)


def _find_paths(
    tables: FolderTables, file: str, rows: pd.DataFrame
) -> tuple[dict[str, str], frozenset[str]] | None:
    """Return {"path": column}, perhaps with "folder", and the files that its cells name."""
    base = (posixpath.dirname(file),)

    def find(cells: pd.Series) -> pd.Series:
        filled = cells.dropna()
        return tables.find_files(filled, base)["path"].dropna() if len(filled) else filled

    shares: dict[str, float] = {}
    for column in rows.columns:
        sample = rows[column].dropna().head(N_SAMPLED)
        shares[column] = len(find(sample)) / max(1, len(sample))
    preferred = [c for name in NAMES["path"] for c in rows.columns if plain(c) == name]
    best = max(shares, key=lambda c: (shares[c], -_rank(c, preferred)), default="")
    near = [c for c in preferred if shares[c] >= FAIR * shares.get(best, 0) and shares[c]]
    best = near[0] if near else best
    chosen = {"path": best}
    if best and shares[best] < MIN_SHARED and (pair := _find_pair(tables, rows, shares, preferred)):
        chosen, best_share = pair
        if best_share <= shares[best]:
            chosen = {"path": best}
    if not best:
        return None
    cells = rows[chosen["path"]]
    if "folder" in chosen:
        cells = join_columns(rows[chosen["folder"]], cells)
    named_files = find(cells)
    n_files = named_files.nunique()
    is_few = n_files < MIN_NAMED * cells.notna().sum() and n_files < MIN_SHARED * len(tables.images)
    if is_few or not n_files:
        return None
    return chosen, frozenset(named_files)


FAIR = 0.8  # of the best column's share: a column whose name says that it names files goes first


def _rank(column: str, preferred: Sequence[str]) -> int:
    return preferred.index(column) if column in preferred else len(preferred)


def _find_pair(
    tables: FolderTables, rows: pd.DataFrame, shares: dict[str, float], preferred: Sequence[str]
) -> tuple[dict[str, str], float] | None:
    """Return the columns of folder and file name that name the most images together."""
    folders = {part for path in tables.images for part in posixpath.dirname(path).split("/")}
    folder_columns = [
        c
        for c in rows.columns
        if plain(c) in NAMES["folder"]
        or rows[c].dropna().head(N_SAMPLED).str.strip("/\\ ").isin(folders).mean() > MIN_SHARED
    ]
    best: tuple[dict[str, str], float] | None = None
    for folder in folder_columns:
        for name in dict.fromkeys([*preferred, *rows.columns]):
            if name == folder:
                continue
            sample = rows[[folder, name]].dropna().head(N_SAMPLED)
            cells = join_columns(sample[folder], sample[name])
            n_found = tables.find_files(cells)["path"].notna().sum() if len(cells) else 0
            if n_found and (best is None or n_found / len(cells) > best[1]):
                best = {"folder": folder, "path": name}, n_found / len(cells)
    return best


def _choose(naming: Sequence[_Naming]) -> list[_Naming]:
    """Return the tables to stack: the best, those of other images, and those that say more."""
    first, *rest = _unite_findings(naming)
    chosen, files = [first], set(first.files)
    divided = set(first.files if first.table.subset else ())  # their subset is that of a table
    roles = set(first.table.columns) | ({"label"} if first.has_labels else set())
    for other in rest:
        other = _without_doubtful_labels(first, _as_alike(first, other))
        new = other.files - files
        says_subset = bool(other.table.subset) or "split" in other.table.columns
        is_same_list = _is_alike(first, other) and bool(first.table.subset and other.table.subset)
        if len(new) > MIN_SHARED * len(other.files) or is_same_list:
            if other.has_labels or not first.has_labels or says_subset:
                chosen.append(other)
                files |= new
                divided |= other.files if other.table.subset else set()
            continue
        more = {r: c for r, c in other.table.columns.items() if r in USEFUL and r not in roles}
        keep_findings = other.table.findings if "label" not in roles else ()
        divides = bool(other.table.subset) and "split" not in roles and bool(other.files - divided)
        if not more and not keep_findings and not divides:
            continue
        place = {r: c for r, c in other.table.columns.items() if r in ("path", "folder")}
        columns = {role: column for role, column in (place | more).items()}
        table = replace(other.table, columns=columns, findings=keep_findings)
        chosen.append(replace(other, table=table))
        roles |= set(more)
        divided |= other.files if other.table.subset else set()
    if not any(other.table.subset for other in chosen[1:]) and len(chosen) == 1:
        # A table alone is of everything, whatever its name: train.csv beside one folder of images.
        chosen[0] = replace(first, table=replace(first.table, subset=""))
    return chosen


def _as_alike(first: _Naming, other: _Naming) -> _Naming:
    """Return a table mapped as another one with the same columns is.

    Its few rows may not tell by themselves what is a label.
    """
    if not _is_alike(first, other):
        return other
    same = replace(first.table, file=other.table.file, subset=other.table.subset)
    return replace(other, table=same)


def _is_alike(first: _Naming, other: _Naming) -> bool:
    """Whether two tables have the same columns and name images by the same."""
    alike = list(other.rows.columns) == list(first.rows.columns)
    return alike and other.table.columns.get("path") == first.table.columns["path"]


def _unite_findings(naming: Sequence[_Naming]) -> list[_Naming]:
    """Give tables of the same columns the same findings: a few rows may lack one of them."""
    first, *rest = naming
    alike = [first, *(other for other in rest if _is_alike(first, other))]
    findings = {name for each in alike for name in each.table.findings}
    if not first.table.findings:
        return list(naming)
    ordered = tuple(column for column in first.rows.columns if column in findings)
    return [replace(first, table=replace(first.table, findings=ordered)), *rest]


def _without_doubtful_labels(first: _Naming, other: _Naming) -> _Naming:
    """Return a table without what only seems to be a label, where another's column is called so."""
    doubtful = first.says_labels and not (other.says_labels and not other.table.findings)
    if not doubtful or _is_alike(first, other) or first.table.findings:
        return other
    columns = {role: column for role, column in other.table.columns.items() if role != "label"}
    return replace(other, table=replace(other.table, columns=columns, findings=()))


def _join(
    chosen: Sequence[_Naming], others: dict[str, pd.DataFrame]
) -> list[tuple[MappedTable, pd.DataFrame]]:
    """Return tables without image files that say more of the same ids."""
    roles = {role for each in chosen for role in each.table.columns}
    labelled = any(each.has_labels for each in chosen)
    joined: list[tuple[MappedTable, pd.DataFrame]] = []
    for file, rows in others.items():
        pair = _find_key(chosen[0].rows, rows)
        if pair is None:
            continue
        on, of = pair
        columns = guess_columns(rows, [on])
        label, findings, _ = guess_labels(rows, [on, *columns.values()])
        if label:
            columns["label"] = label
        more = {r: c for r, c in columns.items() if r in USEFUL and r not in roles}
        if labelled:
            more.pop("label", None)
            findings = ()
        if not more and not findings:
            continue
        table = MappedTable(file, more, findings, on=on, of="" if of == on else of)
        joined.append((table, rows))
        roles |= more.keys()
        labelled = labelled or "label" in more or bool(findings)
    return joined


def _find_key(own: pd.DataFrame, other: pd.DataFrame) -> tuple[str, str] | None:
    """Return (column of `other`, column of `own`) with the most different ids in common."""
    by_name = {plain(column): column for column in other.columns}
    best, most = None, 0
    for column in own.columns:
        if plain(column) not in by_name or not any(w in plain(column) for w in KEY_WORDS):
            continue
        its = column if column in other.columns else by_name[plain(column)]
        ours, _ = unify_numbers(own[column].dropna())
        theirs, _ = unify_numbers(other[its].dropna())
        ids = set(ours.str.casefold())
        shared = ids & set(theirs.str.casefold())
        if len(shared) > most and len(shared) >= MIN_SHARED * len(ids):
            best, most = (its, column), len(shared)
    return best


def _finish(mapped: Sequence[MappedTable], rows_of: dict[str, pd.DataFrame]) -> FolderMapping:
    """Return the mapping, with what its cells say of separators and boxes."""
    separator, order, unit = "", CORNER_SIZE, PX
    for table in mapped:
        rows = rows_of[table.file]
        if "label" in table.columns and not separator:
            separator = guess_separator(rows[table.columns["label"]].dropna())
        if "box" in table.columns:
            column = table.columns["box"]
            order = guess_box_order(column, rows[column]) or CORNER_SIZE
        if are_fractions(rows, table.columns):
            unit = FRACTIONS
    return FolderMapping(tables=tuple(mapped), separator=separator, box_unit=unit, box_order=order)


def _subset_of(file: str) -> str:
    """Return the subset that the name of a table, or of its folder, says; "" if none."""
    folder, name = posixpath.split(posixpath.splitext(file)[0])
    names = [name, posixpath.basename(folder)]
    words = [word for word in split_words(name) if word not in ("labels", "label", "list", "csv")]
    names.append(" ".join(words))
    return next((subset for text in names if (subset := parse_subset(text))), "")


def _all_files(chosen: Sequence[_Naming]) -> frozenset[str]:
    return frozenset().union(*(each.files for each in chosen))
