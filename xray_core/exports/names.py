"""Names of files that every system can write, and of which no two are one anywhere."""

import unicodedata
from collections.abc import Iterable

LONGEST = 100  # bytes of a name without its suffix; the common systems can write 255


def safe_name(text: str) -> str:
    """Return `text` as a part of a file's name: letters, digits, - and . alone.

    >>> safe_name("Pleural effusion|mass"), safe_name("train/IM-0115.v2"), safe_name("../")
    ('Pleural_effusion_mass', 'train_IM-0115.v2', 'unnamed')
    """
    plain = unicodedata.normalize("NFC", text)
    signs = "".join(sign if sign.isalnum() or sign in "-." else "_" for sign in plain)
    while "__" in signs:
        signs = signs.replace("__", "_")
    return _cut(signs).strip("._-") or "unnamed"


def unique_names(names: Iterable[str]) -> list[str]:
    """Return names, numbered where an earlier one is the same but for upper and lower case.

    >>> unique_names(["a", "A", "a", "b"])
    ['a', 'A-2', 'a-3', 'b']
    """
    taken: set[str] = set()
    unique = []
    for name in names:
        number, wanted = 1, name
        while wanted.casefold() in taken:
            number += 1
            wanted = f"{name}-{number}"
        taken.add(wanted.casefold())
        unique.append(wanted)
    return unique


def _cut(text: str) -> str:
    """Return `text`, or what of its beginning takes `LONGEST` bytes."""
    return text.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")
