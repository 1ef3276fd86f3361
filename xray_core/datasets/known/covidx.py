"""COVIDx of COVID-Net: lists without header of patient, file, class and source.

    train.txt, test.txt, val.txt                the releases on Kaggle: positive and negative
    train_split_v3.txt, test_split_v3.txt       the first versions: as A, without a source
    train_COVIDx9A.txt, test_COVIDx9A.txt       A: normal, pneumonia, COVID-19; B: as above
    train/*.png, test/*.jpg, …

    3 SARS-10.1148rg.242035193-g04mr34g0-Fig8a-day0.jpeg pneumonia cohen
    419639-003251 MIDRC-RICORD-1C-419639-003251-46647-0.png positive ricord

Lists up to COVIDx3 name no source.

Verified: the lists in COVID-Net's repository, labels/, and its docs/COVIDx.md.
"""

import pandas as pd

from xray_core.datasets.known.entry import KnownDataset, KnownTable, Prepared

# As the lists write them, "rnsa" among them.
SOURCES = "cohen|fig1|actmed|sirm|rsna|rnsa|ricord|bimcv"
LINE = r"\S.* \S.*\.(png|jpe?g) (positive|negative|normal|pneumonia|COVID-19)"
LABELS = ("positive", "negative", "normal", "pneumonia", "COVID-19")
COLUMNS = {"patient": "Column 1", "path": "Column 2", "label": "Column 3"}
FOLDERS = {"train": "training", "test": "test", "val": "validation"}


def _list_tables(name: str, subset: str) -> tuple[KnownTable, KnownTable]:
    """Return the lists of a subset; where several are there, the first counts."""
    plain = KnownTable(
        f"{name}.txt",
        COLUMNS,
        maybe={"site": "Column 4"},
        subset=subset,
        images=name,
        first_line=rf"(?i){LINE} ({SOURCES})$",
        kind=name,
    )
    versions = KnownTable(
        f"{name}_COVIDx9A.txt",
        COLUMNS,
        file=rf"{name}_(COVIDx(_?CXR-?)?\d*[AB]?|split(_v\d+)?)\.txt",
        maybe={"site": "Column 4"},
        subset=subset,
        images=name,
        first_line=rf"(?i){LINE}( ({SOURCES}))?$",
        kind=name,
    )
    return plain, versions


def _join_names(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Put together the names of files that hold blanks: all in front of the class."""
    columns = [name for name in rows.columns if str(name).startswith("Column ")]
    classes = {label.casefold() for label in LABELS}
    third = rows["Column 3"].str.casefold()
    for row in rows.index[third.notna() & ~third.isin(classes)]:
        cells = [str(cell) for cell in rows.loc[row, columns].dropna()]
        ends = [i for i, cell in enumerate(cells) if i > 2 and cell.casefold() in classes]
        if ends:
            said = [" ".join(cells[1 : ends[-1]]), *cells[ends[-1] : ends[-1] + 2]]
            rows.loc[row, [f"Column {number}" for number in range(2, 2 + len(said))]] = said
    return Prepared(rows)


COVIDX = KnownDataset(
    name="covidx",
    title="COVIDx",
    expects="train.txt, train_COVIDx*.txt or train_split*.txt, test likewise, and their folders",
    about=(
        "About 30,000 radiographs (COVIDx CXR-3; 84,818 in CXR-4) that COVID-Net put together "
        "from eight public collections, with or without COVID-19."
    ),
    known_issues=(
        "The class goes with the collection: those called ricord, bimcv and sirm are all of "
        "COVID-19, and rsna has none. A network may learn the source.",
        "Negative means without COVID-19, not healthy: it includes other pneumonias.",
        "The test sets differ between versions: results on them cannot be compared.",
        "COVID-19 Radiography, RSNA and NIH ChestX-ray14 share images with it: training on one "
        "and testing on another would leak.",
    ),
    address="https://github.com/lindawangg/COVID-Net/blob/master/docs/COVIDx.md",
    citation="Wang, Lin and Wong, Scientific Reports 10 (2020), doi:10.1038/s41598-020-76550-z",
    licence="that of each collection",
    kaggle="andyczhao/covidx-cxr2",
    labels={label: label for label in LABELS},
    prepare=_join_names,
    tables=tuple(table for name, subset in FOLDERS.items() for table in _list_tables(name, subset)),
)
