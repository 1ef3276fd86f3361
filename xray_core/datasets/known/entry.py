"""A published dataset of a fixed layout, as data: which tables and file names say what.

Most datasets need no reader of their own. A table names its images, its findings and its patients
in columns that are the same in every copy; or the names of the files do. Such a dataset is one
`KnownDataset`, and `reading.build_reader` makes a reader of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from xray_core.catalog import Remark
from xray_core.datasets.folder.files import FolderFiles
from xray_core.datasets.folder.mapping import CORNER_SIZE, PX, ROLES, UNKNOWN
from xray_core.datasets.inventory import Inventory

NAMES = "the names of the files"  # what stands for a table where there is none that names images


@dataclass(frozen=True)
class KnownTable:
    """One table of a published dataset.

    Attributes:
        name: the file as published.
        file: a regular expression for all of its name, whatever the case, where releases and copies
            call it otherwise, too; "" where they do not.
        places: the folders that it may lie in, relative to the dataset folder.
        columns: role -> column, as in `mapping.MappedTable`; a file that lacks one of them is
            another table, and its folder another dataset.
        maybe: role -> column, where only some copies have it.
        added: role -> column, of those that `KnownDataset.prepare` adds.
        findings: columns of 1, 0, perhaps -1, one for each finding; all of them must be there.
        added_findings: such columns that `KnownDataset.prepare` adds.
        needs: further columns that must be there, by which the table is recognised.
        on: its column by which it is joined to the table that names the images. A table with both
            `on` and a column of images names them if no earlier one does.
        of: the column of that table; "" for one of the same name.
        subset: what all its images belong to, of `mapping.SUBSETS`; "" if it says nothing.
        images: the folder that its paths are relative to.
        first_line: of a table without a header, a regular expression for the start of its first
            line; its columns are "Column 1", "Column 2" and so on.
        kind: tables of one kind are alternatives, of which the first that is there counts.
        is_extra: whether a file of its name with other columns is passed over.
        gives: what is unknown without any of its kind, in a few words for a remark; "" for a table
            that nobody misses.
    """

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    places: tuple[str, ...] = ("",)
    maybe: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    added_findings: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    on: str = ""
    of: str = ""
    subset: str = ""
    images: str = ""
    first_line: str = ""
    kind: str = ""
    is_extra: bool = False
    gives: str = ""

    def __post_init__(self) -> None:
        unknown = [role for role in self.roles if role not in ROLES]
        assert not unknown, unknown

    @property
    def pattern(self) -> str:
        """The regular expression for its name."""
        return self.file or re.escape(self.name)

    @property
    def roles(self) -> dict[str, str]:
        """Role -> column, of all columns."""
        return {**self.columns, **self.maybe, **self.added}

    @property
    def header(self) -> tuple[str, ...]:
        """The columns that must be there."""
        return tuple(dict.fromkeys((*self.columns.values(), *self.needs, *self.findings)))


@dataclass(frozen=True)
class Prepared:
    """What `KnownDataset.prepare` makes of a table: its rows, perhaps changed, and remarks.

    Attributes:
        tables: those that `KnownDataset.beside` read, which lie beside the images.
    """

    rows: pd.DataFrame
    remarks: tuple[Remark, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnownDataset:
    """A published dataset of a fixed layout; the texts are those of `reader.Reader`.

    Attributes:
        name: of its reader, as in `READERS`.
        tables: its tables; of those that are there, the first with images names the images.
        images: a regular expression for the paths of its image files, searched in them, whatever
            the case; files that do not fit are not of this dataset. Its groups are called by the
            roles that they give (patient, study, label, split, view_position, site, ...) and fill
            what no table says. "" where any file may be an image.
        claimed: the same for files that are known, but no images of it, such as masks.
        masks: what its mask files surround; "" for the lungs, or where it has none.
        unmarked: labels of images on which nothing can be marked: files of masks of them are black,
            and left out.
        annotated: whether boxes lie in annotation files beside the images (COCO and the like).
        folders: the folders, relative to the root, one of which holds images, by which a dataset
            without tables is recognised; "" is the root itself.
        locate: folder that holds such tables or names -> the one that directly holds the dataset,
            None if it is another; where tables and names do not suffice.
        labels: label as it is written -> what it is called; others are no labels, and counted.
            Empty: labels are as they are written.
        separator, uncertain, blank, box_unit, box_order: as in `mapping.FolderMapping`.
        original: whether boxes are in px of the DICOM originals, so that a copy in another format
            has boxes only where a table gives the originals' sizes.
        prepare: (table, rows) -> what only this dataset needs to have done to the cells, such as
            an age from two dates. It drops no row.
        find_copies: inventory -> a remark that names the images and masks that repeat others; they
            are not read.
        beside: of a dataset whose images no table names: (files, rows) -> the rows, of which `path`
            is the image, with what files beside the images say of them.
        beside_roles: the columns that `beside` gives, called by their roles.
    """

    name: str
    title: str
    expects: str
    about: str
    known_issues: tuple[str, ...]
    address: str
    citation: str
    licence: str
    kaggle: str = ""
    not_on_kaggle: str = ""
    tables: tuple[KnownTable, ...] = ()
    images: str = ""
    claimed: str = ""
    masks: str = ""
    unmarked: tuple[str, ...] = ()
    annotated: bool = False
    folders: tuple[str, ...] = ()
    locate: Callable[[Path], Path | None] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""
    uncertain: str = UNKNOWN
    blank: str = UNKNOWN
    box_unit: str = PX
    box_order: str = CORNER_SIZE
    original: bool = False
    prepare: Callable[[KnownTable, pd.DataFrame], Prepared] | None = None
    find_copies: Callable[[Inventory], Remark] | None = None
    beside: Callable[[FolderFiles, pd.DataFrame], Prepared] | None = None
    beside_roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        groups = re.compile(self.images).groupindex
        unknown = [role for role in (*groups, *self.beside_roles) if role not in ROLES]
        assert not unknown, unknown
        assert bool(self.tables) != bool(self.folders), self.name

    @property
    def roles_in_names(self) -> tuple[str, ...]:
        """The roles that the names of files give."""
        return tuple(re.compile(self.images).groupindex)
