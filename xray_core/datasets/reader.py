"""What X-ray Lab knows of one kind of dataset: how to recognise and read its folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xray_core.catalog import Catalog, Remark

N_EXAMPLES = 5


@dataclass(frozen=True)
class Reader:
    """One entry of `xray_core.datasets.READERS`; the texts are shown as they are.

    Attributes:
        title: the dataset's name, for a person.
        expects: the files that make the folder recognisable, in one phrase.
        find_root: folder -> the folder that directly holds the dataset, which may lie a
            level or two deeper; None if the folder holds something else. Must be cheap.
        read: folder -> catalog; raises DatasetError. Sizes are measured later.
        citation: what to cite.
        licence: the terms of the data, in one phrase.
    """

    title: str
    expects: str
    find_root: Callable[[Path], Path | None]
    read: Callable[[Path], Catalog]
    citation: str
    licence: str


def count_remark(kind: str, names: Sequence[str], what: str) -> Remark:
    """Return a remark on `names`, whose message is "<what>: <how many>."."""
    return Remark(kind, len(names), f"{what}: {len(names):,}.", tuple(names[:N_EXAMPLES]))
