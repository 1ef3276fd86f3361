"""Names of findings as a catalog can hold them, where columns or folders name them.

There a bar separates findings, and `image_id` is a column of `Catalog.finding_states`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from xray_core.catalog import STATES_KEY, Remark
from xray_core.datasets.folder.names import unify_spelling
from xray_core.tables.cells import SEPARATOR

INSTEAD = "/"  # of a bar
ADDED = " (finding)"  # behind a name that the catalog has for something else, or that is taken


def replace_bars(name: str) -> str:
    """Return the name of a class without the sign that separates several."""
    return name.replace(SEPARATOR, INSTEAD)


def name_columns_of_findings(names: Sequence[str]) -> tuple[list[str], list[Remark]]:
    """Return what each column of a finding is called in a catalog, all different, and remarks.

    >>> name_columns_of_findings(["a|b", "a/b", "image_id"])[0]
    ['a/b (finding)', 'a/b', 'image_id (finding)']

    Args:
        names: those of the columns, each once.
    """
    taken = {STATES_KEY, *(name for name in names if SEPARATOR not in name)}
    called: list[str] = []
    for name in names:
        new = replace_bars(name)
        while new == STATES_KEY or (new != name and new in taken):
            new += ADDED
        taken.add(new)
        called.append(new)
    pairs = zip(names, called, strict=True)
    changed = {name: new for name, new in pairs if new != name}
    return called, [renamed_remark(changed), _alike_remark(called)]


def renamed_remark(changed: Mapping[str, str]) -> Remark:
    """Return a remark on findings that are called otherwise here: name as given -> as kept."""
    names = tuple(f"{name!r} as {new!r}" for name, new in changed.items())
    return Remark(
        "renamed_finding",
        len(names),
        f"Findings that are called otherwise here, as a bar separates findings and {STATES_KEY!r} "
        f"names the image: {len(names):,} ({_list(names)}).",
        names[:5],
        names,
    )


def _alike_remark(names: Iterable[str]) -> Remark:
    """Return a remark on columns whose names differ only as spellings of one finding do."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[unify_spelling(name)].append(name)
    alike = [" and ".join(map(repr, group)) for group in groups.values() if len(group) > 1]
    return Remark(
        "alike_findings",
        len(alike),
        "Findings with several columns whose names differ only in case, blanks or the like, each "
        f"kept as a class of its own: {len(alike):,} ({_list(alike)}).",
        tuple(alike[:5]),
        tuple(alike),
    )


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
